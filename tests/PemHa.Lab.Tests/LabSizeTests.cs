using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>What measures the whole machine runs when no other lab is up.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneTests
{
    public const string Name = "alone";
}

/// <summary>More hosts than the page has, and fewer.</summary>
[Collection(AloneTests.Name)]
public sealed class LabSizeTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Spec("P38")]
    public async Task Five_data_nodes_without_a_witness_run_and_fit_in_a_machines_memory()
    {
        LabFixture.NeedLab();
        var before = Available();
        var options = new LabOptions { Name = $"size-{Environment.ProcessId}", DataNodes = 5, Witnesses = 0 };
        await using var lab = await Lab.UpAsync(options, cancellation: Cancellation);
        Assert.Equal(Enumerable.Range(200, 5).Select(n => $"172.16.161.{n}"), lab.Hosts.Select(h => h.Address));
        await Task.WhenAll(lab.Hosts.Select(async host =>
        {
            Assert.Equal("running", await lab.WaitRunningAsync(host.Name, Cancellation));
            const string start = "dnf -qy install edb-as17-server >/dev/null && /usr/edb/as17/bin/edb-as-17-setup initdb && systemctl start edb-as-17";
            (await lab.SshAsync(host.Name, start, cancellation: Cancellation)).Check(start);
        }));
        // Generous: others use the machine meanwhile.
        Assert.InRange(before - Available(), long.MinValue, 2L << 30);
    }

    [Fact]
    [Spec("P38")]
    public void Names_go_on_after_the_data_nodes()
    {
        var options = new LabOptions { DataNodes = 2, Witnesses = 3 };
        options.Validate();
        Assert.Equal(["node1", "node2", "witness1", "witness2", "witness3"], options.HostNames);
    }

    /// <summary>Bytes that programs can still have, as the kernel estimates them.</summary>
    static long Available()
    {
        var line = File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) << 10;
    }
}
