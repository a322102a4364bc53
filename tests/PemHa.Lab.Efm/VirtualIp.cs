using System.Net;
using System.Net.NetworkInformation;

namespace PemHa.Lab.Efm;

/// <summary>The virtual IP of the primary: whether this node has it, and taking or giving it.</summary>
sealed class VirtualIp(EfmProperties properties, HostCommands host, AgentLog log)
{
    internal bool Configured => properties.HasVirtualIp;

    internal bool IsHere() => Configured && IPAddress.TryParse(properties.VirtualIp, out var address)
        && NetworkInterface.GetAllNetworkInterfaces().Any(i => i.GetIPProperties().UnicastAddresses.Any(u => u.Address.Equals(address)));

    internal async Task<bool> AcquireAsync()
    {
        if (!Configured || IsHere()) return true;
        var family = properties.VirtualIp.Contains(':', StringComparison.Ordinal) ? "add6" : "add4";
        return (await ChangeAsync(family, "Assigning")).Ok;
    }

    internal async Task ReleaseAsync()
    {
        if (IsHere()) await ChangeAsync("del", "Releasing");
    }

    async Task<CommandResult> ChangeAsync(string how, string word)
    {
        var address = $"{properties.VirtualIp}/{properties["virtual.ip.prefix"]}";
        var result = await host.AddressAsync(how, properties["virtual.ip.interface"], address);
        log.Info($"{word} VIP {properties.VirtualIp}, node {properties.Address}. Results: exit status: {result.ExitCode} {result.Text}");
        return result;
    }
}
