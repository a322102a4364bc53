using System.Globalization;

namespace PemHa.Lab.Verbs;

/// <summary>The words after a verb: options first, then what the verb itself understands.</summary>
sealed class Arguments
{
    readonly Verb _verb;
    readonly Dictionary<string, string> _options = [];

    public Arguments(Verb verb, string[] words)
    {
        _verb = verb;
        var i = 0;
        for (; i < words.Length && words[i].StartsWith("--", StringComparison.Ordinal); i += 2)
        {
            if (words[i] == "--")
            {
                i++;
                break;
            }
            if (words[i] != "--name" && !verb.Usage.Contains(words[i] + " ", StringComparison.Ordinal))
                throw new LabException($"`{verb.Name}` has no option {words[i]}.");
            if (i + 1 == words.Length)
                throw new LabException($"{words[i]} needs a value.");
            _options[words[i]] = words[i + 1];
        }
        Rest = words[i..];
    }

    public string[] Rest { get; }

    public string Name => _options.GetValueOrDefault("--name", LabOptions.DefaultName);

    public string Text(string option, string otherwise) => _options.GetValueOrDefault(option, otherwise);

    /// <summary>"a=b,c=d" as pairs.</summary>
    public IReadOnlyDictionary<string, string> Pairs(string option)
    {
        var pairs = Text(option, "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=')).ToArray();
        return pairs.All(p => p.Length == 2) && pairs.DistinctBy(p => p[0]).Count() == pairs.Length
            ? pairs.ToDictionary(p => p[0], p => p[1])
            : throw new LabException($"{option} needs pairs, such as node2=ens33,node3=ens34; not '{_options[option]}'.");
    }

    public int Number(string option, int otherwise) =>
        !_options.TryGetValue(option, out var text) ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new LabException($"{option} needs a number, not '{text}'.");

    /// <summary>Exactly these many words, or the verb's usage as an error.</summary>
    public IReadOnlyList<string> Exactly(int count) => Rest.Length == count ? Rest : throw Misused();

    public LabException Misused() => new($"Usage: {_verb.Name} {_verb.Usage}".TrimEnd());
}
