using System.IO.Compression;
using System.Text;
using PemHa.Engine;
using PemHa.Engine.Checks;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;
using PemHa.Engine.Support;

namespace PemHa.Tests.Support;

/// <summary>What a bundle contains, and how much of a foreign file is trusted.</summary>
public sealed class SupportBundleTests
{
    readonly Example _c1 = new();
    readonly Dictionary<string, string> _savedBy = new() { ["module"] = "0.1.0" };

    [Fact]
    [Spec("P21", "T1")]
    public async Task Hosts_of_a_bundle_answer_as_they_did_and_a_host_that_was_silent_is_silent_again()
    {
        var hosts = _c1.Cluster.Hosts.Select(h => new FakeHost(h)).ToList();
        var text = Convert.ToBase64String(Encoding.Latin1.GetBytes("password = s3cret\nÿ"));
        hosts[0].Says = f => f.Contains("pg_is_in_recovery()", StringComparison.Ordinal)
            ? $"up\t=1\nrecovery\t=false\nlsn\t=0/1\nends\t{text}\nnothing"
            : "";
        hosts[1].Says = _ => "up\t=1\nrecovery\t=true\nlsn\t=0/1";
        hosts[2].Status = 3;
        hosts[2].Says = _ => "words";
        _c1.Witness.Session = null;
        var live = await ToldAsync(_c1.Cluster);
        var file = await SaveAsync();

        var content = SupportBundle.Read(file, "x.zip");
        Assert.Equal(("the topology", "efm", 4), (content.Topology, content.Manifest.Cluster, content.Hosts.Count));
        var answer = content.Hosts["node1"].Answers["status"].Facts;
        Assert.Equal(
            [
                ("up", "1", null),
                ("recovery", "false", null),
                ("lsn", "0/1", null),
                ("ends", null, "password = ********\nÿ"),
            ],
            answer.Select(f => (f.Name, f.Value, f.Text)));
        foreach (var host in _c1.Cluster.Hosts)
            host.Session = new RecordedSession(content.Hosts[host.Name], content.Manifest.Saved);
        Assert.Equal(live, await ToldAsync(_c1.Cluster));
        Assert.Contains(
            content.Manifest.Hosts[3].Misses,
            m => m.Why.Contains("witness1 is not connected", StringComparison.Ordinal));
        Assert.Contains(
            content.Manifest.Hosts[2].Misses, m => m is { Item: "packages.txt", Why: "it ended with status 3" });

        // The error of anything that needs the host itself says so and names the bundle.
        var refused = Assert.Throws<PemException>(() => SshSession.Of(_c1.Primary));
        Assert.Equal(("HostOffline", _c1.Primary), (refused.Id, refused.Host));
        Assert.Contains(
            $"from a bundle of {content.Manifest.Saved:yyyy-MM-dd HH:mm} UTC",
            refused.Message,
            StringComparison.Ordinal);
        // For a check that the other version did not know, no result is guessed.
        var script = new RemoteScript("", null);
        script.Add("x", false, keys: ["a check of tomorrow"]);
        var results = await ProbeSession.Of(_c1.Primary).RunAsync(script, TestContext.Current.CancellationToken);
        Assert.Equal(1, Assert.Single(results).ExitCode);
    }

    [Fact]
    public async Task The_same_answers_make_the_same_files_in_the_same_order()
    {
        foreach (var host in _c1.Cluster.Hosts) _ = new FakeHost(host) { Says = _ => "up\t=1" };
        using var zip = new ZipArchive(await SaveAsync());
        using var again = new ZipArchive(await SaveAsync());
        var names = zip.Entries.Select(e => e.FullName).ToList();
        Assert.Equal(
            [
                "manifest.json",
                "misses.txt",
                "topology.psd1",
                "hosts/01-node1/answers.json",
                "hosts/01-node1/system.txt",
            ],
            names.Take(5));
        Assert.Equal(names, again.Entries.Select(e => e.FullName));
        Assert.Single(zip.Entries.Select(e => e.LastWriteTime).Distinct());
        foreach (var name in names.Except(["manifest.json"])) Assert.Equal(Content(zip, name), Content(again, name));
    }

    [Theory]
    [InlineData("not a zip", "")]
    [InlineData("it holds no manifest.json", "topology.psd1=x")]
    [InlineData("not valid JSON", "manifest.json=nonsense")]
    [InlineData("its manifest.json is empty", "manifest.json=null")]
    [InlineData("names no format", "manifest.json={}")]
    [InlineData("its format is 7", "manifest.json={\"format\":7}")]
    [InlineData("names no hosts", "manifest.json={\"format\":1,\"hosts\":null}")]
    [InlineData("names no hosts", "manifest.json={\"format\":1,\"hosts\":[null]}")]
    [InlineData(
        "names a host twice",
        "manifest.json={\"format\":1,\"hosts\":[{\"name\":\"a\",\"folder\":\"b\"},{\"name\":\"a\",\"folder\":\"b\"}]}")]
    [InlineData(
        "it holds no b/answers.json",
        "manifest.json={\"format\":1,\"hosts\":[{\"name\":\"a\",\"folder\":\"b\"}]}")]
    [InlineData(
        "answers that are none",
        "manifest.json={\"format\":1,\"hosts\":[{\"name\":\"a\",\"folder\":\"b\"}]}"
            + "|b/answers.json={\"answers\":{\"status\":null}}")]
    [InlineData(
        "answers that are none",
        "manifest.json={\"format\":1,\"hosts\":[{\"name\":\"a\",\"folder\":\"b\"}]}|b/answers.json={\"answers\":null}")]
    [InlineData("outside of it: ../../etc/cron.d/x", "manifest.json={}|../../etc/cron.d/x=y")]
    [InlineData("outside of it: /etc/x", "manifest.json={}|/etc/x=y")]
    [InlineData("outside of it: hosts\\..\\x", "manifest.json={}|hosts\\..\\x=y")]
    [InlineData("outside of it: C:x", "manifest.json={}|C:x=y")]
    [InlineData("it holds a twice", "a=1|a=2")]
    public void A_file_that_is_no_bundle_is_refused_with_the_reason(string why, string entries)
    {
        var error = Assert.Throws<PemException>(() => SupportBundle.Read(Zip(entries), "x.zip"));
        Assert.Equal("BundleUnusable", error.Id);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("x.zip is not a bundle", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_large_or_cut_is_refused_before_it_fills_the_memory()
    {
        var bomb = new MemoryStream();
        using (var zip = new ZipArchive(bomb, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = zip.CreateEntry("manifest.json").Open();
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 40; i++) entry.Write(zeros);
        }
        Assert.True(bomb.Length < 1 << 20);
        var large = Assert.Throws<PemException>(() => SupportBundle.Read(bomb, "x"));
        Assert.Contains("larger than 32 MB", large.Message, StringComparison.Ordinal);

        foreach (var host in _c1.Cluster.Hosts) _ = new FakeHost(host);
        var whole = (await SaveAsync()).ToArray();
        foreach (var length in new[] { 0, 1, whole.Length / 2, whole.Length - 1 })
        {
            var part = new MemoryStream(whole[..length]);
            Assert.Equal("BundleUnusable", Assert.Throws<PemException>(() => SupportBundle.Read(part, "x")).Id);
        }
        // A byte that was changed on the way is either detected or does not matter.
        var random = new Random(7);
        for (var i = 0; i < 200; i++)
        {
            var changed = (byte[])whole.Clone();
            changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
            if (Record.Exception(() => SupportBundle.Read(new MemoryStream(changed), "x")) is { } error)
                Assert.Equal("BundleUnusable", Assert.IsType<PemException>(error).Id);
        }
    }

    [Fact]
    public void Every_item_is_POSIX_sh_and_the_logs_are_five_megabytes_at_most()
    {
        var items = SupportItem.All(_c1.Cluster);
        Assert.Equal(items.Count, items.Select(i => i.Name).Distinct().Count());
        var logs = items.Where(i => i.Name.StartsWith("logs/", StringComparison.Ordinal));
        Assert.True(logs.Sum(i => (long)i.Most) <= 5 << 20);
        // All items together are smaller than the most that a host may print in answer to one script.
        Assert.True(items.Sum(i => (long)i.Most) < 16 << 20);
        var all = new RemoteScript(Prelude.For(_c1.Cluster) + SupportItem.Functions, null);
        foreach (var item in items)
        {
            all.Add(item.Fragment, false);
            Assert.DoesNotMatch(
                @"(?m)(^|[;&|(]\s*)(rm|mv|cp|touch|mkdir|install|tee|kill|"
                    + @"systemctl (start|stop|restart|enable)|dnf -?\S* (install|module)) ",
                item.Shell);
        }
        foreach (var shell in new[] { "sh", "bash" })
        {
            var result = Shell.Run(shell, Encoding.UTF8.GetBytes(all.Render()), "-n");
            Assert.Equal((0, ""), (result.ExitCode, result.Error));
        }
    }

    [Fact]
    public void An_item_keeps_no_more_than_its_share_and_says_why_there_is_nothing()
    {
        using var folder = new TemporaryFolder();
        Shell.Result Run(string shell, int most = 1000)
        {
            var item = new SupportItem("x", shell, t => t) { Most = most };
            var functions = Prelude.For(_c1.Cluster) + SupportItem.Functions;
            return Shell.Sh($"T='{folder.Path}'; set -u\n{functions}\n{item.Fragment}");
        }
        (int, string) Output(string shell) => Run(shell) is var r ? (r.ExitCode, r.Output) : default;
        (int, string) Error(string shell) => Run(shell) is var r ? (r.ExitCode, r.Error) : default;
        Assert.Equal((0, "yes\n"), Output("echo yes"));
        Assert.Equal(1000, Run("head -c 100000 /dev/zero").Bytes.Length);
        Assert.Equal((1, "there is no /no/such /nor/this\n"), Error("show /no/such /nor/this"));
        Assert.Equal((1, "no-such-program is not installed\n"), Error("run 5 no-such-program x"));
        Assert.Equal((1, "sleep did not end within 1 s\n"), Error("run 1 sleep 20"));
        Assert.Equal((0, "(status 3)\n"), Output("run 5 sh -c 'exit 3'"));
        File.WriteAllText(folder["old.log"], "old");
        File.SetLastWriteTimeUtc(folder["old.log"], DateTime.UtcNow.AddHours(-2));
        Assert.Equal(1, Run($"recent 1000 '{folder.Path}' '*.log'").ExitCode);
        File.WriteAllText(folder["new.log"], new string('a', 5000) + "end");
        Assert.Matches("^==> .*new\\.log <==\na{700,800}end\n$", Run($"recent 1000 '{folder.Path}' '*.log'").Output);
    }

    static MemoryStream Zip(string entries)
    {
        var file = new MemoryStream();
        if (entries.Length == 0) return new MemoryStream("no zip"u8.ToArray());
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in entries.Split('|').Select(e => e.Split('=', 2)))
            {
                using var writer = new StreamWriter(zip.CreateEntry(entry[0]).Open());
                writer.Write(entry[1]);
            }
        }
        return file;
    }

    static string Content(ZipArchive zip, string name)
    {
        using var reader = new StreamReader(zip.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    async Task<MemoryStream> SaveAsync()
    {
        var file = new MemoryStream();
        await SupportBundle.SaveAsync(_c1.Cluster, "the topology", _savedBy, file, new TestReporter(), 32, default);
        file.Position = 0;
        return file;
    }

    static async Task<IReadOnlyList<string>> ToldAsync(PemCluster cluster)
    {
        var nodes = await StatusReader.ReadAsync(cluster, default);
        var checks = await PrerequisiteReader.ReadAsync(cluster, new TestReporter(), 32, default);
        return
        [
            .. nodes.SelectMany(n => n.Finding
                .Select(f => $"{f}")
                .Prepend($"{n.Name} {n.Role} {n.Database} {n.Efm} {n.Lsn} {n.VirtualIp}")),
            .. checks
                .Where(c => c.Check != HostChecks.Clock)
                .Select(c => $"{c.HostName} {c.Check} {c.State} {c.Why} {c.Remedy}"),
        ];
    }
}
