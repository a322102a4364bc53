using System.Globalization;
using PemHa.Engine.Linux;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Checks;

/// <summary>Where the software comes from (T1, P2, P3, P32). What is installed already needs no repository.</summary>
static class PackageChecks
{
    const string Java = "java-17-openjdk-headless";
    const int OldestJava = 11;

    public static IEnumerable<Check> All(PemCluster cluster) =>
    [
        new("packages", ["T1", "P3", "P32"], host => Probe(cluster, host), (host, sights) => JudgePackages(cluster, host, sights[host])),
        new("CRB and EPEL", ["P2"], host => Probe(cluster, host), (host, sights) => JudgeExtras(sights[host])),
        new("Java", ["T1"], host => Probe(cluster, host), (host, sights) => JudgeJava(sights[host])),
    ];

    /// <summary>EDB's own, which come with a subscription.</summary>
    static string[] Vendor(PemCluster cluster, PemHost host) => host.Role == PemRole.Witness ? [cluster.EfmPackage]
        : [cluster.ServerPackage, .. cluster.SslModel == PemSslModel.SslUtils ? new[] { cluster.ServerPackage + "-sslutils" } : [], cluster.EfmPackage, "edb-pem"];

    // One question to dnf for all that is missing. It may refresh its own cache of what the repositories hold, as any question does.
    static string Probe(PemCluster cluster, PemHost host) => $$"""
        {{new ExtraRepositories().Probe}}
        grep -hqs -e '^\[crb\]' -e '^\[codeready-builder-for-.*-rpms\]' /etc/yum.repos.d/*.repo && fact crb.known 1
        M=; for p in {{Sh.Join(Vendor(cluster, host))}}; do rpm -q --quiet "$p" || M="$M $p"; done
        command -v java >/dev/null || M="$M {{Java}}"
        fact java "$(timeout 20 java -version 2>&1 | sed -n 's/.*version "\([^"]*\)".*/\1/p' | head -n 1)"
        # RHEL has EPEL by its address
        [ "$ID" = rhel ] || rpm -q --quiet epel-release || M="$M epel-release"
        fact missing "$M"
        fact64 repositories <<E
        $(awk '/^\[/ { id = substr($0, 2, index($0, "]") - 2); on[id] = "on" } id != "" && /^enabled *= *(0|false|False|no) *$/ { on[id] = "off" }
            END { for (i in on) print i, on[i] }' /etc/yum.repos.d/*.repo 2>/dev/null | sort)
        E
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
        var repositories = facts["repositories"].Split('\n').Select(l => l.Split(' ')).Where(w => w.Length == 2 && w[0].Contains("enterprisedb", StringComparison.OrdinalIgnoreCase)).ToList();
        var what = string.Join(", ", absent.Count > 0 ? absent : missing);
        if (repositories.Count == 0)
            return Verdict.Failed($"No repository of EDB's is set up, so {what} cannot be installed.",
                "Set up EDB's repository with your subscription's token (https://www.enterprisedb.com/repos), which the page takes for granted (T1).");
        if (repositories.All(r => r[1] == "off"))
            return Verdict.Failed($"EDB's repository is off, so {what} cannot be installed.", $"dnf config-manager --set-enabled {repositories[0][0]}");
        if (facts.Is("refused"))
            return Verdict.Failed($"dnf cannot ask the repositories: {facts["said"].Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "no answer in time"}",
                "Look at `dnf repolist -v`: the network, the proxy, or a subscription's token that is not valid any more.");
        return Verdict.Failed($"{string.Join(", ", repositories.Where(r => r[1] == "on").Select(r => r[0]))} does not hold {what}.",
            "Give versions that it holds (New-PemCluster -PostgresVersion, -EfmVersion), or see what your subscription covers.");
    }

    internal static Verdict JudgeExtras(Facts facts)
    {
        var missing = new List<string>();
        if (!facts.Is("crb.enabled") && !facts.Is("crb.known")) missing.Add("CRB");
        var url = facts["id"] == "rhel";
        if (!facts.Is("epel.installed") && !url && !facts.Is("refused") && !Words(facts["available"]).Contains("epel-release")) missing.Add("EPEL");
        return missing.Count > 0
            ? Verdict.Failed($"This host knows no repository {string.Join(" and ", missing)}, from which packages of PEM's come.",
                url ? "Register the host (subscription-manager register), or add the repositories." : "Add the distribution's own repositories back (dnf repolist --all).")
            : Verdict.Passed(facts.Is("crb.enabled") && facts.Is("epel.installed") ? "Both are there." : $"Install-PemEpas enables them{(url ? "; EPEL is fetched from dl.fedoraproject.org" : "")}.");
    }

    internal static Verdict JudgeJava(Facts facts)
    {
        var version = facts["java"];
        if (version.Length == 0)
            return !Words(facts["missing"]).Contains(Java) ? Verdict.Warning("There is a java that does not tell its version.", "Run `java -version` there: EFM needs Java 11 or newer.")
                : Words(facts["available"]).Contains(Java) ? Verdict.Passed($"{Java} can be installed.")
                : Verdict.Failed($"There is no Java, which EFM needs, and no repository holds {Java}.", "Install a Java of version 11 or newer.");
        var parts = version.Split('.', '_', '-', '+');
        // Before Java 9 the second number was the one that counts.
        var major = int.TryParse(parts[0] == "1" && parts.Length > 1 ? parts[1] : parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        return major >= OldestJava ? Verdict.Passed($"Java {version} is there.")
            : Verdict.Failed($"Java is {version}; EFM needs {OldestJava} or newer.", $"dnf install {Java}; alternatives --config java");
    }
}
