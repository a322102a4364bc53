namespace PemHa.Engine.Remote;

/// <summary>
/// Where probes are answered: by a host, or by what a support bundle keeps of one. Who only looks needs no more than
/// this.
/// </summary>
interface IProbeSession
{
    /// <summary>Masks the session's secrets.</summary>
    Redactor Redactor { get; }

    /// <summary>As whom and over what the host was reached, for a person.</summary>
    string Way { get; }

    /// <summary>Runs a script as root, in one round trip.</summary>
    /// <exception cref="PemException">There is no answer.</exception>
    Task<IReadOnlyList<FragmentResult>> RunAsync(RemoteScript script, CancellationToken ct);

    /// <summary>How far the host's clock is ahead of this machine's, in seconds.</summary>
    /// <exception cref="PemException">There is no answer.</exception>
    Task<string> ClockOffsetAsync(CancellationToken ct);
}

/// <summary>The sessions of hosts that are only looked at.</summary>
static class ProbeSession
{
    /// <summary>The session of a host that is connected, or comes from a bundle.</summary>
    /// <exception cref="PemException">The host is not connected.</exception>
    public static IProbeSession Of(PemHost host) => host.Session as IProbeSession ?? SshSession.Of(host);
}
