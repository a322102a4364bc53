using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using PemHa.Engine.Remote;

namespace PemHa.Engine.State;

/// <summary>A text file of which PemHa owns some lines: edited losslessly, replaced atomically, the rest kept byte for byte.</summary>
abstract partial class ManagedFile : Resource
{
    /// <summary>Absolute path; where <see cref="Where"/> is set, the usual one.</summary>
    public required string Path { get; init; }

    /// <summary>Shell that prints the path, for a file that a server may have elsewhere; null when <see cref="Path"/> is the one.</summary>
    public string? Where { get; init; }

    /// <summary><c>user:group</c> for a new file, and for an existing one when <see cref="EnforceMode"/>.</summary>
    public required string Owner { get; init; }

    /// <summary>Octal mode, such as <c>600</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>Whether owner and mode of an existing file are brought to what is wanted.</summary>
    public bool EnforceMode { get; init; }

    public override string Name => $"file {Path}";

    public override string Probe => Where is null ? $"fact_file file {Sh.Quote(Path)}" : $"F=$({Where}); fact file.path \"$F\"; fact_file file \"$F\"";

    /// <summary>The path on the host that told the facts.</summary>
    protected string PathOf(Facts facts) => facts["file.path"] is { Length: > 0 } found ? found : Path;

    /// <summary>The text as it should be.</summary>
    /// <param name="current">The text as it is; null when there is no file.</param>
    /// <param name="facts">Whatever else the probe told.</param>
    protected abstract string Edit(string? current, Facts facts);

    /// <summary>The text as people may see it; secrets of the file's format masked, old ones and other people's included.</summary>
    protected virtual string Shown(string text) => text;

    /// <summary>A text of ours in UTF-8, as it stands in a file whose bytes are kept one by one (<see cref="Facts"/>).</summary>
    public static string Utf8(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    public override Change? Compare(Facts facts, bool triggered)
    {
        var current = facts.Has("file.text") ? facts["file.text"] : null;
        var wanted = Edit(current, facts);
        // A preview of a file that an earlier step will bring knows no mode.
        var mode = current is null || EnforceMode || !facts.Has("file.mode") ? $"{Mode} {Owner}" : facts["file.mode"];
        // It goes into the script as it is.
        if (!Rightful().IsMatch(mode) || PathOf(facts).Any(char.IsControl))
            throw new PemException("AnswerUnfit", Trouble.InvalidResult, $"What the host tells of path, mode and owner of {PathOf(facts)} makes no sense.", "Look at the file and at the host (stat).");
        if (current == wanted && facts["file.mode"] == mode) return null;
        var difference = UnifiedDiff.Of(PathOf(facts), Shown(current ?? ""), Shown(wanted));
        if (difference.Length == 0 && current != wanted) difference = "only masked values differ";
        if (facts.Has("file.mode") && facts["file.mode"] != mode) difference = $"mode {facts["file.mode"]} -> {mode}\n{difference}".TrimEnd('\n');
        return new Change(current is null ? "create" : "edit", difference, Put(PathOf(facts), mode, wanted, current))
        {
            Recipe = ByHand(facts, wanted),
            Before = Told(current),
            After = Told(wanted),
        };
    }

    string? Told(string? text) => text is null || Shown(text) != text ? null : Sha(text);

    /// <summary>How a person edits it who has not seen its text; F is its path.</summary>
    protected virtual Recipe ByHand(Facts facts, string wanted) => new($"{FindPath}\nrewrite \"$F\" {Rights} <<'TEXT'\n{Plain(wanted)}TEXT\n");

    /// <summary>Shell that sets F to the path.</summary>
    protected string FindPath => Where is null ? $"F={Sh.Quote(Path)}" : $"F=$({Where})";

    /// <summary>Owner and mode as the recipes' functions want them; nothing where a file keeps those that it has.</summary>
    protected string Rights => EnforceMode || Where is null ? $"{Sh.Quote(Owner)} {Mode}" : "";

    /// <summary>The opposite of <see cref="Utf8"/>.</summary>
    public static string Plain(string text) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text));

    /// <summary>The command that writes a file whole.</summary>
    /// <param name="mode">Mode and owner, as <c>600 root:root</c>.</param>
    /// <param name="before">The text it must still have; null when it must not be there.</param>
    public static string Put(string path, string mode, string text, string? before)
    {
        var (bits, owner) = (mode.Split(' ')[0], mode.Split(' ')[1]);
        var sha = before is null ? "-" : Sha(before);
        return $"put_file {Sh.Quote(path)} {Sh.Quote(owner)} {bits} {sha} <<'PEMHA'\n{Convert.ToBase64String(Encoding.Latin1.GetBytes(text))}\nPEMHA\n";
    }

    /// <summary>A script for people's eyes: what files are given is in the differences, and base64 hides no secret.</summary>
    public static string WithoutContents(string script) => Contents().Replace(script, "<<'PEMHA'\n(the file, in base64)\nPEMHA");

    [GeneratedRegex(@"^[0-7]{1,4} [^\s:\x00-\x1f]+:[^\s:\x00-\x1f]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Rightful();

    [GeneratedRegex("<<'PEMHA'\n[A-Za-z0-9+/=]*\nPEMHA", RegexOptions.CultureInvariant)]
    private static partial Regex Contents();

#pragma warning disable CA1308 // sha256sum writes lower case
    static string Sha(string text) => Convert.ToHexString(SHA256.HashData(Encoding.Latin1.GetBytes(text))).ToLowerInvariant();
#pragma warning restore CA1308
}
