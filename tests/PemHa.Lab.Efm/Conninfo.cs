using System.Text;

namespace PemHa.Lab.Efm;

/// <summary>Reads and rewrites libpq's <c>key=value key='quoted value'</c> form of primary_conninfo.</summary>
static class Conninfo
{
    /// <summary>The same settings with another host; application_name is set to the given one, or dropped when that is asked for.</summary>
    internal static string WithHost(string conninfo, string host, string? applicationName = null, bool dropApplicationName = false)
    {
        var pairs = Parse(conninfo);
        pairs.RemoveAll(p => p.Key == "hostaddr");
        Set(pairs, "host", host);
        if (applicationName is { Length: > 0 }) Set(pairs, "application_name", applicationName);
        else if (dropApplicationName) pairs.RemoveAll(p => p.Key == "application_name");
        return Format(pairs);
    }

    internal static List<KeyValuePair<string, string>> Parse(string conninfo)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        for (var i = 0; ;)
        {
            while (i < conninfo.Length && char.IsWhiteSpace(conninfo[i])) i++;
            if (i >= conninfo.Length) return pairs;
            var equals = conninfo.IndexOf('=', i);
            if (equals < 0) throw new FormatException("primary_conninfo: '=' expected");
            var key = conninfo[i..equals].Trim();
            i = equals + 1;
            while (i < conninfo.Length && char.IsWhiteSpace(conninfo[i])) i++;
            var value = new StringBuilder();
            var quoted = i < conninfo.Length && conninfo[i] == '\'';
            if (quoted) i++;
            for (; i < conninfo.Length && (quoted ? conninfo[i] != '\'' : !char.IsWhiteSpace(conninfo[i])); i++)
            {
                if (conninfo[i] == '\\' && i + 1 < conninfo.Length) i++;
                value.Append(conninfo[i]);
            }
            if (quoted && i++ >= conninfo.Length) throw new FormatException("primary_conninfo: a quote is not closed");
            pairs.Add(new(key, value.ToString()));
        }
    }

    internal static string Format(IEnumerable<KeyValuePair<string, string>> pairs) => string.Join(' ', pairs.Select(p =>
        p.Value.Length > 0 && !p.Value.Any(c => char.IsWhiteSpace(c) || c is '\'' or '\\')
            ? $"{p.Key}={p.Value}"
            : $"{p.Key}='{p.Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'"));

    static void Set(List<KeyValuePair<string, string>> pairs, string key, string value)
    {
        var at = pairs.FindIndex(p => p.Key == key);
        if (at < 0) pairs.Add(new(key, value)); else pairs[at] = new(key, value);
    }
}
