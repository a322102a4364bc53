using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using PemHa.Engine.Efm;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;
using PemHa.Tests;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>What PemHa quotes reads back as itself by the programs that it is written for: Postgres, psql, libpq, systemd. Thousands of texts go in one round trip.</summary>
[Collection(OneHostTests.Name)]
public sealed partial class RealReaderTests(OneHost host)
{
    const int Port = 5467;

    /// <summary>A server of its own; P is psql, with its owner's rights.</summary>
    const string Server = """
        D=/var/tmp/readers; O='runuser -u enterprisedb --'; B=/usr/edb/as17/bin; export LC_ALL=C
        if [ ! -d $D ]; then
            install -d -m 700 -o enterprisedb -g enterprisedb $D
            $O $B/initdb -D $D/data -E UTF8 --locale=C -A trust -U enterprisedb >/dev/null
            printf "port = 5467\nunix_socket_directories = '$D'\nfsync = off\n" >> $D/data/postgresql.conf
            $O $B/pg_ctl -D $D/data -l $D/log -w start >/dev/null
        fi
        P="$O $B/psql -qAtX -v ON_ERROR_STOP=1 -h $D -p 5467 -d postgres"
        # file NAME: what base64 on standard input says
        file() { base64 -d > $D/$1; chown enterprisedb:enterprisedb $D/$1; chmod 600 $D/$1; }

        """;

    /// <summary>Whatever may be a role: told apart by a number, so that no two are the same.</summary>
    static readonly Gen<(string User, string Password)[]> Logins = Gen.Select(
        Gen.OneOf(Texts.Any, Gen.OneOfConst("all", "host", "replication", "sameuser", "+pem_user", "@file", "#c", "a,b", "a\"b", "a b", "'", "\\", "\"\"", "*", "include x")), Texts.Any.Where(p => Role.PasswordRefusal(p) is null))
        .Array[60].Select(logins => logins.Where(l => Encoding.UTF8.GetByteCount(l.Item1) < 56 && Role.Refusal(l.Item1) is null).DistinctBy(l => l.Item1).ToArray());

    [Fact]
    public async Task A_role_and_its_password_come_through_every_file_to_the_server()
    {
        await host.RootAsync(Server + "$P -c 'SELECT 1' >/dev/null");
        Logins.Holds(logins =>
        {
            var roles = "SET client_encoding = 'UTF8';\n" + string.Concat(logins.Select((l, i) =>
                $"SET standard_conforming_strings = {(i % 2 == 0 ? "on" : "off")};\nDROP ROLE IF EXISTS {SqlText.Identifier(l.User)};\nCREATE ROLE {SqlText.Identifier(l.User)} LOGIN PASSWORD {SqlText.Literal(ScramVerifier.Create(l.Password))};\n"));
            // Each by its own rule, and nobody by another's.
            var rules = "local all enterprisedb trust\n" + string.Concat(logins.Select(l => $"host postgres {SectionB.HbaName(l.User)} 127.0.0.1/32 scram-sha-256\n")) + "host all all all reject\n";
            var pass = string.Concat(logins.Select(l => $"127.0.0.1:{Port}:postgres:{PgPass.Escape(l.User)}:{PgPass.Escape(l.Password)}\n"));
            var asked = string.Concat(logins.Select(l =>
                $"PGPASSFILE=$D/pass $O $B/psql -wqAtX -d {Sh.Quote($"host=127.0.0.1 port={Port} dbname=postgres user={Conninfo.Quote(l.User)}")} -c \"SELECT encode(convert_to(session_user::text, 'UTF8'), 'hex')\" 2>&1 </dev/null || :\n"));
            var said = Ask($"""
                {File("roles.sql", roles)}{File("pass", Encoding.Latin1.GetBytes(pass))}{File("data/pg_hba.conf", rules)}
                $P -f $D/roles.sql
                $P -c "SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL"
                $O $B/pg_ctl -D $D/data -l $D/log -w restart >/dev/null
                {asked}
                """);
            Assert.Equal(logins.Select(l => Hex(l.User)), said);
        }, cases: 2, each: 60, threads: 1);
    }

    [Fact]
    public async Task A_rule_for_one_role_is_no_rule_for_another()
    {
        await host.RootAsync(Server + "$P -c 'SELECT 1' >/dev/null");
        string[] names = ["all", "sameuser", "samerole", "replication", "+other", "@other", "host", "#other", "other,all"];
        var said = Ask($"""
            {File("roles.sql", "DROP ROLE IF EXISTS other;\nCREATE ROLE other LOGIN;\n")}
            {File("data/other", "other\n")}
            $P -f $D/roles.sql
            {string.Concat(names.Select(n => $$"""
                {{File("data/pg_hba.conf", $"local all enterprisedb trust\nhost postgres {SectionB.HbaName(n)} 127.0.0.1/32 trust\n")}}
                $O $B/pg_ctl -D $D/data -l $D/log -w restart >/dev/null
                $O $B/psql -wqAtX -h 127.0.0.1 -p {{Port}} -U other -d postgres -c 'SELECT 1' 2>&1 </dev/null | grep -o -e '^1$' -e 'no pg_hba.conf entry' || :

                """))}
            """);
        Assert.Equal(names.Select(_ => "no pg_hba.conf entry"), said);
    }

    [Fact]
    public async Task Constants_and_names_are_themselves_whatever_standard_conforming_strings_says()
    {
        await host.RootAsync(Server + "$P -c 'SELECT 1' >/dev/null");
        Gen.Select(Texts.Any, Texts.Any.Where(t => t.Length > 0 && Encoding.UTF8.GetByteCount(t) <= 63)).Array[1000].Holds(pairs =>
        {
            string Values() => string.Concat(pairs.Chunk(200).Select(some => "SELECT encode(convert_to(v, 'UTF8'), 'hex') FROM (VALUES "
                + string.Join(",\n", some.Select((p, i) => FormattableString.Invariant($"({i}, {SqlText.Literal(p.Item1)})"))) + ") AS t (n, v) ORDER BY n;\n"));
            var names = string.Concat(pairs.Chunk(200).Select(some => "SELECT encode(convert_to(v, 'UTF8'), 'hex') FROM (\n"
                + string.Join("\nUNION ALL ", some.Select((p, i) => FormattableString.Invariant($"SELECT {i} AS n, jsonb_object_keys(to_jsonb(t)) AS v FROM (SELECT 1 AS {SqlText.Identifier(p.Item2)}) t"))) + ") u ORDER BY n;\n"));
            var said = Ask($"""
                {File("texts.sql", $"SET client_encoding = 'UTF8';\n{Values()}{names}SET escape_string_warning = on;\nSET standard_conforming_strings = off;\n{Values()}{names}")}
                $P -f $D/texts.sql 2>&1
                """);
            var expected = pairs.Select(p => Hex(p.Item1)).Concat(pairs.Select(p => Hex(p.Item2))).ToList();
            Assert.Equal(expected.Concat(expected), said);
        }, cases: 2, each: 4000, threads: 1);
    }

    [Fact]
    public async Task A_setting_has_the_value_that_was_written()
    {
        await host.RootAsync(Server + "$P -c 'SELECT 1' >/dev/null");
        // Half of them of letters and digits only, which PemHa may leave plain.
        Gen.OneOf(Texts.Line, Texts.Of(4, "0", "1", "x", "e", "kB", "EOF", "é")).Array[1000].Holds(values =>
        {
            var lines = string.Concat(values.Select((v, i) => FormattableString.Invariant($"pemha.v{i} = {SettingsFile.Value(v)}\n")));
            var said = Ask($"""
                {File("data/texts.conf", lines)}
                grep -q texts.conf $D/data/postgresql.conf || echo "include_if_exists 'texts.conf'" >> $D/data/postgresql.conf
                $P -c "SELECT coalesce(error, encode(convert_to(setting, 'UTF8'), 'hex')) FROM pg_file_settings WHERE name LIKE 'pemha.v%' OR error IS NOT NULL ORDER BY seqno"
                rm $D/data/texts.conf
                """);
            Assert.Equal(values.Select(Hex), said);
        }, cases: 2, each: 1000, threads: 1);
    }

    [Fact]
    public void Units_hold_the_paths_and_names_that_were_given()
    {
        // What the parameters let through.
        var part = Texts.Of(8, "a", "Z", "0", "_", ".", "-", "--", "..x", "x.y", "-x").Where(p => p.Trim('.').Length > 0);
        Gen.Select(part, part.Array[1, 4], part).Array[40].Holds(all =>
        {
            var script = new StringBuilder("cd /etc/systemd/system\n");
            var expected = new List<string>();
            foreach (var (i, (service, folder, name)) in all.Index())
            {
                var cluster = new PemCluster("c" + name, "10.0.0.9") { ServiceName = $"u{i}_{service}", DataDirectory = "/" + string.Join('/', folder) };
                var node = new PemHost(cluster, "10.0.0.1", PemRole.Primary);
                // The package's drop-in, and the one that keeps the order of a boot.
                var unit = new DatabaseUnit(cluster).Compare(Facts.Of(("load", "loaded")), false)!.Apply.Replace("systemctl daemon-reload", ":", StringComparison.Ordinal);
                var boot = new BootOrder(node, true) { Path = BootOrder.PathOf(cluster), Owner = "root:root", Mode = "644" }.Compare(Facts.Of(), false)!.Apply;
                script.Append($"printf '[Service]\\nExecStart=/bin/true\\n' > {cluster.ServiceName}.service\n{unit}\n")
                    .Append($"base64 -d > {Sh.Quote(BootOrder.PathOf(cluster))} <<'X'\n{Content().Match(boot).Groups[1].Value}\nX\n");
                expected.Add($"PGDATA={cluster.DataDirectory}");
                expected.Add($"{cluster.DataDirectory}/postmaster.pid");
                expected.Add($"argv[]=/bin/sh -c test -e {cluster.DataDirectory}/standby.signal ||");
            }
            script.Append("systemctl daemon-reload\nfor i in $(seq 0 39); do u=$(ls -d u${i}_*.service)\n")
                .Append("systemctl show -p Environment --value -- \"$u\"; ")
                .Append("systemctl show -p PIDFile --value -- \"$u\"; ")
                .Append("systemctl show -p ExecStartPre --value -- \"$u\" ")
                .Append("| grep -o 'argv\\[\\]=/bin/sh -c test -e [^ ]* ||'; done\n")
                .Append("rm -rf u[0-9]*.service u[0-9]*.service.d; systemctl daemon-reload\n");
            Assert.Equal(expected, host.RootAsync(script.ToString()).GetAwaiter().GetResult().Split('\n'));
        }, cases: 1, each: 40, threads: 1);
    }

    [GeneratedRegex("<<'PEMHA'\n([A-Za-z0-9+/=]+)\nPEMHA")]
    private static partial Regex Content();

    /// <summary>What a script says, line by line; an empty first or last one counts.</summary>
    string[] Ask(string script) => host.RootAsync($"{Server}echo begin\n{script}\necho end\n").GetAwaiter().GetResult().Split('\n')[1..^1];

    static string File(string name, string text) => File(name, Encoding.UTF8.GetBytes(text));

    static string File(string name, byte[] bytes) => $"file {name} <<'FILE'\n{Convert.ToBase64String(bytes)}\nFILE\n";

    static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));
}
