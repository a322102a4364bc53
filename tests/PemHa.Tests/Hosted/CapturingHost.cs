using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text;

namespace PemHa.Tests.Hosted;

/// <summary>A host that keeps what is shown to the user, on a screen of 200 columns unless it is told another width.</summary>
sealed class CapturingHost : PSHost
{
    readonly Ui _ui = new();

    public string Text => _ui.Text.ToString();

    /// <summary>How the person writes numbers and dates.</summary>
    public CultureInfo Culture { get; set; } = CultureInfo.InvariantCulture;

    /// <summary>Whether the screen shows colours.</summary>
    public bool Colours
    {
        set => _ui.Colours = value;
    }

    /// <summary>Whoever sits at the keyboard; null when nobody does.</summary>
    public Answers? Answers
    {
        get => _ui.Answers;
        set => _ui.Answers = value;
    }

    public override string Name => "PemHa.Tests";
    public override Version Version { get; } = new(1, 0);
    public override Guid InstanceId { get; } = Guid.NewGuid();
    public override CultureInfo CurrentCulture => Culture;
    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;
    public override PSHostUserInterface UI => _ui;
    public override void EnterNestedPrompt() => throw new NotSupportedException();
    public override void ExitNestedPrompt() => throw new NotSupportedException();
    public override void NotifyBeginApplication() { }
    public override void NotifyEndApplication() { }
    public override void SetShouldExit(int exitCode) { }

    sealed class Ui : PSHostUserInterface
    {
        public StringBuilder Text { get; } = new();

        public Answers? Answers { get; set; }

        public override PSHostRawUserInterface RawUI { get; } = new Screen();
        public bool Colours { get; set; }

        public override bool SupportsVirtualTerminal => Colours;
        // As PowerShell's own host does.
        public override void Write(string value) => Text.Append(GetOutputString(value, SupportsVirtualTerminal));
        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);
        public override void WriteLine(string value) => Write(value + "\n");
        public override void WriteDebugLine(string message) => WriteLine("DEBUG: " + message);
        public override void WriteErrorLine(string value) => WriteLine("ERROR: " + value);
        public override void WriteVerboseLine(string message) => WriteLine("VERBOSE: " + message);
        public override void WriteWarningLine(string message) => WriteLine("WARNING: " + message);
        public override void WriteProgress(long sourceId, ProgressRecord record) { }
        public override string ReadLine() => throw new HostException("Nobody is there to answer.");
        public override SecureString ReadLineAsSecureString() => throw new HostException("Nobody is there to answer.");
        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) =>
            (Answers ?? throw new HostException("Nobody is there to answer.")).Choose(message);
        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
            throw new HostException("Nobody is there to answer.");
        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
            throw new HostException("Nobody is there to answer.");
        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName,
            PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
            throw new HostException("Nobody is there to answer.");
    }

    sealed class Screen : PSHostRawUserInterface
    {
        public override ConsoleColor BackgroundColor { get; set; }
        public override ConsoleColor ForegroundColor { get; set; }
        public override Size BufferSize { get; set; } = new(200, 50);
        public override Coordinates CursorPosition { get; set; }
        public override int CursorSize { get; set; }
        public override bool KeyAvailable => false;
        public override Size MaxPhysicalWindowSize => BufferSize;
        public override Size MaxWindowSize => BufferSize;
        public override Coordinates WindowPosition { get; set; }
        public override Size WindowSize { get; set; } = new(200, 50);
        public override string WindowTitle { get; set; } = "";
        public override void FlushInputBuffer() { }
        public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();
        public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();
        public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) =>
            throw new NotSupportedException();
        public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw new NotSupportedException();
        public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw new NotSupportedException();
    }
}

/// <summary>A person who is asked and does not answer, but may press Ctrl-C.</summary>
public sealed class Answers
{
    readonly TaskCompletionSource _interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when there is a question, with its text.</summary>
    public TaskCompletionSource<string> Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Interrupt() => _interrupted.TrySetResult();

    public int Choose(string message)
    {
        Asked.TrySetResult(message);
        _interrupted.Task.Wait();
        throw new PipelineStoppedException();
    }
}
