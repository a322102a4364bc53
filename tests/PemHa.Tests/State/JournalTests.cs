using System.Text.Json;
using PemHa.Engine.State;

namespace PemHa.Tests.State;

/// <summary>The audit journal.</summary>
public class JournalTests
{
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
        Assert.Equal((2, "{\"Kind\":\"cut"), (lines.Length, lines[0]));
        Assert.Equal(Environment.MachineName, JsonDocument.Parse(lines[1]).RootElement.GetProperty("Machine").GetString());
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
