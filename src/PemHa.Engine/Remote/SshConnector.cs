namespace PemHa.Engine.Remote;

/// <summary>Opens the connections of one Connect-PemHost, which share keys and jump hosts.</summary>
sealed class SshConnector : IDisposable
{
    readonly SshKeys _keys = new();
    readonly Dictionary<string, Task<SshJump>> _jumps = new(StringComparer.Ordinal);

    /// <summary>Opens the connection to a node, over the jump hosts on the way.</summary>
    /// <exception cref="PemException">A machine on the way is unreachable, has an unknown key or refuses the login.</exception>
    public async Task<SshConnection> OpenAsync(SshRoute route, CancellationToken ct)
    {
        var via = route.Jumps.Count == 0 ? null : await JumpAsync(route.Jumps, ct);
        return await SshConnection.OpenAsync(route.Node, _keys, via, ct);
    }

    /// <summary>Lets go of the jump hosts, which stay open for the nodes behind them, and forgets the keys.</summary>
    public void Dispose()
    {
        foreach (var jump in _jumps.Values.Where(j => j.IsCompletedSuccessfully)) jump.Result.Dispose();
        _keys.Dispose();
    }

    Task<SshJump> JumpAsync(IReadOnlyList<SshHop> hops, CancellationToken ct)
    {
        var name = string.Join('\n', hops.Select(h => FormattableString.Invariant($"{h.Label} {h.UserName}@{h.HostName} {h.Port}")));
        lock (_jumps)
        {
            if (!_jumps.TryGetValue(name, out var jump)) _jumps[name] = jump = OpenJumpAsync(hops, ct);
            return jump;
        }
    }

    async Task<SshJump> OpenJumpAsync(IReadOnlyList<SshHop> hops, CancellationToken ct)
    {
        // Off the caller's thread, which holds the lock.
        await Task.Yield();
        var before = hops.Count == 1 ? null : await JumpAsync([.. hops.SkipLast(1)], ct);
        return new SshJump(await SshConnection.OpenAsync(hops[^1], _keys, before, ct));
    }
}
