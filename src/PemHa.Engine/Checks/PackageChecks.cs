using PemHa.Engine.Linux;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Checks;

/// <summary>Where the software comes from (T1, P2, P3, P32). What is installed already needs no repository.</summary>
static class PackageChecks
{
    public static IEnumerable<Check> All(PemCluster cluster) =>
    [
        new("packages", ["T1", "P3", "P32"], host => Probe(cluster, host), (host, sights) => JudgePackages(cluster, host, sights[host])),
        new("CRB and EPEL", ["P2"], host => Probe(cluster, host),
            (host, sights) => Check.Of(new ExtraRepositories(), sights[host]) ?? JudgeExtras(sights[host])),
        new("Java", ["T1"], host => Probe(cluster, host), (host, sights) => JudgeJava(cluster, sights[host])),
    ];

    /// <summary>EDB's own, which come with a subscription.</summary>
    static string[] Vendor(PemCluster cluster, PemHost host) => host.Role == PemRole.Witness ? [cluster.EfmPackage]
        : [cluster.ServerPackage, .. cluster.SslModel == PemSslModel.SslUtils ? new[] { cluster.ServerPackage + "-sslutils" } : [], cluster.EfmPackage, "edb-pem"];

    // One question to dnf for all that is missing. It may refresh its own cache of what the repositories hold, as any question does.
    static string Probe(PemCluster cluster, PemHost host) => $$"""
        {{new ExtraRepositories().Probe}}
        M=; for p in {{Sh.Join(Vendor(cluster, host))}}; do rpm -q --quiet "$p" || M="$M $p"; done
        {{new JavaRuntime(cluster).Probe}}
        [ "${J:-{{JavaRuntime.Oldest}}}" -ge {{JavaRuntime.Oldest}} ] ||
            M="$M {{string.Join(' ', new JavaRuntime(cluster).Packages)}}"
        # RHEL has EPEL by its address
        case "$ID" in rhel) ;; ol) E=oracle-epel-release-el${VERSION_ID%%.*} ;; *) E=epel-release ;; esac
        [ -z "${E-}" ] || rpm -q --quiet "$E" || M="$M $E"
        fact missing "$M"
        [ -n "$M" ] || exit 0
        timeout 180 dnf -q repoquery --qf '%{name}\n' $M > "$T/available" 2>"$T/dnf" || fact refused 1
        sort -u "$T/available" | fact64 available; fact64 said < "$T/dnf"
        """;

    static HashSet<string> Words(string text) => [.. text.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)];

    internal static Verdict JudgePackages(PemCluster cluster, PemHost host, Facts facts)
    {
        var wanted = Vendor(cluster, host);
        var missing = wanted.Intersect(Words(facts["missing"])).ToList();
        if (missing.Count == 0) return Verdict.Passed($"{string.Join(", ", wanted)} are installed.");
        var absent = missing.Except(Words(facts["available"])).ToList();
        if (absent.Count == 0 && !facts.Is("refused")) return Verdict.Passed($"{string.Join(", ", missing)} can be installed.");

        var repositories = ExtraRepositories.Listed(facts)
            .Where(r => r.Key.Contains("enterprisedb", StringComparison.OrdinalIgnoreCase))
            .ToList();
        var what = string.Join(", ", absent.Count > 0 ? absent : missing);
        if (repositories.Count == 0)
            return Verdict.Failed($"No repository of EDB's is set up, so {what} cannot be installed.",
                "Set up EDB's repository with your subscription's token (https://www.enterprisedb.com/repos), which the page takes for granted (T1).");
        if (repositories.All(r => !r.Value))
            return Verdict.Failed(
                $"EDB's repository is off, so {what} cannot be installed.",
                $"dnf config-manager --set-enabled {repositories[0].Key}");
        if (facts.Is("refused"))
            return Verdict.Failed($"dnf cannot ask the repositories: {facts["said"].Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "no answer in time"}",
                "Look at `dnf repolist -v`: the network, the proxy, or a subscription's token that is not valid any more.");

        var enabled = string.Join(", ", repositories.Where(r => r.Value).Select(r => r.Key));
        return Verdict.Failed(
            $"{enabled} does not hold {what}.",
            "Give versions that it holds (New-PemCluster -PostgresVersion, -EfmVersion), or see what your subscription covers.");
    }

    internal static Verdict JudgeExtras(Facts facts)
    {
        var names = ExtraRepositories.Find(facts);
        var asked = !names.EpelInstalled && !names.EpelByAddress && !facts.Is("refused");
        var missing = new List<string>();
        if (!names.CrbListed) missing.Add($"CRB ({names.Crb})");
        if (asked && !Words(facts["available"]).Contains(names.Epel)) missing.Add($"EPEL ({names.Epel})");
        if (missing.Count > 0)
            return Verdict.Failed(
                $"This host has no repository {string.Join(" and ", missing)}, which contains packages that PEM needs.",
                names.EpelByAddress
                    ? "Register the host (subscription-manager register), or add the repositories."
                    : "Add the distribution's own repositories back (dnf repolist --all).");

        if (names.CrbEnabled && names.EpelThere) return Verdict.Passed("Both are there.");

        var fetched = !names.EpelInstalled && names.EpelByAddress;
        var origin = fetched ? "; EPEL is fetched from dl.fedoraproject.org" : "";
        return Verdict.Passed($"Install-PemEpas enables them{origin}.");
    }

    internal static Verdict JudgeJava(PemCluster cluster, Facts facts)
    {
        var version = facts["java"];
        if (!JavaRuntime.IsMissing(facts))
        {
            if (version.Length > 0) return Verdict.Passed($"Java {version} is there.");

            return Verdict.Warning(
                "There is a java that does not report its version.",
                $"Run `java -version` there: EFM needs Java {JavaRuntime.Oldest} or newer.");
        }

        var (java, offered) = (new JavaRuntime(cluster), Words(facts["available"]));
        var found = version == "0" ? "There is no Java" : $"Java is {version}, too old";
        if (java.Packages.Any(offered.Contains))
            return Verdict.Passed($"{found}; Install-PemEpas installs {java.Choose(offered)}.");

        return Verdict.Failed(
            $"{found} for EFM, and no repository holds {string.Join(", ", java.Packages)}.",
            $"Install a Java of version {JavaRuntime.Oldest} or newer.");
    }
}
