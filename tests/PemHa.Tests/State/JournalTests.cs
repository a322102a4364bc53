using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using PemHa.Engine.State;

namespace PemHa.Tests.State;

/// <summary>The audit journal.</summary>
public class JournalTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Entries_are_appended_as_whole_lines_whoever_writes_them()
    {
        using var folder = new TemporaryFolder();
        var path = folder["new/journal.jsonl"];
        Parallel.For(0, 200, i => new Journal(path)
            .Write(new JournalEntry("change", "efm", "Set-PemHba") { Host = $"node{i}", Difference = "two\nlines \"quoted\" é" }));
        new Journal(path).Write(new JournalEntry("step", "efm", "Set-PemHba") { Changes = 0, Seconds = 0.25 });
        var entries = File.ReadAllLines(path).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(201, entries.Count);
        Assert.Equal(200, entries.SkipLast(1).Select(e => e.GetProperty("Host").GetString()).Distinct().Count());
        Assert.Equal("two\nlines \"quoted\" é", entries[0].GetProperty("Difference").GetString());
        Assert.Equal((0, "step"), (entries[^1].GetProperty("Changes").GetInt32(), entries[^1].GetProperty("Kind").GetString()));
        Assert.False(entries[^1].TryGetProperty("Host", out _));
        Assert.True(entries.All(e => e.GetProperty("Time").GetDateTime() > DateTime.UtcNow.AddMinutes(-5)));
    }

    [Fact]
    public async Task A_line_waits_for_another_runs_and_begins_anew_after_one_that_was_cut()
    {
        using var folder = new TemporaryFolder();
        var path = folder["journal.jsonl"];
        await File.WriteAllTextAsync(path, "{\"Kind\":\"cut", TestContext.Current.CancellationToken);
        var other = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var writing = Task.Run(() => new Journal(path).Write(new JournalEntry("step", "efm", "x")), TestContext.Current.CancellationToken);
        Assert.NotEqual(writing, await Task.WhenAny(writing, Task.Delay(200, TestContext.Current.CancellationToken)));
        Assert.Equal("{\"Kind\":\"cut", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        await other.DisposeAsync();
        await writing;
        var lines = await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);
        var entries = lines.Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(["cut", "step"], entries.Select(e => e.GetProperty("Kind").GetString()));
        // Nothing of it is lost.
        Assert.Equal("{\"Kind\":\"cut", entries[0].GetProperty("Message").GetString());
        Assert.Equal(Environment.MachineName, entries[1].GetProperty("Machine").GetString());
    }

    /// <summary>What a kill, a full disk or a loss of power leaves of a line, wherever it ends.</summary>
    [Fact]
    public void A_line_cut_anywhere_becomes_an_entry_and_none_before_it_changes()
    {
        using var folder = new TemporaryFolder();
        var path = folder["journal.jsonl"];
        new Journal(path).Write(new JournalEntry("change", "efm", "Set-PemHba") { Difference = new string('x', 10_000) + "\"\\\n\u0001é€😀" });
        var line = File.ReadAllBytes(path);
        for (var length = 0; length < line.Length; length += length is < 300 or > 10_200 ? 1 : 97)
        {
            File.WriteAllBytes(path, [.. line, .. line[..length], .. length % 2 == 0 ? [] : new byte[] { 0xe2, 0x82 }]);
            new Journal(path).Write(new JournalEntry("step", "efm", "a"), new JournalEntry("step", "efm", "b"));
            var lines = File.ReadAllLines(path);
            Assert.Equal(System.Text.Encoding.UTF8.GetString(line).TrimEnd('\n'), lines[0]);
            var steps = lines[1..].Select(l => JsonDocument.Parse(l).RootElement).ToList();
            Assert.Equal(length == 0 ? ["a", "b"] : ["", "a", "b"], steps.Select(e => e.GetProperty("Step").GetString()));
        }
    }

    /// <summary>Two runs at once, one of them killed again and again, in the middle of lines that take the kernel many writes.</summary>
    [Fact]
    public async Task Every_line_can_be_read_after_kills_and_what_was_said_to_be_written_is_there()
    {
        using var folder = new TemporaryFolder();
        var path = folder["journal.jsonl"];
        var said = new Dictionary<int, int>();
        using var lasting = JournalWriter.Start(path);
        try
        {
            for (var kill = 0; kill < (LongForm.Asked ? 100 : 6); kill++)
            {
                using var writer = JournalWriter.Start(path);
                await SayAsync(writer, 1 + (kill % 3));
                writer.Kill();
                await EndAsync(writer);
            }
            await SayAsync(lasting, 1);
        }
        finally
        {
            lasting.Kill();
        }
        await EndAsync(lasting);
        new Journal(path).Write(new JournalEntry("step", "efm", "Set-PemHba") { Changes = 0 });

        var entries = (await File.ReadAllLinesAsync(path, Cancellation)).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        foreach (var (writer, count) in said)
        {
            var written = entries.Where(e => e.TryGetProperty("Host", out var host) && host.GetString() == $"{writer}").ToList();
            // One more may be there that it had no time to speak of.
            Assert.InRange(written.Count, count, count + 1);
            Assert.Equal(Enumerable.Range(1, written.Count), written.Select(e => e.GetProperty("Changes").GetInt32()));
            Assert.All(written, e => Assert.Equal(writer, e.GetProperty("Process").GetInt32()));
        }
        TestContext.Current.SendDiagnosticMessage($"{entries.Count} entries, {entries.Count(e => e.GetProperty("Kind").GetString() == "cut")} cut ones");

        async Task SayAsync(Process writer, int until)
        {
            while (said.GetValueOrDefault(writer.Id) < until)
                said[writer.Id] = int.Parse(Assert.IsType<string>(await writer.StandardOutput.ReadLineAsync(Cancellation)), CultureInfo.InvariantCulture);
        }

        async Task EndAsync(Process writer)
        {
            while (await writer.StandardOutput.ReadLineAsync(Cancellation) is { Length: > 0 } line) said[writer.Id] = int.Parse(line, CultureInfo.InvariantCulture);
            await writer.WaitForExitAsync(Cancellation);
        }
    }

    [Fact]
    public void One_that_cannot_be_written_is_said_before_anything_is_done()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");
        Assert.Equal("JournalUnwritable", Assert.Throws<PemHa.Engine.PemException>(new Journal(folder["file/journal.jsonl"]).Prove).Id);
        new Journal(folder["new.jsonl"]).Prove();
        Assert.Equal(("", "600"), (File.ReadAllText(folder["new.jsonl"]), Shell.Mode(folder["new.jsonl"])));
    }

    [Fact]
    public void A_cluster_without_a_journal_keeps_none() =>
        Assert.Null(Record.Exception(() => new Journal(null).Write(new JournalEntry("step", "efm", "x"))));
}
