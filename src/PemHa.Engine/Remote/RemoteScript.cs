using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PemHa.Engine.Remote;

/// <summary>What one fragment of a script gave.</summary>
/// <param name="ExitCode">Its exit status.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Error">What it wrote to standard error.</param>
sealed record FragmentResult(int ExitCode, string Output, string Error);

/// <summary>How a script holds the host's lock; a mere look at the status needs none.</summary>
enum HostLock
{
    /// <summary>Reading: waits for a change in progress, lets other readers in.</summary>
    Shared,

    /// <summary>Changing: alone on the host.</summary>
    Exclusive,
}

/// <summary>
/// Several fragments of POSIX <c>sh</c> that go to a host in one round trip: sent whole on standard input, started only when
/// all of it has arrived, stopped at the first fragment that fails, answered fragment by fragment.
/// </summary>
sealed class RemoteScript(string prelude, HostLock? @lock, TimeSpan lockWait)
{
    /// <summary>Exit status for "another run holds the lock".</summary>
    public const int LockTimeout = 98;

    readonly List<(string Text, bool StopsOnFailure)> _fragments = [];

    // Nothing on the host can know this in advance, so no output can pass for a frame of ours.
    readonly string _nonce = Convert.ToHexString(RandomNumberGenerator.GetBytes(12));

    /// <summary>Adds a fragment; it runs in a subshell with no standard input.</summary>
    /// <param name="text">The commands.</param>
    /// <param name="stopsOnFailure">Whether its failure keeps later fragments from running.</param>
    /// <returns>The fragment's index among the results.</returns>
    public int Add(string text, bool stopsOnFailure)
    {
        _fragments.Add((text, stopsOnFailure));
        return _fragments.Count - 1;
    }

    public int Count => _fragments.Count;

    /// <summary>How long a host may take for it: the wait for its lock, and some minutes for looking; null for a change, which takes as long as it takes.</summary>
    public TimeSpan? Deadline => _fragments.Any(f => f.StopsOnFailure) ? null : lockWait + TimeSpan.FromMinutes(5);

    /// <summary>The fragments alone, as a person would want to read them; may hold secrets.</summary>
    public string Fragments => string.Join("\n", _fragments.Select(f => f.Text.TrimEnd('\n')));

    /// <summary>The text to send.</summary>
    public string Render()
    {
        var s = new StringBuilder();
        // The braces make the shell read all of it before it runs any: a connection lost while sending starts nothing.
        s.Append("{\nframe() { printf '\\n").Append(_nonce).Append(" %s\\n' \"$*\"; }\n");
        // A first word, before the wait for the lock: a host that hangs is told from one that works. Where nobody hears it, nothing is begun.
        s.Append("frame here\n").Append(Head(@lock, lockWait)).Append(prelude);
        s.Append("errors() { frame err $1 $2; [ ! -s \"$T/e\" ] || cat \"$T/e\"; frame end $1; }\n");
        foreach (var (index, (text, stops)) in _fragments.Select((f, i) => (i, f)))
        {
            // What changes something writes to a file: a lost connection then ends this shell between two fragments, never a command in its middle.
            if (!stops) s.Append(CultureInfo.InvariantCulture, $"frame out {index}\n");
            s.Append("( exec 9>&-\n").Append(text.TrimEnd('\n')).Append(stops ? "\n) >\"$T/o\" 2>\"$T/e\" </dev/null; R=$?\n" : "\n) 2>\"$T/e\" </dev/null; R=$?\n");
            if (stops) s.Append(CultureInfo.InvariantCulture, $"frame out {index}; cat \"$T/o\"\n");
            s.Append(CultureInfo.InvariantCulture, $"errors {index} $R\n");
            if (stops) s.Append("[ $R = 0 ] || exit 0\n");
        }
        return s.Append("exit 0\n}\n").ToString();
    }

    /// <summary>What every script begins with: root, the host's lock, and a folder T that goes when the script is done.</summary>
    public static string Head(HostLock? hostLock, TimeSpan lockWait) => $$"""
        # no core: what dies here may have held a password
        set -u; umask 022; ulimit -c 0; LC_ALL=C; export LC_ALL; cd /
        PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin; export PATH
        if [ "$(id -u)" != 0 ]; then echo 'PemHa needs root on this host' >&2; exit 96; fi
        {{(hostLock is null ? "" : string.Create(CultureInfo.InvariantCulture,
            $"exec 9>>/run/lock/pemha.lock; flock {(hostLock == HostLock.Shared ? "-s" : "-x")} -w {(int)lockWait.TotalSeconds} 9 || exit {LockTimeout}"))}}
        T=$(mktemp -d /run/pemha.XXXXXX) || exit 95; trap 'rm -rf "$T"' EXIT
        # A shell that dies of a signal would leave its files, and what is secret in them, behind; it meets one when it answers and nobody listens.
        trap 'exit 97' HUP INT PIPE TERM

        """;

    /// <summary>Takes the answer apart.</summary>
    /// <returns>One result for each fragment that ran to its end, in order.</returns>
    public IReadOnlyList<FragmentResult> Parse(string output)
    {
        var results = new List<FragmentResult>();
        var marker = "\n" + _nonce + " ";
        string text = "";
        for (var at = output.IndexOf(marker, StringComparison.Ordinal); at >= 0;)
        {
            var lineEnd = output.IndexOf('\n', at + 1);
            if (lineEnd < 0) break;
            var words = output[(at + marker.Length)..lineEnd].Split(' ');
            var next = output.IndexOf(marker, lineEnd, StringComparison.Ordinal);
            var body = lineEnd + 1 <= (next < 0 ? output.Length : next) ? output[(lineEnd + 1)..(next < 0 ? output.Length : next)] : "";
            switch (words[0])
            {
                case "out":
                    text = body;
                    break;
                // A host that garbles its own answer has given none.
                case "err" when next >= 0 && words.Length == 3 && int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out var status):
                    results.Add(new FragmentResult(status, text, body));
                    break;
            }
            at = next;
        }
        return results;
    }
}
