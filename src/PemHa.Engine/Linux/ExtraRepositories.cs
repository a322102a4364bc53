using System.Text.RegularExpressions;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Linux;

/// <summary>
/// CRB is enabled and EPEL is there (P2), under the names that the host's repositories have for them (B7).
/// </summary>
sealed partial class ExtraRepositories : Resource
{
    /// <summary>
    /// The names of CRB, and of the package that provides EPEL, in the RHEL family: <c>{v}</c> is the major version,
    /// <c>{m}</c> the machine.
    /// </summary>
    /// <param name="Ids">The IDs of os-release that have these names.</param>
    /// <param name="Versions">The major versions.</param>
    /// <param name="Crb">Ids of the repository; the first one that the host lists counts.</param>
    /// <param name="Epel">A package, or the address of one.</param>
    sealed record Row(string Ids, string Versions, string[] Crb, string Epel)
    {
        /// <summary>The ids of EPEL, as a pattern, where the package may bring them disabled.</summary>
        public string? EpelIds { get; init; }
    }

    static readonly Row[] Table =
    [
        new("rhel", "8 9 10",
            [
                // On premises; AWS; Azure; Google; extended update support on premises, and on Azure.
                "codeready-builder-for-rhel-{v}-{m}-rpms",
                "codeready-builder-for-rhel-{v}-rhui-rpms",
                "codeready-builder-for-rhel-{v}-{m}-rhui-rpms",
                "rhui-codeready-builder-for-rhel-{v}-{m}-rhui-rpms",
                "codeready-builder-for-rhel-{v}-{m}-eus-rpms",
                "codeready-builder-for-rhel-{v}-{m}-eus-rhui-rpms",
            ], "https://dl.fedoraproject.org/pub/epel/epel-release-latest-{v}.noarch.rpm"),
        new("ol", "8 9 10", ["ol{v}_codeready_builder"], "oracle-epel-release-el{v}")
        {
            EpelIds = "ol{v}_*developer_EPEL",
        },
        new("rocky almalinux centos", "8", ["powertools"], "epel-release"),
        new("rocky almalinux centos", "9 10", ["crb"], "epel-release"),
    ];

    /// <summary>
    /// The ID of an EPEL repository: from Fedora's package, from Oracle's, or of a local mirror (Satellite), but not of
    /// its testing, source or debug repositories.
    /// </summary>
    [GeneratedRegex("^([A-Za-z0-9]+[_-])*epel([_-][0-9]+)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex IsEpel();

    /// <summary>The names on one host, and what it has of them.</summary>
    /// <param name="Crb">The id of CRB: the one that the host lists, or the one that the distribution would
    /// have.</param>
    /// <param name="CrbListed">Whether the host lists it.</param>
    /// <param name="CrbEnabled">Whether it is enabled.</param>
    /// <param name="Epel">The package that brings EPEL, or its address.</param>
    /// <param name="EpelInstalled">Whether the package is installed or a repository of that name is listed.</param>
    /// <param name="EpelToEnable">The ids of EPEL that are not enabled; null when EPEL is there or still has to be
    /// brought enabled.</param>
    internal sealed record Names(
        string Crb,
        bool CrbListed,
        bool CrbEnabled,
        string Epel,
        bool EpelInstalled,
        string? EpelToEnable)
    {
        /// <summary>Whether EPEL comes from the Internet, by its address.</summary>
        public bool EpelByAddress => Epel.Contains("://", StringComparison.Ordinal);

        public bool EpelThere => EpelInstalled && EpelToEnable is null;
    }

    /// <summary>The names that the host's distribution and repositories have.</summary>
    /// <exception cref="PemException">The facts are not what a host can answer.</exception>
    internal static Names Find(Facts facts)
    {
        var (version, machine) = (facts["version"], facts["machine"]);
        // Both go into commands.
        var isNumber = version.Length > 0 && version.All(char.IsAsciiDigit);
        if (!isNumber || !machine.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            throw new PemException("AnswerUnfit", Trouble.InvalidResult,
                $"What the host tells of its distribution makes no sense: version '{version}', machine '{machine}'.",
                "Look at /etc/os-release there, and at what uname -m prints.");

        string Fill(string text) => text
            .Replace("{v}", version, StringComparison.Ordinal)
            .Replace("{m}", machine, StringComparison.Ordinal);

        var listed = Listed(facts);
        bool Lists(Row row) => row.Crb.Any(c => listed.ContainsKey(Fill(c)));
        bool IsOfHost(Row row) =>
            row.Ids.Split(' ').Contains(facts["id"]) && row.Versions.Split(' ').Contains(version);
        var row = Table.FirstOrDefault(IsOfHost) ?? Table.FirstOrDefault(Lists) ?? Table[^1];

        // A mirror may go by the names of another version: what the host lists counts for more than what its
        // distribution would have.
        var crb = Lists(row) ? row.Crb : Table.FirstOrDefault(Lists)?.Crb ?? row.Crb;
        var known = crb.Select(Fill).Where(listed.ContainsKey).ToList();
        var enabled = known.FirstOrDefault(c => listed[c]);

        var epel = listed.Where(r => IsEpel().IsMatch(r.Key)).ToList();
        var installed = facts.Is("epel.installed") || epel.Count > 0;
        string? toEnable = null;
        if (epel.Count > 0 && !epel.Any(r => r.Value))
            toEnable = string.Join(' ', epel.Select(r => r.Key).Order(StringComparer.Ordinal));
        else if (!installed && row.EpelIds is { } ids)
            toEnable = Fill(ids);

        return new Names(
            Crb: enabled ?? known.FirstOrDefault() ?? Fill(crb[0]),
            CrbListed: known.Count > 0,
            CrbEnabled: enabled is not null,
            Epel: Fill(row.Epel),
            EpelInstalled: installed,
            EpelToEnable: toEnable);
    }

    /// <summary>The repositories of the host, and whether each is enabled.</summary>
    internal static IReadOnlyDictionary<string, bool> Listed(Facts facts)
    {
        var listed = new SortedDictionary<string, bool>(StringComparer.Ordinal);
        var lines = facts["repositories"].Split('\n').Select(l => l.Split(' ')).Where(l => l.Length == 2);
        foreach (var line in lines) listed[line[0]] = line[1] == "enabled";
        return listed;
    }

    public override string Name => "repositories CRB and EPEL";

    // Only dnf can list all repositories, because plug-ins and variables define some of them. With -C it does not
    // contact a server, and keeps the mark of a cache that was declared expired.
    public override string Probe => """
        . /etc/os-release; fact id "$ID"; fact version "${VERSION_ID%%.*}"; fact machine "$(uname -m)"
        for p in epel-release "oracle-epel-release-el${VERSION_ID%%.*}"; do
            rpm -q --quiet "$p" && fact epel.installed 1
        done
        fact64 repositories <<E
        $({ timeout 60 dnf -Cq repolist --all 2>/dev/null ||
            awk '/^\[/ { id = substr($0, 2, index($0, "]") - 2); on[id] = "enabled" }
                id != "" && /^enabled *= *(0|false|False|no) *$/ { on[id] = "disabled" }
                END { for (i in on) print i, on[i] }' /etc/yum.repos.d/*.repo; } |
            awk '$NF == "enabled" || $NF == "disabled" { sub(/^[!*]/, "", $1); print $1, $NF }')
        E
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        var names = Find(facts);
        var commands = new List<string>();
        if (!names.CrbEnabled) commands.Add(Enable(names.Crb, ofRedHat: facts["id"] == "rhel"));
        if (!names.EpelInstalled) commands.Add($"dnf -qy install {Sh.Quote(names.Epel)}");
        if (names.EpelToEnable is { } ids) commands.AddRange(ids.Split(' ').Select(id => Enable(id, ofRedHat: false)));
        var text = string.Join('\n', commands);
        return commands.Count == 0 ? null : new Change("enable", text, text);
    }

    /// <summary>
    /// On a registered host, subscription-manager generates redhat.repo and would overwrite a change by dnf. Cloud
    /// images (RHUI) have their own repository files, which dnf may change.
    /// </summary>
    static string Enable(string id, bool ofRedHat) => ofRedHat && !id.Contains("rhui", StringComparison.Ordinal)
        ? $"subscription-manager repos --enable {Sh.Quote(id)}" : $"dnf -q config-manager --set-enabled {Sh.Quote(id)}";
}
