using System.Globalization;
using System.Text;

namespace PemHa.Engine.Remote;

/// <summary>A fact that a probe reported.</summary>
/// <param name="Value">A plain value of one line; null for an encoded value.</param>
/// <param name="Text">A value of any number of lines, each byte a character; null for a plain value.</param>
sealed record RecordedFact(string Name, string? Value, string? Text);

/// <summary>The answer of a host to one probe, without secrets.</summary>
sealed record RecordedAnswer
{
    public int Status { get; init; }

    public string Error { get; init; } = "";

    /// <summary>The output of a probe that failed.</summary>
    public string Output { get; init; } = "";

    public IReadOnlyList<RecordedFact> Facts { get; init; } = [];

    /// <summary>Records an answer.</summary>
    /// <param name="mask">Masks the secrets in a text.</param>
    public static RecordedAnswer From(FragmentResult result, Func<string, string> mask)
    {
        if (result.ExitCode != 0)
        {
            return new RecordedAnswer
            {
                Status = result.ExitCode,
                Error = mask(result.Error),
                Output = mask(result.Output),
            };
        }

        var facts = new List<RecordedFact>();
        foreach (var line in result.Output.Split('\n'))
        {
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            if (tab <= 0) continue;
            var (name, value) = (line[..tab], line[(tab + 1)..]);
            if (value.StartsWith('=')) facts.Add(new RecordedFact(name, mask(value[1..]), null));
            // The reader of facts ignores a value that cannot be decoded, too.
            else facts.Add(new RecordedFact(name, null, Decode(value) is { } text ? Masked(text, mask) : ""));
        }
        return new RecordedAnswer { Error = mask(result.Error), Facts = facts };
    }

    /// <summary>The answer as the host printed it.</summary>
    public FragmentResult ToResult() => new(Status, Status != 0 ? Output : string.Concat(Facts.Select(Line)), Error);

    static string Line(RecordedFact fact) => fact.Value is { } value
        ? $"{fact.Name}\t={value}\n"
        : $"{fact.Name}\t{Convert.ToBase64String(Encoding.Latin1.GetBytes(fact.Text ?? ""))}\n";

    /// <summary>
    /// Secrets are known as text, but a file is kept byte by byte: mask its text if the bytes are valid UTF-8, and the
    /// bytes otherwise.
    /// </summary>
    static string Masked(string bytes, Func<string, string> mask)
    {
        var text = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes));
        string Bytes(string letters) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(letters));
        return Bytes(text) == bytes ? Bytes(mask(text)) : mask(bytes);
    }

    static string? Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length)
            ? Encoding.Latin1.GetString(bytes, 0, length)
            : null;
    }
}

/// <summary>The answers of one host that a support bundle keeps.</summary>
sealed record RecordedHost
{
    /// <summary>The user and the route by which it was reached.</summary>
    public string Way { get; init; } = "";

    /// <summary>How far its clock was ahead of the clock of the machine that saved the bundle, in seconds.</summary>
    public string Clock { get; init; } = "";

    /// <summary>Why it did not answer the probes of the status; null when it did.</summary>
    public string? StatusTrouble { get; init; }

    /// <summary>The remedy for that error.</summary>
    public string StatusRemedy { get; init; } = "";

    /// <summary>Why it did not answer the probes of the checks; null when it did.</summary>
    public string? CheckTrouble { get; init; }

    /// <summary>The remedy for that error.</summary>
    public string CheckRemedy { get; init; } = "";

    /// <summary>The answers by the keys of their probes.</summary>
    public IReadOnlyDictionary<string, RecordedAnswer> Answers { get; init; } =
        new Dictionary<string, RecordedAnswer>();
}

/// <summary>Runs scripts in another session and records the answers to probes that have a key.</summary>
sealed class RecordingSession(IProbeSession session, Func<string, string> mask) : IProbeSession
{
    readonly SortedDictionary<string, RecordedAnswer> _answers = new(StringComparer.Ordinal);

    public Redactor Redactor => session.Redactor;

    public string Way => session.Way;

    public string Clock { get; private set; } = "";

    public IReadOnlyDictionary<string, RecordedAnswer> Answers => _answers;

    public async Task<IReadOnlyList<FragmentResult>> RunAsync(RemoteScript script, CancellationToken ct)
    {
        var results = await session.RunAsync(script, ct);
        foreach (var (keys, result) in script.Keys.Zip(results))
        {
            if (keys.Count == 0) continue;
            var answer = RecordedAnswer.From(result, mask);
            foreach (var key in keys) _answers[key] = answer;
        }
        return results;
    }

    public async Task<string> ClockOffsetAsync(CancellationToken ct) => Clock = await session.ClockOffsetAsync(ct);
}

/// <summary>
/// A host of a support bundle: replays the answers that were recorded when the bundle was saved, and nothing else.
/// </summary>
sealed class RecordedSession(RecordedHost host, DateTime saved) : IProbeSession, IDisposable
{
    public Redactor Redactor { get; } = new();

    public string Way => host.Way;

    /// <summary>When the bundle was saved.</summary>
    public DateTime Saved => saved;

    /// <summary>The error of every command that needs the host itself.</summary>
    public PemException Refusal(PemHost of) => new("HostOffline", Trouble.InvalidOperation,
        string.Create(CultureInfo.InvariantCulture,
            $"{of.Name} is offline: it is from a bundle of {saved:yyyy-MM-dd HH:mm} UTC."),
        "Get-PemClusterStatus and Test-PemPrerequisite work on a bundle. "
            + "For anything else describe the host and connect to it.")
    { Host = of };

    public Task<IReadOnlyList<FragmentResult>> RunAsync(RemoteScript script, CancellationToken ct)
    {
        var keys = script.Keys.SelectMany(k => k).ToHashSet(StringComparer.Ordinal);
        if (keys.Contains(Procedure.StatusReader.Key))
        {
            ThrowIfSilent(host.StatusTrouble, host.StatusRemedy);
        }
        else
        {
            ThrowIfSilent(host.CheckTrouble, host.CheckRemedy);
        }
        return Task.FromResult<IReadOnlyList<FragmentResult>>([.. script.Keys.Select(Answer)]);
    }

    public Task<string> ClockOffsetAsync(CancellationToken ct)
    {
        ThrowIfSilent(host.CheckTrouble, host.CheckRemedy);
        return Task.FromResult(host.Clock);
    }

    public void Dispose() { }

    static void ThrowIfSilent(string? trouble, string remedy)
    {
        if (trouble is not null) throw new PemException("HostSilent", Trouble.OperationTimeout, trouble, remedy);
    }

    FragmentResult Answer(IReadOnlyList<string> keys)
    {
        var recorded = keys.Select(host.Answers.GetValueOrDefault).FirstOrDefault(a => a is not null);

        return recorded?.ToResult()
            ?? new FragmentResult(1, "", "the bundle has no answer to it: another version of PemHa saved it");
    }
}
