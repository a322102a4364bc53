using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace PemHa.Lab.Efm;

/// <summary>The virtual IP of the primary: whether this node has it, and taking or giving it.</summary>
sealed class VirtualIp(EfmProperties properties, HostCommands host, AgentLog log)
{
    internal bool Configured => properties.HasVirtualIp;

    internal bool IsHere() => Configured && Address() is { } address
        && NetworkInterface.GetAllNetworkInterfaces().Any(i => i.GetIPProperties().UnicastAddresses.Any(u => u.Address.Equals(address)));

    internal async Task<bool> AcquireAsync()
    {
        if (!Configured || IsHere()) return true;
        return (await ChangeAsync(Address()?.AddressFamily == AddressFamily.InterNetworkV6 ? "add6" : "add4", "Assigning")).Ok;
    }

    /// <summary>
    /// In the background unless release.vip.background is false; the waits come before the release, and after it when
    /// it is waited for [G2, O5].
    /// </summary>
    internal async Task ReleaseAsync()
    {
        if (!IsHere()) return;
        var background = properties.Flag("release.vip.background");
        var release = Task.Run(async () =>
        {
            await Task.Delay(properties.Seconds("release.vip.pre.wait"));
            await ChangeAsync("del", "Releasing");
            if (!background) await Task.Delay(properties.Seconds("release.vip.post.wait"));
        });
        if (!background) await release;
    }

    /// <summary>A host name is resolved each time that it is needed, as documented; null when it cannot be.</summary>
    IPAddress? Address()
    {
        if (IPAddress.TryParse(properties.VirtualIp, out var address)) return address;
        try
        {
            return Dns.GetHostAddresses(properties.VirtualIp).FirstOrDefault();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    async Task<CommandResult> ChangeAsync(string how, string word)
    {
        var address = $"{Address()?.ToString() ?? properties.VirtualIp}/{properties["virtual.ip.prefix"]}";
        var result = await host.AddressAsync(how, properties["virtual.ip.interface"], address);
        log.Info($"{word} VIP {properties.VirtualIp}, node {properties.Address}. Results: exit status: {result.ExitCode} {result.Text}");
        return result;
    }
}
