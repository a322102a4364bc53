using System.Globalization;
using System.Text;

namespace PemHa.Engine.Remote;

/// <summary>A fact that a probe reported.</summary>
/// <param name="Value">A plain value of one line; null where it came encoded.</param>
/// <param name="Text">A value of any number of lines, each byte a character; null where it came plain.</param>
sealed record RecordedFact(string Name, string? Value, string? Text);

/// <summary>What a host answered to one probe, without secrets.</summary>
sealed record RecordedAnswer
{
    public int Status { get; init; }

    public string Error { get; init; } = "";

    /// <summary>What a probe that failed wrote.</summary>
    public string Output { get; init; } = "";

    public IReadOnlyList<RecordedFact> Facts { get; init; } = [];

    /// <summary>Keeps an answer.</summary>
    /// <param name="mask">Takes the secrets out of a text.</param>
    public static RecordedAnswer From(FragmentResult result, Func<string, string> mask)
    {
        if (result.ExitCode != 0) return new RecordedAnswer { Status = result.ExitCode, Error = mask(result.Error), Output = mask(result.Output) };
        var facts = new List<RecordedFact>();
        foreach (var line in result.Output.Split('\n'))
        {
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            if (tab <= 0) continue;
            var (name, value) = (line[..tab], line[(tab + 1)..]);
            if (value.StartsWith('=')) facts.Add(new RecordedFact(name, mask(value[1..]), null));
            // What cannot be decoded is nothing to the reader either.
            else facts.Add(new RecordedFact(name, null, Decode(value) is { } text ? Masked(text, mask) : ""));
        }
        return new RecordedAnswer { Error = mask(result.Error), Facts = facts };
    }

    /// <summary>The answer as the host would give it.</summary>
    public FragmentResult ToResult() => new(Status, Status != 0 ? Output : string.Concat(Facts.Select(f => f.Value is { } value
        ? $"{f.Name}\t={value}\n" : $"{f.Name}\t{Convert.ToBase64String(Encoding.Latin1.GetBytes(f.Text ?? ""))}\n")), Error);

    /// <summary>
    /// Secrets are known as text; a file is kept byte by byte, and its letters are read as UTF-8 where it is that.
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
        return Convert.TryFromBase64String(base64, bytes, out var length) ? Encoding.Latin1.GetString(bytes, 0, length) : null;
    }
}

/// <summary>What a support bundle keeps of one host for those who look at it later.</summary>
sealed record RecordedHost
{
    /// <summary>As whom and over what it was reached.</summary>
    public string Way { get; init; } = "";

    /// <summary>How far its clock was ahead.</summary>
    public string Clock { get; init; } = "";

    /// <summary>Why it did not answer for the status; null when it did.</summary>
    public string? StatusTrouble { get; init; }

    /// <summary>What was advised about that.</summary>
    public string StatusRemedy { get; init; } = "";

    /// <summary>Why it did not answer for the checks; null when it did.</summary>
    public string? CheckTrouble { get; init; }

    /// <summary>What was advised about that.</summary>
    public string CheckRemedy { get; init; } = "";

    /// <summary>By the keys of the probes.</summary>
    public IReadOnlyDictionary<string, RecordedAnswer> Answers { get; init; } = new Dictionary<string, RecordedAnswer>();
}

/// <summary>Passes what is asked on to a session, and keeps the answers to probes that have a key.</summary>
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
/// A host of a support bundle: answers the probes that it answered when the bundle was saved, and nothing else.
/// </summary>
sealed class RecordedSession(RecordedHost host, DateTime saved) : IProbeSession, IDisposable
{
    public Redactor Redactor { get; } = new();

    public string Way => host.Way;

    /// <summary>When the bundle was saved.</summary>
    public DateTime Saved => saved;

    /// <summary>The error of whatever needs the host itself.</summary>
    public PemException Refusal(PemHost of) => new("HostOffline", Trouble.InvalidOperation,
        string.Create(CultureInfo.InvariantCulture, $"{of.Name} is offline: it is from a bundle of {saved:yyyy-MM-dd HH:mm} UTC."),
        "Get-PemClusterStatus and Test-PemPrerequisite work on a bundle. For anything else describe the host and connect to it.")
    { Host = of };

    public Task<IReadOnlyList<FragmentResult>> RunAsync(RemoteScript script, CancellationToken ct)
    {
        var keys = script.Keys.SelectMany(k => k).ToHashSet(StringComparer.Ordinal);
        if (keys.Contains(Procedure.StatusReader.Key))
        {
            if (host.StatusTrouble is { } trouble) throw new PemException("HostSilent", Trouble.OperationTimeout, trouble, host.StatusRemedy);
        }
        else ThrowTrouble();
        return Task.FromResult<IReadOnlyList<FragmentResult>>([.. script.Keys.Select(Answer)]);
    }

    public Task<string> ClockOffsetAsync(CancellationToken ct)
    {
        ThrowTrouble();
        return Task.FromResult(host.Clock);
    }

    public void Dispose() { }

    void ThrowTrouble()
    {
        if (host.CheckTrouble is { } trouble) throw new PemException("HostSilent", Trouble.OperationTimeout, trouble, host.CheckRemedy);
    }

    FragmentResult Answer(IReadOnlyList<string> keys) => keys.Select(host.Answers.GetValueOrDefault).FirstOrDefault(a => a is not null)?.ToResult()
        ?? new FragmentResult(1, "", "the bundle has no answer to it: another version of PemHa saved it");
}
