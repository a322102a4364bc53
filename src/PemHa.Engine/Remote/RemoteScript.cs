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
sealed class RemoteScript(string prelude, HostLock? @lock)
{
    /// <summary>Exit status for "another run holds the lock".</summary>
    public const int Locked = 98;

    /// <summary>Exit status for "another run has changed the host since the look".</summary>
    public const int Outdated = 94;

    /// <summary>How long a script itself waits for the lock: one that nobody listens to any more is not to come to its turn minutes later.</summary>
    static readonly TimeSpan LockWait = TimeSpan.FromSeconds(1);

    readonly List<(string Text, bool StopsOnFailure, string Title)> _fragments = [];
    readonly List<IReadOnlyList<string>> _keys = [];

    // Nothing on the host can know this in advance, so no output can pass for a frame of ours.
    readonly string _nonce = Convert.ToHexString(RandomNumberGenerator.GetBytes(12));

    /// <summary>The mark that it leaves on a host that it changes.</summary>
    public string Mark => _nonce;

    /// <summary>What it is part of, for those who have to wait for it; null for a mere look.</summary>
    public string? Step { get; init; }

    /// <summary>What <see cref="Seen"/> was when the host was looked at; the script does nothing when another run has changed the host since.</summary>
    public string? Expected { get; init; }

    /// <summary>The mark of the last run that changed the host, as the answer tells it.</summary>
    public string? Seen { get; private set; }

    /// <summary>Who was at work on the host and ended in the middle of it, as the answer tells it.</summary>
    public LockHolder? TakenOver { get; private set; }

    /// <summary>Adds a fragment; it runs in a subshell with no standard input.</summary>
    /// <param name="text">The commands.</param>
    /// <param name="stopsOnFailure">Whether its failure keeps later fragments from running.</param>
    /// <param name="title">What it does, for those who have to wait for it.</param>
    /// <param name="keys">Names under which a support bundle keeps the answer; without any it keeps none.</param>
    /// <returns>The fragment's index among the results.</returns>
    public int Add(string text, bool stopsOnFailure, string title = "looking", IReadOnlyList<string>? keys = null)
    {
        _fragments.Add((text, stopsOnFailure, title));
        _keys.Add(keys ?? []);
        return _fragments.Count - 1;
    }

    public int Count => _fragments.Count;

    /// <summary>The keys of each fragment.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Keys => _keys;

    /// <summary>How long a host may take for it: the wait for its lock, and some minutes for looking; null for a change, which takes as long as it takes.</summary>
    public TimeSpan? Deadline => _fragments.Any(f => f.StopsOnFailure) ? null : LockWait + TimeSpan.FromMinutes(5);

    /// <summary>The fragments alone, as a person would want to read them; may hold secrets.</summary>
    public string Fragments => string.Join("\n", _fragments.Select(f => f.Text.TrimEnd('\n')));

    /// <summary>The text to send.</summary>
    public string Render()
    {
        var s = new StringBuilder();
        // The braces make the shell read all of it before it runs any: a connection lost while sending starts nothing.
        s.Append("{\nframe() { printf '\\n").Append(_nonce).Append(" %s\\n' \"$*\"; }\n");
        // A first word, before the wait for the lock: a host that hangs is told from one that works. Where nobody hears it, nothing is begun.
        s.Append("frame here\n").Append(Head(@lock, LockWait)).Append(prelude);
        if (@lock is not null) s.Append("frame lock \"$_token\"; [ -z \"$_pid\" ] || locked\n");
        if (Expected is { } expected) s.Append(CultureInfo.InvariantCulture, $"[ \"$_token\" = {Sh.Quote(expected)} ] || exit {Outdated}\n");
        s.Append("errors() { frame err $1 $2; [ ! -s \"$T/e\" ] || cat \"$T/e\"; frame end $1; }\n");
        foreach (var (index, (text, stops, title)) in _fragments.Select((f, i) => (i, f)))
        {
            if (@lock == HostLock.Exclusive) s.Append(LockHolder.AtWork(_nonce, $"{Step}: {title}")).Append('\n');
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
        {{(hostLock is null ? "" : Take(hostLock.Value, lockWait))}}
        # Whenever a signal comes, what there is by then goes: sudo passes one on to this shell, and a shell meets one when it answers and nobody
        # listens. One that comes while it goes anyway would end that half-way. What dies of kill -9 leaves it to the next run that changes something.
        T=/run/pemha.$$
        tidy() { trap '' HUP INT PIPE TERM; rm -rf "$T"{{(hostLock is null ? "" : "; [ -z \"$MARK\" ] || echo \"$MARK\" > $L")}}; }
        trap tidy EXIT; trap 'tidy; exit 97' HUP INT PIPE TERM
        {{(hostLock == HostLock.Exclusive ? "for t in /run/pemha.*; do [ -d \"/proc/${t##*.}\" ] || rm -rf \"$t\"; done" : "")}}
        rm -rf "$T"; mkdir -m 700 "$T" || exit 95

        """;

    /// <summary>
    /// The lock. Its file tells the mark of the last run that changed something and, while one is at it, who that is and at what. A run whose
    /// shell was killed has left the lock, but perhaps not the host: what is alive of its session is waited for as well.
    /// </summary>
    static string Take(HostLock how, TimeSpan wait)
    {
        var (option, seconds) = (how == HostLock.Shared ? "-s" : "-x", (int)wait.TotalSeconds);
        return string.Create(CultureInfo.InvariantCulture, $$"""
            L=/run/lock/pemha.lock; exec 9>>$L; MARK=; _waited=
            note() { _token=; _pid=; IFS='{{'\t'}}' read -r _token _pid _since _who _theirs _what < $L || :; }
            locked() { note; [ -z "$_pid" ] || echo "at work: $_who (process $_theirs there, $_pid here), for $(( $(date +%s) - _since )) s: $_what"; }
            # at_work MARK WHO THEIR-PROCESS WHAT
            at_work() { MARK=$1; printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" $$ "$(date +%s)" "$2" "$3" "$4" > $L; }
            # the number of a shell that is gone is given to nobody else while its session has a process
            alive() {
                [ -n "$_pid" ] && [ ! -d "/proc/$_pid" ] || return 1
                cat /proc/[0-9]*/stat 2>/dev/null | awk -v s="$_pid" '{ sub(/^.*\) /, "") } $4 == s { found = 1 } END { exit !found }'
            }
            flock {{option}} -n 9 || { locked >&2; _waited=1; flock {{option}} -w {{seconds}} 9 || exit {{Locked}}; }
            _until=
            while note; alive; do
                _until=${_until:-$(( $(date +%s) + {{seconds}} ))}
                [ "$(date +%s)" -lt "$_until" ] || { locked >&2; exit {{Locked}}; }
                sleep 0.2
            done
            # whoever has given up meanwhile does not hear it, and is not obeyed any more
            [ -z "$_waited$_until" ] || echo 'the host is free now' >&2
            """);
    }

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
                case "lock" when words.Length == 2:
                    Seen = words[1];
                    TakenOver = LockHolder.Parse(body);
                    break;
                case "out":
                    text = body;
                    break;
                // A host that garbles its own answer has given none.
                case "err" when next >= 0 && words.Length == 3 && Digits.Whole(words[2]) is { } status:
                    results.Add(new FragmentResult(status, text, body));
                    break;
            }
            at = next;
        }
        return results;
    }
}
