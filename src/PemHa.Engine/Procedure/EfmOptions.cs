namespace PemHa.Engine.Procedure;

/// <summary>
/// How EFM is set up beyond the page. This is the only place with the defaults: every command that plans the step takes
/// them from here.
/// </summary>
sealed record EfmOptions
{
    /// <summary>Seconds between an idle agent's attempts to monitor its database again after a start (T13).</summary>
    public const int UsualAutoResume = 30;

    /// <summary>Properties that the user gave; they override PemHa's.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether systemd starts the agent before the database (T13).</summary>
    public bool BootOrder { get; init; } = true;

    /// <summary>Whether the kernel of a data node announces an IPv6 virtual IP that it takes (B4).</summary>
    public bool Announces { get; init; } = true;
}
