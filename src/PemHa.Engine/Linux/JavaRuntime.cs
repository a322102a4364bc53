using System.Globalization;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Linux;

/// <summary>
/// The Java that EFM runs on: any of version 11 or newer, which EFM's package does not require (T1, G60). Where there
/// is none the host's repositories decide, since RHEL 10 has no 17 (V8, B7). The distributions' packages require
/// tzdata-java themselves.
/// </summary>
/// <param name="cluster">The cluster, for its version of EFM.</param>
sealed class JavaRuntime(PemCluster cluster)
{
    /// <summary>The oldest version that EFM accepts.</summary>
    public const int Oldest = 11;

    /// <summary>
    /// The first EFM for RHEL 10, which has no Java older than 21. An earlier one prefers 17, which it is known to run
    /// on.
    /// </summary>
    static readonly Version RunsOnNewest = new(5, 3);

    /// <summary>Packages, the preferred one first.</summary>
    public IReadOnlyList<string> Packages { get; } =
    [
        .. (cluster.EfmVersion < RunsOnNewest ? new[] { 17, 21, 11 } : [21, 17, 11])
            .Select(v => string.Create(CultureInfo.InvariantCulture, $"java-{v}-openjdk-headless")),
    ];

    /// <summary>
    /// Reports the version of <c>java</c>, and whether one has to be installed. One that reports no version is left
    /// alone.
    /// </summary>
    public string Probe => $$"""
        J=$(command -v java) &&
            J=$(timeout 20 java -version 2>&1 | sed -n 's/.*version "\([^"]*\)".*/\1/p' | head -n 1) || J=0
        fact java "$J"
        # before Java 9 the second number counts
        J=${J#1.}; J=${J%%[!0-9]*}
        [ "${J:-{{Oldest}}}" -ge {{Oldest}} ] || fact java.missing "{{string.Join(' ', Packages)}}"
        """;

    /// <summary>
    /// The same, and which packages the repositories offer; they are asked only when one has to be installed.
    /// </summary>
    public string ProbeWithOffers => $$"""
        {{Probe}}
        [ "${J:-{{Oldest}}}" -ge {{Oldest}} ] || fact java.offered "$(
            timeout 180 dnf -q repoquery --qf '%{name}\n' {{Sh.Join([.. Packages])}} 2>/dev/null | sort -u | tr '\n' ' '
        )"
        """;

    /// <summary>Whether one has to be installed.</summary>
    public static bool IsMissing(Facts facts) => facts.Has("java.missing");

    /// <summary>
    /// The package to install: the preferred one of those that are offered, or the first where none is, for dnf to
    /// report.
    /// </summary>
    public string Choose(IEnumerable<string> offered) => Packages.FirstOrDefault(offered.Contains) ?? Packages[0];

    /// <summary>The package to install; null when there is a Java that will do.</summary>
    public string? Missing(Facts facts) => IsMissing(facts) ? Choose(facts["java.offered"].Split(' ')) : null;
}
