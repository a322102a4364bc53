using System.Text;
using CsCheck;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Tests.State;

/// <summary>Files looked at and replaced by the real shell.</summary>
public sealed class ManagedFileTests : IDisposable
{
    static readonly Gen<string> Bytes = Gen.Byte.Array[0, 200].Select(Encoding.Latin1.GetString);
    readonly TemporaryFolder _folder = new();
    readonly string _owner = Shell.Sh("printf '%s:%s' \"$(id -un)\" \"$(id -gn)\"").Output;

    [Fact]
    public void Every_byte_survives_the_way_there_and_back() => Gen.Select(Bytes, Bytes).Holds((first, second) =>
    {
        var path = _folder[Guid.NewGuid().ToString("N")];
        Assert.Equal(0, Put(path, "640", first, null).ExitCode);
        Assert.Equal(0, Put(path, "600", second, first).ExitCode);
        Assert.Equal(second, Encoding.Latin1.GetString(File.ReadAllBytes(path)));
        Assert.Equal("600", Shell.Mode(path));
        var facts = Probe(path);
        Assert.Equal((second, $"600 {_owner}"), (facts["file.text"], facts["file.mode"]));
        // One backup, of what was there before.
        Assert.Equal(first, Encoding.Latin1.GetString(File.ReadAllBytes(Assert.Single(Directory.GetFiles(_folder.Path,
            Path.GetFileName(path) + ".pemha-*")))));
    }, cases: 12, threads: 1);

    [Theory]
    [InlineData(null, "theirs")]
    [InlineData("ours", "theirs")]
    [InlineData("ours", null)]
    public void A_file_that_somebody_else_changed_meanwhile_is_left_alone(string? expected, string? found)
    {
        var path = _folder["file"];
        if (found is not null) File.WriteAllText(path, found);
        var result = Put(path, "600", "new", expected);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("by somebody else meanwhile", result.Error, StringComparison.Ordinal);
        Assert.Equal(found, File.Exists(path) ? File.ReadAllText(path) : null);
        Assert.Equal(found is null ? 0 : 1, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public void A_link_stays_a_link_to_the_changed_file()
    {
        File.WriteAllText(_folder["real"], "old");
        File.CreateSymbolicLink(_folder["link"], _folder["real"]);
        Assert.Equal(0, Put(_folder["link"], "600", "new", "old").ExitCode);
        Assert.Equal("new", File.ReadAllText(_folder["real"]));
        Assert.Equal(_folder["real"], File.ResolveLinkTarget(_folder["link"], false)!.FullName);
    }

    [Fact]
    public void What_a_host_without_power_left_half_written_goes_with_the_next_write()
    {
        File.WriteAllText(_folder[".pemha.Ab3xYz"], "half a secr");
        File.WriteAllText(_folder[".pemha.keep"], "somebody's");
        Assert.Equal(0, Put(_folder["file"], "600", "new", null).ExitCode);
        Assert.Equal([".pemha.keep", "file"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("cp() { /bin/cp \"$@\"; return 1; }")]
    [InlineData("mv() { return 1; }")]
    [InlineData("sync() { return 1; }")]
    public void A_write_that_fails_leaves_the_file_and_the_backup_before_it_and_nothing_half(string trouble)
    {
        File.WriteAllText(_folder["file"], "old");
        File.WriteAllText(_folder["file.pemha-20260101T000000Z"], "older");
        var result = Run($"{trouble}\n{ManagedFile.Put(_folder["file"], $"600 {_owner}", "new", "old")}");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains($"cannot write {_folder["file"]}", result.Error, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(_folder["file"]));
        Assert.Equal("older", File.ReadAllText(_folder["file.pemha-20260101T000000Z"]));
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_an_error() => Assert.NotEqual(0, Put(_folder["none/file"], "600", "x", null).ExitCode);

    [Fact]
    public void A_file_that_is_not_there_has_neither_text_nor_mode()
    {
        var facts = Probe(_folder["none"]);
        Assert.False(facts.Has("file.text") || facts.Has("file.mode"));
    }

    [Fact]
    public void A_files_content_is_hidden_from_people_and_nothing_else_is()
    {
        var text = $"echo before\n{ManagedFile.Put("/etc/x", "600 root:root", "s3cret", null)}echo after\n";
        Assert.Equal("echo before\nput_file /etc/x root:root 600 - <<'PEMHA'\n(the file, in base64)\nPEMHA\necho after\n",
            ManagedFile.WithoutContents(text));
    }

    public void Dispose() => _folder.Dispose();

    Shell.Result Put(string path, string mode, string text, string? before) => Run(ManagedFile.Put(path, $"{mode} {_owner}", text, before));

    static Facts Probe(string path) => Facts.Parse(Run($"fact_file file {Sh.Quote(path)}").Output);

    static Shell.Result Run(string text) => Shell.Sh($"set -e\n{Prelude.For(new Example().Cluster)}\n{text}\n");
}
