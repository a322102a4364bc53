using System.Diagnostics;

namespace PemHa.Lab;

/// <summary>
/// The lab's network, or two: a bridge each in a namespace of its own, with the controller's addresses on it. It is not in the machine's
/// own namespace, where packets for the lab could follow the default route while the lab is down.
/// </summary>
sealed class LabSwitch(string lab, int networks)
{
    public const string Network = "172.16.161.";
    public const string Network6 = "fd16:161::";
    public const string Controller = Network + "1";
    public const string Controller6 = Network6 + "1";
    public const int FirstHost = 200;

    /// <summary>The second network, and the card that hosts have on it.</summary>
    public const string SecondNetwork = "172.16.162.";
    public const string SecondNetwork6 = "fd16:162::";
    public const string SecondNic = "eth1";

    static readonly TimeSpan CarrierDeadline = TimeSpan.FromSeconds(10);

    public string Netns { get; } = Namespaces.Switch(lab);

    public async Task CreateAsync(CancellationToken cancellation)
    {
        (await Command.RunAsync(["ip", "netns", "add", Netns], cancellation)).Check("Making the lab's network namespace");
        // A bridge without an address of its own takes its lowest port's, and would change it when that host's cable goes.
        string[] set =
        [
            "link set lo up",
            .. Bridge("br0", "02:00:ac:10:a1:01", Network, Network6),
            .. networks < 2 ? [] : Bridge("br1", "02:00:ac:10:a2:01", SecondNetwork, SecondNetwork6),
        ];
        var batch = await Command.RunAsync(["ip", "-n", Netns, "-batch", "-"], cancellation, stdin: string.Join('\n', set) + "\n");
        batch.Check("Making the lab's switch");
    }

    /// <summary>A command line that runs in the controller's place.</summary>
    public IReadOnlyList<string> Inside(IReadOnlyList<string> argv) => ["nsenter", "--net=" + Namespaces.Handle(Netns), "--", .. argv];

    /// <summary>Raises or drops the carrier of a host's ports; returns when both ends know, which can take a second.</summary>
    public async Task LinkAsync(string host, string nic, bool up, CancellationToken cancellation)
    {
        (string Port, string Nic)[] cables = [(host, nic), (SecondPort(host), SecondNic)];
        foreach (var (port, card) in cables.Take(networks))
        {
            var result = await Command.RunAsync(["ip", "-n", Netns, "link", "set", port, up ? "up" : "down"], cancellation);
            result.Check($"Switching the port of {host}");
            var (sought, watch) = (up ? "state UP" : "state DOWN", Stopwatch.StartNew());
            while (!await Seen(sought, Netns, port) || !await Seen(sought, Namespaces.Host(lab, host), card))
            {
                if (watch.Elapsed > CarrierDeadline)
                    throw new LabException($"The link of {host} does not go {(up ? "up" : "down")}.");
                await Task.Delay(20, cancellation);
            }
        }

        async Task<bool> Seen(string sought, string netns, string card) =>
            (await Command.RunAsync(["ip", "-n", netns, "link", "show", card], cancellation)).Stdout
                .Contains(sought, StringComparison.Ordinal);
    }

    /// <summary>Takes a host's cables away. Nothing answers for its addresses from now on, not even the kernel.</summary>
    public async Task UnplugAsync(string host, CancellationToken cancellation)
    {
        foreach (var port in new[] { host, SecondPort(host) }.Take(networks))
            await Command.RunAsync(["ip", "-n", Netns, "link", "del", port], cancellation);
    }

    /// <summary>The switch's port for a host's second card.</summary>
    public static string SecondPort(string host) => host + "-2";

    // Without duplicate address detection an IPv6 address is good at once.
    static string[] Bridge(string name, string mac, string network, string network6) =>
    [
        $"link add {name} address {mac} type bridge forward_delay 0 stp_state 0",
        $"addr add {network}1/24 dev {name}",
        $"addr add {network6}1/64 dev {name} nodad",
        $"link set {name} up",
    ];
}
