using System.Globalization;
using PemHa.Engine.State;

namespace PemHa.Engine.Pem;

/// <summary>
/// The version of the installed PEM. Everything that depends on a version is decided here (X18); null stands for a
/// version that is not known, as in a preview before the package is there, and counts as the newest, which is what dnf
/// will install.
/// </summary>
readonly record struct PemVersion(int Major, int Minor, int Patch) : IComparable<PemVersion>
{
    /// <summary>
    /// V1: the first with the script's options for high availability, and with user settings in Postgres that work
    /// (L11).
    /// </summary>
    static readonly PemVersion HighAvailability = new(10, 4, 0);

    /// <summary>
    /// V3: the first whose page makes the agents' common user a superuser meanwhile (B5), and whose web application's
    /// pool heals (O11).
    /// </summary>
    static readonly PemVersion Healing = new(10, 5, 0);

    /// <summary>A probe for the fact that <see cref="Find"/> reads.</summary>
    public const string Probe = """
        V=$(rpm -q --qf '%{VERSION}\n' edb-pem 2>/dev/null) && fact version "$(printf '%s\n' "$V" | tail -n 1)"
        :
        """;

    /// <summary>The version that a probe found; null when it found none.</summary>
    public static PemVersion? Find(Facts facts) => Parse(facts["version"]);

    /// <summary>Reads a version as rpm tells it; null for anything else.</summary>
    public static PemVersion? Parse(string text)
    {
        var parts = text.Split('.');
        if (parts.Length is < 2 or > 4)
            return null;

        var patch = parts.Length > 2 ? Digits.Whole(parts[2]) : 0;
        return (Digits.Whole(parts[0]), Digits.Whole(parts[1]), patch) is ({ } major, { } minor, { } fix)
            ? new PemVersion(major, minor, fix)
            : null;
    }

    /// <summary>
    /// Whether the agents' common user is made a superuser while the primary is configured (R20, R21, B5).
    /// </summary>
    public static bool WantsSuperUser(PemVersion? version) => version is not { } known || known >= Healing;

    /// <summary>
    /// Whether web application and agents' probes stay broken after a failover until they are restarted (O11).
    /// </summary>
    public static bool StaysBroken(PemVersion? version) => version is { } known && known < Healing;

    /// <summary>
    /// Refuses a PEM that has neither the script's options for high availability nor working user settings (V1, L11).
    /// </summary>
    /// <param name="version">What is installed.</param>
    /// <param name="host">Where.</param>
    public static PemException? Refusal(PemVersion? version, PemHost host) =>
        version is not { } known || known >= HighAvailability ? null
        : new PemException("PemTooOld", Trouble.InvalidOperation,
            $"{host.Name} has edb-pem {known}; high availability and user settings in the backend need "
                + $"{HighAvailability} or newer.",
            "Upgrade PEM as its manual says (the primary first), then run the step again.");

    /// <inheritdoc/>
    public int CompareTo(PemVersion other) => (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));

    public static bool operator <(PemVersion left, PemVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(PemVersion left, PemVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(PemVersion left, PemVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(PemVersion left, PemVersion right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}");
}
