using System.Net;
using System.Net.Sockets;

namespace PemHa.Tests.Hosted;

/// <summary>PemHa beside modules that bring older versions of what it uses, in sessions of their own.</summary>
public sealed class IsolationTests
{
    /// <summary>What another module does: loads its libraries into the shared load context, and uses them.</summary>
    const string Script = """
        param($order, $older, $manifest, $port)
        function Use-Older {
            foreach ($name in 'Microsoft.Extensions.Logging.Abstractions', 'BouncyCastle.Cryptography', 'Renci.SshNet') {
                $assembly = [System.Reflection.Assembly]::LoadFrom("$older/$name.dll")
                $context = [System.Runtime.Loader.AssemblyLoadContext]::GetLoadContext($assembly)
                "older $name $($assembly.GetName().Version.Major) $($context.Name)"
            }
            $type = $assembly.GetType('Renci.SshNet.PasswordConnectionInfo')
            "older says $([System.Activator]::CreateInstance($type, [object[]]@('other', 22, 'somebody', 'x')).Username)"
        }
        function Use-PemHa([string] $name) {
            $cluster = New-PemCluster $name -VirtualIp 127.0.0.9 -PingServer 127.0.0.8
            $login = @{ Credential = New-PemCredential root; SshConfigFile = 'none'; KnownHostsFile = '/none'; TimeoutSec = 20 }
            New-PemHost 127.0.0.1 Primary -Cluster $cluster -SshPort $port |
                Connect-PemHost @login -ErrorVariable failed -ErrorAction SilentlyContinue
            "PemHa says $($failed[0].FullyQualifiedErrorId)"
        }
        if ($order -eq 'before') { Use-Older }
        Import-Module $manifest -ErrorAction Stop
        Use-PemHa first
        if ($order -eq 'after') { Use-Older }
        Import-Module $manifest -Force -ErrorAction Stop
        Use-PemHa again
        Remove-Module PemHa -ErrorAction Stop
        "left $(@(Get-Command -Module PemHa).Count)"
        Import-Module $manifest -ErrorAction Stop
        Use-PemHa anew
        foreach ($context in [System.Runtime.Loader.AssemblyLoadContext]::All) {
            foreach ($assembly in $context.Assemblies) {
                $name = $assembly.GetName()
                if ($name.Name -match '^(PemHa|PemHa\.Engine|PemHa\.Commands|Renci\..*|Bouncy.*|Microsoft\.Extensions\..*)$') {
                    "$($context.Name): $($name.Name) $($name.Version.Major)"
                }
            }
        }
        """;

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public async Task Older_libraries_of_another_module_stay_its_own_and_ours_stay_ours(string order)
    {
        // A server that is no SSH server: only SSH.NET itself finds that out.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var serving = AnswerAsync(listener, over.Token);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var lines = await FreshSession.RunAsync(
            Script, order, Path.Combine(AppContext.BaseDirectory, "older"), ModuleAssemblies.Manifest, port);
        var older = lines.Where(l => l.StartsWith("older ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["older Microsoft.Extensions.Logging.Abstractions 6 Default", "older BouncyCastle.Cryptography 2 Default",
            "older Renci.SshNet 2024 Default", "older says somebody"], older);
        const string Unreachable = "PemHa says Unreachable,PemHa.Commands.ConnectPemHostCommand";
        Assert.Equal([Unreachable, Unreachable, "left 0", Unreachable],
            lines.Where(l => l == "left 0" || l.StartsWith("PemHa says ", StringComparison.Ordinal)));
        Assert.Equal(["Default: BouncyCastle.Cryptography 2", "Default: Microsoft.Extensions.Logging.Abstractions 6", "Default: PemHa 0",
            "Default: Renci.SshNet 2024"],
            lines.Where(l => l.StartsWith("Default: ", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        var own = lines.Where(l => l.StartsWith("PemHa: ", StringComparison.Ordinal)).ToList();
        Assert.Contains("PemHa: Renci.SshNet 2026", own);
        Assert.Contains("PemHa: PemHa.Engine 0", own);
        // Once each, however often the module was imported.
        Assert.Equal(own.Distinct(), own);
        Assert.DoesNotContain(lines, l => l.StartsWith("ERROR", StringComparison.Ordinal));
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    static async Task AnswerAsync(TcpListener listener, CancellationToken over)
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync(over);
            await client.GetStream().WriteAsync("HTTP/1.0 400 Bad Request\r\n\r\n"u8.ToArray(), over);
        }
    }
}
