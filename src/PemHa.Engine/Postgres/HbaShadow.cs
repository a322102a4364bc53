using System.Net;
using System.Numerics;
using System.Text.RegularExpressions;

namespace PemHa.Engine.Postgres;

/// <summary>
/// Rules of somebody else's that come before ours and take the same connections: the first rule that matches is the only one that counts.
/// Read from the server itself, so that includes, lists of names in files and continuation lines are what it makes of them.
/// </summary>
/// <param name="Where">File and line of the rule, and what it says.</param>
/// <param name="Victim">The first of ours that it takes from.</param>
/// <param name="Fatal">Whether who is meant by ours cannot get in any more; otherwise they get in by another way.</param>
sealed record HbaShadow(string Where, string Victim, bool Fatal)
{
    /// <summary>One rule, as <c>pg_hba_file_rules</c> has it.</summary>
    sealed record Rule(int Number, string File, int Line, string Type, string[] Databases, string[] Users, string Address, string Mask, string Method)
    {
        public string Text => string.Join(' ', new[] { Type, string.Join(',', Databases), string.Join(',', Users), Mask.Length > 0 ? $"{Address}/{Bits(Mask)}" : Address, Method }
            .Where(w => w.Length > 0));
    }

    const char Field = '\u001f', Item = '\u001e';

    /// <summary>The shell that tells the rules (fact <c>rules</c>), and of which groups in them users are members (fact <c>members</c>).</summary>
    /// <param name="version">Major version of the server; before 16 there are no includes.</param>
    public static string Probe(int version)
    {
        var (number, file) = version < 16 ? ("line_number", "current_setting('hba_file')") : ("rule_number", "file_name");
        return $$"""
            {{SqlText.Run("postgres", $"""
                SELECT concat_ws(chr(31), {number}, {file}, line_number, type, array_to_string(database, chr(30)), array_to_string(user_name, chr(30)),
                  coalesce(address, ''), coalesce(netmask, ''), auth_method) FROM pg_hba_file_rules WHERE error IS NULL ORDER BY {number}
                """)}} > "$T/hba.rules"
            fact64 rules < "$T/hba.rules"
            {{SqlText.Run("postgres", """
                WITH RECURSIVE g AS (SELECT DISTINCT r.oid, r.rolname FROM pg_hba_file_rules h CROSS JOIN LATERAL unnest(h.user_name) u JOIN pg_roles r ON '+' || r.rolname = u),
                  m AS (SELECT g.rolname, a.member FROM g JOIN pg_auth_members a ON a.roleid = g.oid UNION
                    SELECT m.rolname, a.member FROM m JOIN pg_auth_members a ON a.roleid = m.member)
                SELECT concat_ws(chr(31), r.rolname, m.rolname) FROM m JOIN pg_roles r ON r.oid = m.member WHERE r.rolcanlogin
                """)}} > "$T/hba.members"
            fact64 members < "$T/hba.members"
            """;
    }

    /// <summary>What takes connections away from a block's rules.</summary>
    /// <param name="rules">The fact of that name.</param>
    /// <param name="members">The fact of that name.</param>
    /// <param name="path">The file that the block is in.</param>
    /// <param name="text">Its text.</param>
    /// <param name="block">The block's name.</param>
    public static IReadOnlyList<HbaShadow> Of(string rules, string members, string path, string text, string block)
    {
        var (from, to) = MarkedBlock.Lines(text, block);
        if (from == 0) return [];
        var all = rules.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(Field))
            .Where(f => f.Length == 9 && Digits.Whole(f[0]) is not null && Digits.Whole(f[2]) is not null)
            .Select(f => new Rule(
                Digits.Whole(f[0])!.Value, f[1], Digits.Whole(f[2])!.Value, f[3], f[4].Split(Item), f[5].Split(Item),
                f[6], f[7], f[8]))
            .ToList();
        var groups = members.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        var ours = all.Where(r => r.File == path && r.Line >= from && r.Line <= to).ToList();
        var blocks = MarkedBlock.All(text);
        var theirs = all.Where(r => r.File != path || !blocks.Any(b => b.From <= r.Line && r.Line <= b.To)).ToList();
        var shadows = new List<HbaShadow>();
        foreach (var rule in theirs)
        {
            var taken = ours.Where(o => o.Number > rule.Number && o.Method != rule.Method && Takes(rule, o, groups)).ToList();
            if (taken.Count == 0) continue;
            var fatal = taken.FirstOrDefault(o => Fatally(rule, o));
            shadows.Add(new HbaShadow($"line {rule.Line} of {rule.File} ({rule.Text})", (fatal ?? taken[0]).Text, fatal is not null));
        }
        return shadows;
    }

    /// <summary>Whether those of our rule are kept out: people may be meant to come another way, PEM's and EFM's own connections are not.</summary>
    static bool Fatally(Rule theirs, Rule ours) => ours.Method != "reject" && !ours.Users.Any(u => u is "+pem_user" or "+pem_admin")
        && theirs.Address != "samenet" && theirs.Method != "trust" && !(ours.Method == "scram-sha-256" && theirs.Method is "md5" or "password");

    static bool Takes(Rule theirs, Rule ours, HashSet<string> groups) =>
        (ours.Type == "hostssl" ? theirs.Type is "host" or "hostssl" or "hostnogssenc" : theirs.Type.StartsWith("host", StringComparison.Ordinal) && theirs.Type != "hostgssenc")
        && ours.Users.Any(u => theirs.Users.Any(t => t == "all" || t == u || Matches(t, u) || (t.StartsWith('+') && groups.Contains($"{u}{Field}{t[1..]}"))))
        && ours.Databases.Any(d => theirs.Databases.Any(t => t == d || (d != "replication" && (t == "all" || Matches(t, d) || (t == "sameuser" && ours.Users.Contains(d))))))
        && Overlap(theirs, ours);

    /// <summary>A name that begins with a slash is a regular expression.</summary>
    static bool Matches(string pattern, string name)
    {
        try
        {
            return pattern.StartsWith('/') && Regex.IsMatch(name, pattern[1..], RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    static bool Overlap(Rule theirs, Rule ours)
    {
        if (theirs.Address is "all" or "samenet" || ours.Address == "all") return true;
        if (!IPAddress.TryParse(theirs.Address, out var a) || !IPAddress.TryParse(ours.Address, out var b) || a.AddressFamily != b.AddressFamily) return false;
        byte[] first = a.GetAddressBytes(), second = b.GetAddressBytes();
        var bits = Math.Min(Bits(theirs.Mask), Bits(ours.Mask));
        return Enumerable.Range(0, bits).All(i => ((first[i / 8] ^ second[i / 8]) >> (7 - i % 8) & 1) == 0);
    }

    static int Bits(string mask) => IPAddress.TryParse(mask, out var address) ? address.GetAddressBytes().Sum(b => BitOperations.PopCount(b)) : 0;
}
