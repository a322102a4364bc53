namespace PemHa.Engine.Remote;

/// <summary>
/// Answers probes: a connected host, or the answers of one that a support bundle keeps. Code that only reads needs
/// nothing beyond this interface.
/// </summary>
interface IProbeSession
{
    /// <summary>Masks the session's secrets.</summary>
    Redactor Redactor { get; }

    /// <summary>The user and the route by which the host was reached, for display.</summary>
    string Way { get; }

    /// <summary>Runs a script as root, in one round trip.</summary>
    /// <exception cref="PemException">The host does not respond.</exception>
    Task<IReadOnlyList<FragmentResult>> RunAsync(RemoteScript script, CancellationToken ct);

    /// <summary>How far the host's clock is ahead of this machine's, in seconds.</summary>
    /// <exception cref="PemException">The host does not respond.</exception>
    Task<string> ClockOffsetAsync(CancellationToken ct);
}

/// <summary>The sessions of hosts that are only probed.</summary>
static class ProbeSession
{
    /// <summary>The session of a host that is connected or comes from a bundle.</summary>
    /// <exception cref="PemException">The host is not connected.</exception>
    public static IProbeSession Of(PemHost host) => host.Session as IProbeSession ?? SshSession.Of(host);
}
