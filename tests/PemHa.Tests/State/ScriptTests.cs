using System.Text;
using System.Text.RegularExpressions;
using PemHa.Engine;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Tests.State;

/// <summary>What every step sends, read by the real shell and searched for secrets.</summary>
public partial class ScriptTests
{
    const string Password = "s3cret:with'quote";
    readonly Example _c1 = new();

    /// <summary>One of each SSL model, one with a common agent user.</summary>
    readonly Example[] _others = [new(model: PemSslModel.SslUtils), new(model: PemSslModel.ExternalCA, agentUser: "common_agent_user")];

    [Fact]
    public void The_shell_can_read_every_probe_and_every_change()
    {
        var script = new RemoteScript(Prelude.For(_c1.Cluster), HostLock.Exclusive);
        foreach (var (_, resource) in All())
        {
            script.Add(resource.Probe, false);
            if (Planned(resource) is { } change) script.Add("set -e\n" + change.Apply, true);
        }
        Assert.True(script.Count > 150, $"only {script.Count} fragments");
        foreach (var shell in new[] { "sh", "bash" })
        {
            var result = Shell.Run(shell, Encoding.UTF8.GetBytes(script.Render()), "-n");
            Assert.Equal((0, ""), (result.ExitCode, result.Error));
        }
    }

    [Fact]
    public void The_shell_can_read_every_recipe_and_none_holds_a_secret()
    {
        foreach (var (_, resource) in All())
        {
            if (Planned(resource)?.Recipe is not { } recipe) continue;
            foreach (var (shell, script) in new[] { ("sh", Prelude.For(_c1.Cluster) + Recipe.Functions + recipe.Script), ("bash", recipe.Script), ("sh", Recipe.LocalFunctions + recipe.Local) })
            {
                var result = Shell.Run(shell, Encoding.UTF8.GetBytes(script), "-n");
                Assert.True(result is { ExitCode: 0, Error: "" }, $"{resource.Name}: {result.Error}\n{script}");
            }
            foreach (var form in new[] { "s3cret", "with'", "eA==", Convert.ToBase64String(Encoding.UTF8.GetBytes("s3cret"))[..^3], "PRIVATE KEY", "SCRAM-SHA-256$" })
                Assert.False((recipe.Script + recipe.Local).Contains(form, StringComparison.Ordinal), $"{resource.Name}: {recipe.Script}{recipe.Local}");
            Assert.All(recipe.Sent ?? recipe.Secrets, v => Assert.Contains($"${v}", recipe.Script, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_probe_fails_on_no_host_for_want_of_something_to_find()
    {
        // A host with these tools and nothing else, not even a network: nothing is found, and every probe still ends well.
        using var tools = new TemporaryFolder();
        foreach (var tool in new[] { "awk", "base64", "cat", "cut", "date", "dirname", "grep", "head", "ls", "sed", "sha256sum", "sort",
            "stat", "tail", "tr" })
            File.CreateSymbolicLink(tools[tool], Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(f => Path.Combine(f, tool))
                .First(File.Exists));
        foreach (var (host, resource) in All().Where(r => r.Resource is not Requirement))
        {
            var result = Shell.Sh($"PATH={tools.Path}; T={tools.Path}; set -u\n{Prelude.For(host.Cluster)}\n{resource.Probe}\n");
            Assert.True(result.ExitCode == 0, $"{resource.Name}: {result.Error}");
        }
    }

    [Fact]
    [Spec("P7", "P11", "P18")]
    public void No_text_that_people_see_holds_a_password_in_any_form()
    {
        foreach (var (host, resource) in All())
        {
            var seen = new List<string> { resource.Name, resource.Probe };
            if (Planned(resource) is { } change) seen.AddRange([change.Action, change.Difference, change.Apply]);
            foreach (var text in seen.Select(t => SshSession.Of(host).Redactor.Redact(ManagedFile.WithoutContents(t))))
            {
                foreach (var form in new[] { Password, Sh.Quote(Password), Password.Replace(":", "\\:", StringComparison.Ordinal), "with'",
                    "s3cret" })
                    Assert.False(text.Contains(form, StringComparison.Ordinal), $"{resource.Name}: {text}");
                foreach (Match run in Base64().Matches(text))
                    Assert.DoesNotContain("s3cret", Encoding.Latin1.GetString(Convert.FromBase64String(run.Value[..(run.Length / 4 * 4)])),
                        StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    [Spec("P7")]
    public void No_command_line_holds_a_password()
    {
        // Only builtins of the shell, its assignments and here-documents may see it; those are no argv.
        foreach (var (_, resource) in All())
        {
            foreach (var line in $"{resource.Probe}\n{Planned(resource)?.Apply}".Split('\n')
                .Where(l => l.Contains("s3cret", StringComparison.Ordinal)))
            {
                Assert.Matches(
                    @"^\s*(EFMPASS=\S+ \S+/bin/efm encrypt \S+ --from-env .*|"
                        + @"printf '%s\\n\\n\\n' \S+ \| PGCONNECT_TIMEOUT=30 timeout -s KILL 900 "
                        + @"/usr/edb/pem/bin/configure-pem-server\.sh .*)$",
                    line);
            }
        }
    }

    [Fact]
    public void A_preview_works_where_the_steps_before_have_not_run()
    {
        foreach (var (_, resource) in All().Where(r => r.Resource.Blank is not null))
            Assert.NotEqual("", resource.Compare(resource.Blank!, false)?.Action);
    }

    IEnumerable<(PemHost Host, Resource Resource)> All() =>
        _others.Prepend(_c1).SelectMany(c => c.Steps(Password)).SelectMany(step => step.Hosts.SelectMany(host => Example.Resources(step, host).Select(r => (host, r))));

    /// <summary>What would be changed on a host where nothing is yet, or where everything is to be found.</summary>
    static Change? Planned(Resource resource)
    {
        foreach (var facts in new[] { resource.Blank,
            Facts.Of(("up", "1"), ("database", "1"), ("file.text", ""), ("file.mode", "600 a:b"), ("sample.text", ""),
            ("encrypt.status", "0"), ("encrypted", "0123456789abcdef0123456789abcdef"),
            ("live", "aas 0"), ("missing.edb-pem", "1"), ("on", "1"), ("configured", "1"), ("ours", "1"), ("recovery", "f"),
                ("pending", "x"), ("receiver", "streaming 172.16.161.200"), ("streaming", "9")) })
        {
            if (facts is null) continue;
            try
            {
                if (resource.Compare(facts, true) is { } change) return change;
            }
            catch (PemException)
            {
                // A condition that does not hold here plans nothing.
            }
        }
        return null;
    }

    [GeneratedRegex("[A-Za-z0-9+/]{16,}")]
    private static partial Regex Base64();
}
