using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>What the lab cannot do it says in one sentence, with exit code 2, and leaves nothing behind.</summary>
public sealed class LabRefusalTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("pemha-refusal-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Without_root()
    {
        LabFixture.NeedLab();
        await Refused("The lab needs root: run it with sudo.", ["unshare", "--user", .. LabProgram.Line("up", "--name", "refused")]);
    }

    [Fact]
    public async Task Without_namespaces()
    {
        LabFixture.NeedLab();
        var fake = Path.Combine(_folder, "unshare");
        File.WriteAllText(fake, "#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n");
        (await Command.RunAsync(["chmod", "+x", fake], TestContext.Current.CancellationToken)).Check("chmod");
        var path = $"{_folder}:{Environment.GetEnvironmentVariable("PATH")}";
        await Refused("The lab needs Linux namespaces", LabProgram.Line("up", "--name", "refused"), new() { ["PATH"] = path });
    }

    [Fact]
    public async Task Without_a_network_when_the_base_is_not_built()
    {
        LabFixture.NeedLab();
        var cache = Path.Combine(_folder, "cache");
        string[] line = ["unshare", "--net", .. LabProgram.Line("up", "--name", "refused")];
        await Refused("needs the network", line, new() { ["PEMHA_LAB_CACHE"] = cache });
        Assert.False(Directory.Exists(cache));
    }

    [Theory]
    [InlineData("There is no verb 'fly'", "fly")]
    [InlineData("Usage: power on|off|cut HOST", "power", "on")]
    [InlineData("has no option --colour", "up", "--colour", "red")]
    [InlineData("--data-nodes needs a number", "up", "--data-nodes", "many")]
    [InlineData("There is no host 'node9'", "up", "--name", "refused", "--nics", "node9=ens33")]
    [InlineData("--nics needs pairs", "up", "--name", "refused", "--nics", "ens33")]
    [InlineData("cannot be called 'eth1'", "up", "--name", "refused", "--nics", "node1=eth1")]
    [InlineData("1 or 2 networks", "up", "--name", "refused", "--networks", "3")]
    [InlineData("firewalld has no zone 'nowhere'", "up", "--name", "refused", "--zone", "nowhere")]
    [InlineData("No lab 'refused' is up.", "ssh", "--name", "refused", "node1", "true")]
    [InlineData("A lab's name is", "up", "--name", "Not/A/Name")]
    public async Task What_it_does_not_understand(string sentence, params string[] args)
    {
        LabFixture.NeedLab();
        await Refused(sentence, LabProgram.Line(args));
    }

    static async Task Refused(string sentence, IReadOnlyList<string> line, Dictionary<string, string>? environment = null)
    {
        var result = await Command.RunAsync(line, TestContext.Current.CancellationToken, environment: environment);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(sentence, result.Stderr.TrimEnd('\n').Split('\n')[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("refused", Namespaces.Labs());
        Assert.Null(LabState.Read("refused"));
    }
}
