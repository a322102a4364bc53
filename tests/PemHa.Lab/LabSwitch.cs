using System.Diagnostics;

namespace PemHa.Lab;

/// <summary>
/// The lab's only network: a bridge in a namespace of its own, with the controller's address on it. It is not in the machine's
/// own namespace, where packets for the lab could follow the default route while the lab is down.
/// </summary>
sealed class LabSwitch(string lab)
{
    public const string Network = "172.16.161.";
    public const string Controller = Network + "1";
    public const int FirstHost = 200;

    static readonly TimeSpan CarrierDeadline = TimeSpan.FromSeconds(10);

    public string Netns { get; } = Namespaces.Switch(lab);

    public async Task CreateAsync(CancellationToken cancellation)
    {
        (await Command.RunAsync(["ip", "netns", "add", Netns], cancellation)).Check("Making the lab's network namespace");
        // A bridge without an address of its own takes its lowest port's, and would change it when that host's cable goes.
        string[] set =
        [
            "link set lo up",
            "link add br0 address 02:00:ac:10:a1:01 type bridge forward_delay 0 stp_state 0",
            "link set br0 up",
            $"addr add {Controller}/24 dev br0",
        ];
        var batch = await Command.RunAsync(["ip", "-n", Netns, "-batch", "-"], cancellation, stdin: string.Join('\n', set) + "\n");
        batch.Check("Making the lab's switch");
    }

    /// <summary>A command line that runs in the controller's place.</summary>
    public IReadOnlyList<string> Inside(IReadOnlyList<string> argv) => ["nsenter", "--net=" + Namespaces.Handle(Netns), "--", .. argv];

    /// <summary>Raises or drops the carrier of a host's port; returns when both ends know, which can take a second.</summary>
    public async Task LinkAsync(string host, bool up, CancellationToken cancellation)
    {
        var result = await Command.RunAsync(["ip", "-n", Netns, "link", "set", host, up ? "up" : "down"], cancellation);
        result.Check($"Switching the port of {host}");
        var (sought, watch) = (up ? "state UP" : "state DOWN", Stopwatch.StartNew());
        while (!await Seen(Netns, host) || !await Seen(Namespaces.Host(lab, host), "eth0"))
        {
            if (watch.Elapsed > CarrierDeadline)
                throw new LabException($"The link of {host} does not go {(up ? "up" : "down")}.");
            await Task.Delay(20, cancellation);
        }

        async Task<bool> Seen(string netns, string card) =>
            (await Command.RunAsync(["ip", "-n", netns, "link", "show", card], cancellation)).Stdout
                .Contains(sought, StringComparison.Ordinal);
    }

    /// <summary>Takes a host's cable away. Nothing answers for its addresses from now on, not even the kernel.</summary>
    public Task UnplugAsync(string host, CancellationToken cancellation) =>
        Command.RunAsync(["ip", "-n", Netns, "link", "del", host], cancellation);
}
