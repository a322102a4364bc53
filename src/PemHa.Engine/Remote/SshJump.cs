using Renci.SshNet;

namespace PemHa.Engine.Remote;

/// <summary>A connection to a jump host. The nodes behind it share it; it is closed when the last of them lets go.</summary>
sealed class SshJump(SshConnection connection) : IDisposable
{
    readonly object _gate = new();
    int _holders = 1;

    public string Label => connection.Hop.Label;

    /// <summary>The way to the machines behind it, itself included.</summary>
    public IReadOnlyList<SshHop> Hops => [.. connection.Jumps, connection.Hop];

    /// <summary>The jump hosts before this one, for messages.</summary>
    public string Way => connection.Way;

    /// <summary>A way from here through the jump host to another machine; holds the jump host until it is disposed of.</summary>
    public SshTunnel Forward(string host, int port)
    {
        lock (_gate)
        {
            var forwarded = new ForwardedPortLocal(SshTunnel.Address, host, (uint)port);
            connection.Client.AddForwardedPort(forwarded);
            forwarded.Start();
            Interlocked.Increment(ref _holders);
            return new SshTunnel(this, forwarded);
        }
    }

    /// <summary>Closes a way.</summary>
    internal void Close(ForwardedPortLocal forwarded)
    {
        lock (_gate)
        {
            connection.Client.RemoveForwardedPort(forwarded);
            forwarded.Dispose();
        }
        Dispose();
    }

    /// <summary>Lets go.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0) connection.Dispose();
    }
}

/// <summary>A port of this machine that leads through a jump host.</summary>
/// <remarks>It listens on the loopback address alone, and whoever connects meets the other machine's sshd.</remarks>
sealed class SshTunnel : IDisposable
{
    /// <summary>Where it listens.</summary>
    public const string Address = "127.0.0.1";

    readonly ForwardedPortLocal _forwarded;
    int _disposed;

    public SshTunnel(SshJump jump, ForwardedPortLocal forwarded)
    {
        (Jump, _forwarded) = (jump, forwarded);
        // The library keeps one of the pool's threads busy for as long as the tunnel is used; many nodes would leave none for the work.
        Threads(+1);
    }

    /// <summary>The jump host.</summary>
    public SshJump Jump { get; }

    /// <summary>Its number.</summary>
    public int Port => (int)_forwarded.BoundPort;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        Jump.Close(_forwarded);
        Threads(-1);
    }

    static void Threads(int more)
    {
        lock (typeof(SshTunnel))
        {
            ThreadPool.GetMinThreads(out var workers, out var ports);
            ThreadPool.SetMinThreads(workers + more, ports);
        }
    }
}
