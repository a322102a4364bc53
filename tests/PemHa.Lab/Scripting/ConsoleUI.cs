using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace PemHa.Lab.Scripting;

/// <summary>Shows what the engine shows: objects on standard output, the rest on standard error, colour only on a terminal.</summary>
sealed class ConsoleUI : PSHostUserInterface
{
    const string Red = "\x1b[31;1m", Yellow = "\x1b[33;1m", Reset = "\x1b[0m", ClearLine = "\r\x1b[K";

    readonly bool _colour = Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
    readonly Lock _gate = new();
    TextWriter _objects = Console.Out;
    bool _progressShown;

    public int Errors { get; private set; }

    public override PSHostRawUserInterface RawUI { get; } = new ConsoleRawUI();

    public override bool SupportsVirtualTerminal => _colour && !(Console.IsOutputRedirected && Console.IsErrorRedirected);

    /// <summary>What is formatted after this is the error that ended the script, not its output.</summary>
    public void EndInError()
    {
        Errors++;
        _objects = Console.Error;
    }

    public override void Write(string value) => Out(_objects, value);

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Out(_objects, value);

    public override void WriteLine(string value) => Out(_objects, value + "\n");

    public override void WriteErrorLine(string value)
    {
        Errors++;
        Out(Console.Error, Painted(Red, value));
    }

    public override void WriteWarningLine(string message) => Out(Console.Error, Painted(Yellow, "WARNING: " + message));

    public override void WriteVerboseLine(string message) => Out(Console.Error, Painted(Yellow, "VERBOSE: " + message));

    public override void WriteDebugLine(string message) => Out(Console.Error, Painted(Yellow, "DEBUG: " + message));

    public override void WriteInformation(InformationRecord record)
    {
        // The engine has written it already where $InformationPreference wants it seen.
    }

    /// <summary>One line that is written over and over; where nobody looks nothing, or plain lines for whom PEMHA_LAB_PROGRESS is set.</summary>
    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        var percent = record.PercentComplete >= 0 ? string.Create(CultureInfo.InvariantCulture, $" {record.PercentComplete}%") : "";
        var line = $"{record.Activity}: {record.StatusDescription}{percent}";
        if (Console.IsErrorRedirected)
        {
            if (Environment.GetEnvironmentVariable("PEMHA_LAB_PROGRESS") is { Length: > 0 })
                Out(Console.Error, $"PROGRESS: {line}\n");
            return;
        }
        lock (_gate)
        {
            var width = Math.Max(20, RawUI.BufferSize.Width - 1);
            _progressShown = record.RecordType == ProgressRecordType.Processing;
            Console.Error.Write(ClearLine + (_progressShown ? line.Length > width ? line[..width] : line : ""));
        }
    }

    public override string ReadLine()
    {
        NeedConsole();
        return Console.ReadLine() ?? throw new PipelineStoppedException();
    }

    public override SecureString ReadLineAsSecureString()
    {
        NeedConsole();
        var secret = new SecureString();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key != ConsoleKey.Backspace)
                secret.AppendChar(key.KeyChar);
            else if (secret.Length > 0)
                secret.RemoveAt(secret.Length - 1);
        }
        Console.Error.WriteLine();
        return secret;
    }

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        Ask($"{caption}\n{message}\n");
        var answers = new Dictionary<string, PSObject>();
        foreach (var field in descriptions)
        {
            Ask(field.Name + ": ");
            var isSecret = field.ParameterTypeName == nameof(SecureString);
            answers[field.Name] = isSecret ? PSObject.AsPSObject(ReadLineAsSecureString()) : PSObject.AsPSObject(ReadLine());
        }
        return answers;
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        Ask($"{caption}\n{message}\n");
        while (true)
        {
            // "&Yes" is answered by its letter or its name.
            var letters = choices.Select(Letter).ToArray();
            var names = choices.Select(c => c.Label.Replace("&", "", StringComparison.Ordinal)).ToArray();
            var offer = string.Join("  ", letters.Zip(names, (letter, name) => $"[{letter}] {name}"));
            Ask(offer + (defaultChoice < 0 ? ": " : $" (default {letters[defaultChoice]}): "));
            var answer = ReadLine().Trim();
            if (answer.Length == 0 && defaultChoice >= 0)
                return defaultChoice;
            var chosen = Array.FindIndex(letters, l => l.Equals(answer, StringComparison.OrdinalIgnoreCase));
            if (chosen < 0)
                chosen = Array.FindIndex(names, n => n.Equals(answer, StringComparison.OrdinalIgnoreCase));
            if (chosen >= 0)
                return chosen;
        }
    }

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName)
    {
        Ask($"{caption}\n{message}\n");
        if (string.IsNullOrEmpty(userName))
        {
            Ask("User: ");
            userName = ReadLine();
        }
        Ask($"Password for {userName}: ");
        return new PSCredential(userName, ReadLineAsSecureString());
    }

    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options) =>
        PromptForCredential(caption, message, userName, targetName);

    static string Letter(ChoiceDescription choice)
    {
        var at = choice.Label.IndexOf('&', StringComparison.Ordinal);
        return at >= 0 && at + 1 < choice.Label.Length ? choice.Label[at + 1].ToString() : choice.Label;
    }

    static void NeedConsole()
    {
        if (Console.IsInputRedirected)
            throw new HostException("The script asks something, and there is no console to answer it.");
    }

    void Ask(string text)
    {
        NeedConsole();
        Out(Console.Error, text);
    }

    static string Painted(string colour, string text) =>
        (text.Contains('\x1b', StringComparison.Ordinal) ? text : colour + text + Reset) + "\n";

    void Out(TextWriter writer, string text)
    {
        lock (_gate)
        {
            if (_progressShown)
                Console.Error.Write(ClearLine);
            _progressShown = false;
            var terminal = writer == Console.Out ? !Console.IsOutputRedirected : !Console.IsErrorRedirected;
            writer.Write(GetOutputString(text, terminal && _colour));
            writer.Flush();
        }
    }
}
