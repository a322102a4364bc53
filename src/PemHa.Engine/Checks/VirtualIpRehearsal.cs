using System.Globalization;
using System.Security.Cryptography;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Checks;

/// <summary>
/// Test-PemVirtualIp: each data node in turn takes the virtual IP with EFM's own command, the others ping it, and it is given back (T11; EFM's
/// manual, "Testing the VIP"). Only while no agent runs and nobody has the address.
/// </summary>
/// <remarks>
/// One script on the node takes it, holds it and gives it back, whatever happens to this machine: when a second script says so, when nobody
/// reads its answer any more, when it gets a signal, and at last when its time is up.
/// </remarks>
sealed class VirtualIpRehearsal(PemCluster cluster, IReporter reporter)
{
    const string Step = "Test-PemVirtualIp";

    /// <summary>Seconds in which no answer may be left, and the longest that a node keeps the address.</summary>
    const int Silent = 3, Longest = 30;

    /// <summary>
    /// Seconds in which the others must have got an answer. An IPv6 address answers only after duplicate address
    /// detection, which took 2 to 5 s where it was measured (B4).
    /// </summary>
    int Answered => IsIpv6 ? 16 : 8;

    bool IsIpv6 => cluster.VirtualIp.Contains(':', StringComparison.Ordinal);

    /// <summary>How long a node is waited for.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>EFM's command that takes and gives back addresses.</summary>
    public static string Command(PemCluster cluster) => $"{cluster.EfmCommand}_address";

    /// <summary>Refuses where an agent runs or somebody has the address.</summary>
    /// <exception cref="PemException">That, or a node that cannot be asked.</exception>
    public async Task RequireAsync(CancellationToken ct)
    {
        NodeAddress.Require(cluster, Step);
        try
        {
            var looks = await Task.WhenAll(cluster.Hosts.Select(async host => (Host: host, Facts: await AskAsync(host, $"""
                {VirtualIpSighting.Held(cluster)}
                agent_active && fact agent 1
                {VirtualIpSighting.Answers(host)}
                :
                """, null, ct))));
            var agents = looks.Where(l => l.Facts.Is("agent")).Select(l => l.Host.Name).ToList();
            if (agents.Count > 0)
                throw new PemException("AgentsRunning", Trouble.InvalidOperation, $"EFM runs on {string.Join(", ", agents)}: the address {cluster.VirtualIp} is its agents' now.",
                    $"Rehearse before EFM is started. On a cluster that runs, Get-PemClusterStatus shows where the address is; to rehearse nevertheless, stop every agent first (efm stop-cluster {cluster.Name}).");
            var held = looks.Where(l => l.Facts.Is("held")).Select(l => l.Host.Name).ToList();
            if (held.Count > 0)
                throw new PemException("VirtualIpHeld", Trouble.ResourceBusy, $"{string.Join(", ", held)} holds {cluster.VirtualIp} already; an agent keeps it when it stops (F5).",
                    $"Nobody may be using it. Take it away, then try again: {Command(cluster)} del INTERFACE {cluster.VirtualIp}/PREFIX");
            if (looks.FirstOrDefault(l => l.Facts.Has("taken")) is { Facts: { } facts }) throw VirtualIpSighting.Taken(cluster, facts["taken"]);
        }
        catch (PemException e)
        {
            throw e.At(null, Step);
        }
    }

    /// <summary>The rehearsal on one node, which never keeps the address.</summary>
    /// <exception cref="PemException">It could not be proven that the address is given back: no other node may take it now.</exception>
    public async Task<PemVirtualIpTest> RunAsync(PemHost host, CancellationToken ct)
    {
        // Long enough that nobody guesses it; the file is root's, and gone with the rehearsal.
        var flag = $"/run/pemha-vip-{Convert.ToHexString(RandomNumberGenerator.GetBytes(8))}";
        PemVirtualIpTest Result(PemCheckState state, Facts facts, string why, string remedy = "") => new()
        {
            HostName = host.Name,
            Interface = facts["interface"],
            Address = facts["address"] is { Length: > 0 } address ? address : cluster.VirtualIp,
            State = state,
            Why = why,
            Remedy = remedy,
        };
        var journal = new Journal(cluster.JournalPath);
        var entry = new JournalEntry("begin", cluster.Name, Step)
        {
            Host = host.Name,
            Login = SshSession.Of(host).UserName,
            Resource = $"virtual IP {cluster.VirtualIp}",
            Action = "rehearse",
        };
        journal.Write(entry);
        reporter.Progress(host, Step, $"holding {cluster.VirtualIp}", -1);
        try
        {
            var holding = AskAsync(host, Hold(host, flag), HostLock.Exclusive, ct);
            var others = cluster.Hosts.Where(h => h != host).ToList();
            IReadOnlyList<(PemHost Host, bool? So)> pings = [];
            try
            {
                // A node that could not take it says so at once, and then nobody has to be asked.
                using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
                var pinging = PingAsync(others, Answered, reached: true, over.Token);
                if (await Task.WhenAny(holding, pinging) == pinging) pings = await pinging;
                else await over.CancelAsync();
                await Task.WhenAny(pinging);
            }
            finally
            {
                await ReleaseAsync(host, flag);
            }
            var facts = await holding;
            journal.Write(entry with { Kind = "change", Error = facts.Is("released") ? null : "VirtualIpNotReleased" });
            if (!facts.Is("released"))
                throw new PemException("VirtualIpNotReleased", Trouble.InvalidResult, $"{host.Name} has not given {cluster.VirtualIp} back: {facts["trouble"].Trim()}",
                    $"Take it away there: ip addr del {facts["address"]} dev {facts["interface"]}")
                { Host = host, Step = Step };
            if (!facts.Is("added")) return Result(PemCheckState.Failed, facts, $"It cannot take the address: {facts["trouble"].Trim()}", facts["remedy"]);
            var after = await PingAsync(others, Silent, reached: false, ct);
            string Those(IEnumerable<(PemHost Host, bool? So)> asked, bool? said) => string.Join(", ", asked.Where(a => a.So == said).Select(a => a.Host.Name));
            if (Those(pings, false) is { Length: > 0 } deaf)
                return Result(PemCheckState.Failed, facts, $"{deaf} got no answer while {host.Name} held it.",
                    "Look at switches that pin addresses to ports, clouds that know no such addresses, and at the prefix length (New-PemCluster -VirtualIp ADDRESS/PREFIX).");
            if (Those(after, false) is { Length: > 0 } stale)
                return Result(PemCheckState.Failed, facts, $"{stale} still got an answer after {host.Name} had given it back.", "Somebody else answers for it too: `arping -D` there shows the MAC address.");
            if (facts["forced"] is { Length: > 0 } forced)
                return Result(PemCheckState.Failed, facts, $"EFM's command did not give the address back, and it was taken away without it: {forced}", $"Run it by hand there: {Command(cluster)} del.");
            if (pings.Count < others.Count)
                return Result(PemCheckState.Unknown, facts, "It gave the address back before the others had asked.", "Run it again; a host may be overloaded.");
            if (Those(pings.Concat(after).Distinct(), null) is { Length: > 0 } lost)
                return Result(PemCheckState.Unknown, facts, $"{lost} could not be asked.", "Connect it again, and run it again.");
            return Result(PemCheckState.Passed, facts, $"{Those(pings, true)} got an answer, and none afterwards.");
        }
        finally
        {
            reporter.Progress(host, Step, "", null);
        }
    }

    /// <summary>Takes it, holds it while the flag is there, gives it back in any case.</summary>
    string Hold(PemHost host, string flag)
    {
        var (command, how) = (Sh.Quote(Command(cluster)), IsIpv6 ? "add6" : "add4");
        return $$"""
            set -- $(nic {{Sh.Quote(host.Address)}})
            I={{(cluster.VirtualIpInterface is { } nic ? Sh.Quote(nic) : "${1-}")}}
            A={{Sh.Quote(cluster.VirtualIp)}}/{{(cluster.VirtualIpPrefix is { } prefix ? prefix.ToString(CultureInfo.InvariantCulture) : "${2-}")}}
            fact interface "$I"; fact address "$A"
            carried() { ip -o addr | grep -qF {{Sh.Quote($" {cluster.VirtualIp}/")}}; }
            refuse() { fact released 1; fact trouble "$1"; fact remedy "$2"; exit 0; }
            [ -n "$I" ] || refuse 'no interface carries the address of the node' 'Give New-PemHost the node'\''s own address.'
            ip link show dev "$I" >/dev/null 2>&1 || refuse "there is no interface $I" 'Give New-PemCluster -VirtualIpInterface the interface of the cluster'\''s network, or leave it out.'
            [ -x {{command}} ] || refuse {{Sh.Quote($"there is no {Command(cluster)}")}} {{Sh.Quote($"Run Install-PemEpas first, which installs {cluster.EfmPackage}.")}}
            agent_active && refuse 'its EFM agent was started meanwhile' 'Stop it, then try again.'
            carried && refuse 'it holds the address already' 'See who gave it to it.'
            release() {
                trap '' HUP INT PIPE TERM
                rm -f {{flag}}
                if carried; then
                    {{command}} del "$I" "$A" >"$T/del" 2>&1
                    # it goes in any case, and that it had to be forced is told
                    if carried; then fact forced "$(tr '\n' ' ' < "$T/del") it was still on $I"; ip addr del "$A" dev "$I" >"$T/del" 2>&1; fi
                    if carried; then fact trouble "$(tr '\n' ' ' < "$T/del")"; return; fi
                fi
                fact released 1
            }
            : > {{flag}}
            trap release EXIT; trap 'exit 97' HUP INT PIPE TERM
            {{command}} {{how}} "$I" "$A" >"$T/add" 2>&1; R=$?
            if [ $R != 0 ] || ! carried; then
                fact trouble "$(tr '\n' ' ' < "$T/add") (status $R)"; fact remedy "Run it by hand there: {{Command(cluster)}} {{how}} $I $A"
                exit 0
            fi
            fact added 1
            # each line of the answer is a question whether anybody reads it still
            E=$(( $(date +%s) + {{Longest}} )); while [ -e {{flag}} ] && [ "$(date +%s)" -lt $E ] && echo; do sleep 0.2; done
            """;
    }

    /// <summary>What hosts say; null of one that could not be asked.</summary>
    async Task<IReadOnlyList<(PemHost Host, bool? So)>> PingAsync(IReadOnlyList<PemHost> hosts, int seconds, bool reached, CancellationToken ct) =>
        await Task.WhenAll(hosts.Select(async host =>
        {
            try
            {
                return (host, (bool?)(await AskAsync(host, Ping(seconds, reached), null, ct)).Is("so"));
            }
            catch (PemException)
            {
                return (host, null);
            }
        }));

    /// <summary>Whether the address is reached, or not any more, within the seconds.</summary>
    string Ping(int seconds, bool reached)
    {
        var ping = $"ping -nq -c 1 -W 1 {Sh.Quote(cluster.VirtualIp)} >/dev/null 2>&1";
        // EFM does not announce IPv6 addresses: without this, a host would send to the old owner for 40 s (B4).
        var forget = reached ? $"ip neigh flush to {Sh.Quote(cluster.VirtualIp)} 2>/dev/null || :\n" : "";
        var look = $"look() {{ {(reached ? "" : "! ")}{ping}; }}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{forget}{look}\nwait_for {seconds} look && fact so 1\n:");
    }

    /// <summary>Tells the node that it is over; also when the person has stopped the command.</summary>
    async Task ReleaseAsync(PemHost host, string flag)
    {
        try
        {
            using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await AskAsync(host, $"rm -f {flag}", null, soon.Token);
        }
        catch (Exception e) when (e is PemException or OperationCanceledException)
        {
            // Its time ends by itself.
            reporter.Decision($"{host.Name} could not be told to give {cluster.VirtualIp} back; it does so by itself within {Longest.ToString(CultureInfo.InvariantCulture)} s.");
        }
    }

    async Task<Facts> AskAsync(PemHost host, string text, HostLock? hostLock, CancellationToken ct)
    {
        var session = SshSession.Of(host);
        // Nobody waits for another run while the others ping: the host is then said to be locked.
        var script = new RemoteScript(Prelude.For(cluster), hostLock) { Step = Step };
        script.Add(text, stopsOnFailure: false, $"hold {cluster.VirtualIp}");
        reporter.Command($"{host.Name}:\n{session.Redactor.Redact(script.Fragments)}");
        try
        {
            var results = await session.RunAsync(script, ct).WaitAsync(Patience, ct);
            return results.Count > 0 ? Facts.Parse(results[0].Output)
                : throw new PemException("ConnectionLost", Trouble.ConnectionError, $"The answer of {host.Name} ended half-way.", "Check the host and the network, then run it again.") { Host = host, Step = Step };
        }
        catch (TimeoutException e)
        {
            throw new PemException("HostSilent", Trouble.OperationTimeout, $"{host.Name} did not answer within {Patience.TotalSeconds:0} s.", "Look at the host, then run it again.", e) { Host = host, Step = Step };
        }
    }
}
