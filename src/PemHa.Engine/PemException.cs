using PemHa.Engine.Remote;

namespace PemHa.Engine;

/// <summary>The kinds of trouble, as PowerShell's error categories name them.</summary>
enum Trouble
{
    ConnectionError,
    AuthenticationError,
    SecurityError,
    InvalidArgument,
    InvalidOperation,
    InvalidResult,
    ObjectNotFound,
    OperationTimeout,
    OperationStopped,
    ResourceBusy,
    NotSpecified,
}

/// <summary>Trouble that a person can act on: says which host, which step, what is wrong and what to do.</summary>
sealed class PemException(string id, Trouble category, string message, string remedy, Exception? inner = null)
    : Exception(Printable.Text(Short(message)), inner)
{
    /// <summary>Stable identifier, such as <c>HostKeyUnknown</c>.</summary>
    public string Id { get; } = id;

    public Trouble Category { get; } = category;

    /// <summary>What the person should do.</summary>
    public string Remedy { get; } = Printable.Text(remedy);

    /// <summary>The host in trouble; null when it is the whole cluster.</summary>
    public PemHost? Host { get; init; }

    /// <summary>What was given and will not do, where the trouble is about that and no host.</summary>
    public object? Given { get; init; }

    /// <summary>The step (cmdlet) that ran.</summary>
    public string? Step { get; init; }

    /// <summary>Who is in the way, where it is another run of PemHa that tells.</summary>
    public LockHolder? Holder { get; init; }

    /// <summary>A message is for a person: of what a host said at length, the beginning and the end.</summary>
    static string Short(string message) => message.Length <= 2 * Half ? message : $"{message[..Half]}\n…\n{message[^Half..]}";

    const int Half = 4000;

    /// <summary>What the libraries, the runtime or we ourselves did not foresee, as an error that says so.</summary>
    public static PemException Unexpected(Exception e) => e as PemException
        ?? new("Unexpected", Trouble.NotSpecified, $"PemHa did not foresee this: {e.GetType().Name}: {e.Message}", ErrorTable.Of("Unexpected").Remedy, e);

    /// <summary>The same trouble, with the host and the step filled in where they were unknown.</summary>
    public PemException At(PemHost? host, string? step) =>
        new(Id, Category, Message, Remedy, InnerException) { Host = Host ?? host, Step = Step ?? step, Holder = Holder, Given = Given };
}
