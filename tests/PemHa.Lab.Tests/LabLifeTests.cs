using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Labs come and go: two at once, killed ones, and nothing is left.</summary>
[Collection(SmallLabTests.Name)]
public sealed partial class LabLifeTests(SmallLab fixture)
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_labs_at_once_do_not_see_each_other_and_the_second_leaves_nothing()
    {
        var lab = await fixture.LabAsync();
        var options = new LabOptions { Name = lab.Name + "-other", DataNodes = 1, Witnesses = 0 };
        var before = Everything(options.Name);
        await using (var other = await Lab.UpAsync(options, cancellation: Cancellation))
        {
            Assert.NotEmpty(NamesOf(options.Name));
            Assert.Equal(lab["node1"].Address, other["node1"].Address);
            var id = await lab.SshAsync("node1", "cat /etc/machine-id", cancellation: Cancellation);
            var otherId = await other.SshAsync("node1", "cat /etc/machine-id", cancellation: Cancellation);
            Assert.NotEqual(id.Check("ssh").Stdout, otherId.Check("ssh").Stdout);
            await other.PowerCutAsync("node1", Cancellation);
            (await lab.SshAsync("node1", "true", cancellation: Cancellation)).Check("ssh to the first lab");
            await Assert.ThrowsAsync<LabException>(() => Lab.UpAsync(options, cancellation: Cancellation));
        }
        Assert.Empty(NamesOf(options.Name));
        Assert.Equal(before, Everything(options.Name));
    }

    [Fact]
    public async Task Clean_removes_a_lab_whose_maker_was_killed_and_no_other()
    {
        var lab = await fixture.LabAsync();
        var name = lab.Name + "-killed";
        var before = Everything(name);
        await using (var up = Command.Start(LabProgram.Line("up", "--name", name, "--data-nodes", "1", "--witnesses", "0")))
        {
            Assert.True(await Wait.UntilAsync(() => Namespaces.Cgroup(name).Child("node1").Populated, Deadline, Cancellation));
            up.Kill();
            await up.Result;
        }
        Assert.NotEmpty(NamesOf(name));

        var (removed, left) = await LabLife.CleanAsync();
        Assert.Contains(name, removed);
        Assert.Contains(lab.Name, left);
        Assert.Empty(NamesOf(name));
        Assert.Equal(before, Everything(name));
        (await lab.SshAsync("node1", "true", cancellation: Cancellation)).Check("ssh to the living lab");
    }

    [Fact]
    public async Task A_lab_that_is_kept_answers_the_other_verbs_until_it_is_taken_down()
    {
        var lab = await fixture.LabAsync();
        var name = lab.Name + "-kept";
        (await Run("up", "--name", name, "--data-nodes", "1", "--witnesses", "0")).Check("up");
        try
        {
            Assert.Contains("up already", (await Run("up", "--name", name)).Stderr, StringComparison.Ordinal);
            Assert.Contains(name, (await LabLife.CleanAsync()).Left);
            Assert.Matches(@"node1 +172\.16\.161\.200 +on +up +running", (await Run("status", "--name", name)).Check("status").Stdout);
            Assert.Equal("node1\n", (await Run("ssh", "--name", name, "node1", "hostname")).Check("ssh").Stdout);
            var inside = (await Run("enter", "--name", name, "--", "printenv", "PEMHA_LAB_HOSTS")).Check("enter").Stdout;
            Assert.Equal("node1=172.16.161.200\n", inside);
        }
        finally
        {
            (await Run("down", "--name", name)).Check("down");
        }
        Assert.Empty(NamesOf(name));
        var again = await Run("down", "--name", name);
        Assert.Equal((2, $"No lab '{name}' is up.\n"), (again.ExitCode, again.Stderr));
    }

    static Task<CommandResult> Run(params string[] args) => Command.RunAsync(LabProgram.Line(args), Cancellation);

    /// <summary>Everything on the machine that carries the lab's name.</summary>
    static string[] NamesOf(string lab) => [.. Everything(null).Where(l => Word(lab).IsMatch(l))];

    /// <summary>Network namespaces, mounts, cgroups, state and processes, without those of labs that others have up meanwhile.</summary>
    static string[] Everything(string? lab)
    {
        var state = Directory.Exists(LabPaths.State) ? Directory.GetFileSystemEntries(LabPaths.State) : [];
        var processes = Directory.GetDirectories("/proc").Where(d => char.IsAsciiDigit(d[^1])).Select(CommandLine)
            // The connections of a runbook that a test run at the same time opens come and go.
            .Where(c => c.Contains("pemha", StringComparison.Ordinal))
            .Where(c => !c.StartsWith("ssh: /tmp/pemha.", StringComparison.Ordinal));
        var all = Directory.GetFiles("/run/netns")
            .Concat(File.ReadLines("/proc/self/mounts"))
            .Concat(Directory.GetDirectories("/sys/fs/cgroup").Append("/sys/fs/cgroup").SelectMany(Groups))
            .Concat(state)
            .Concat(processes);
        return [.. all.Where(l => lab is null || Word(lab).IsMatch(l) || !OfSomeLab().IsMatch(l)).Order(StringComparer.Ordinal)];
    }

    static string[] Groups(string folder) => Directory.GetDirectories(folder, "pemha-*");

    /// <summary>A process, with the cgroup that tells whose it is: on a lab's hosts it need not carry the lab's name.</summary>
    static string CommandLine(string process)
    {
        try
        {
            return string.Concat(new[] { "cmdline", "environ", "cgroup" }.Select(f => File.ReadAllText($"{process}/{f}").Replace('\0', ' ').Replace('\n', ' ')));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    static Regex Word(string lab) => new(Regex.Escape(lab) + "(?![a-z0-9])", RegexOptions.CultureInvariant);

    [GeneratedRegex("pemha-", RegexOptions.CultureInvariant)]
    private static partial Regex OfSomeLab();
}
