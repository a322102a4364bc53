using System.Text;

namespace PemHa.Engine.Remote;

/// <summary>Knows the secrets of a session and masks them in everything that a person or a log may see.</summary>
sealed class Redactor
{
    const string Mask = "********";
    readonly HashSet<string> _secrets = new(StringComparer.Ordinal);

    /// <summary>Registers a secret, in each form in which it may appear (plain, escaped for a file format, quoted for the shell).</summary>
    public void Add(params string[] forms)
    {
        lock (_secrets)
        {
            foreach (var form in forms)
                if (form.Length > 0) _secrets.Add(form);
        }
    }

    /// <summary>The text with every registered secret masked; where secrets overlap, all that any of them covers.</summary>
    public string Redact(string text)
    {
        string[] secrets;
        lock (_secrets) secrets = [.. _secrets];
        var covered = new List<(int From, int To)>();
        foreach (var secret in secrets)
            for (var at = text.IndexOf(secret, StringComparison.Ordinal); at >= 0; at = text.IndexOf(secret, at + 1, StringComparison.Ordinal))
                covered.Add((at, at + secret.Length));
        if (covered.Count == 0) return text;
        var masked = new StringBuilder();
        var end = 0;
        foreach (var (from, to) in covered.Order())
        {
            if (from >= end) masked.Append(text, end, from - end).Append(Mask);
            end = Math.Max(end, to);
        }
        return masked.Append(text, end, text.Length - end).ToString();
    }
}
