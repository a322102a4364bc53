using System.Text;
using PemHa.Engine;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests.Postgres;

/// <summary>The edits of <c>pg_hba.conf</c>, <c>postgresql.conf</c> and <c>.pgpass</c>, as the steps plan them.</summary>
public class FileTests
{
    const string Sample = "local all all peer\nhost all all 127.0.0.1/32 scram-sha-256\n";
    readonly Example _c1 = new();

    [Fact]
    [Spec("P9", "T12")]
    public void Replication_is_allowed_from_every_data_node_and_the_virtual_IP() => Assert.Equal(
        [
            "host replication repl 172.16.161.200/32 scram-sha-256", "host replication repl 172.16.161.201/32 scram-sha-256",
            "host replication repl 172.16.161.202/32 scram-sha-256", "host replication repl 172.16.161.245/32 scram-sha-256",
        ], MarkedBlock.Get(After(Replication(), ("ssl", "off")), "replication")!);

    [Fact]
    [Spec("P14", "T6", "T12")]
    public void EFM_is_allowed_from_every_node_and_the_virtual_IP_on_every_data_node()
    {
        var step = SectionC.Cluster(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "efm", "pw", new EfmOptions());
        // Also from the manual's loopback addresses, from which an agent may connect to its own database (B16).
        string[] from =
        [
            .. new[] { "200", "201", "202", "203", "245" }.Select(n => $"172.16.161.{n}/32"),
            "127.0.0.1/32",
            "::1/128",
        ];
        foreach (var host in new[] { _c1.Primary, _c1.Standby, _c1.Third })
            Assert.Equal(from.Select(a => $"hostssl edb efm {a} scram-sha-256"),
                MarkedBlock.Get(After(Example.The<HbaFile>(step, host), ("ssl", "on")), "efm")!);
        Assert.Empty(Example.Resources(step, _c1.Witness).OfType<HbaFile>());
    }

    [Fact]
    [Spec("P26", "P27", "T12", "T15")]
    public void PEMs_rules_cover_loopback_data_nodes_virtual_IP_and_monitored_networks()
    {
        var rules = MarkedBlock.Get(After(Pem(), ("ssl", "on")), "pem")!.Where(r => !r.StartsWith('#')).ToList();
        string[] expected =
        [
            "hostssl pem +pem_user 127.0.0.1/32 scram-sha-256", "hostssl postgres +pem_user 127.0.0.1/32 scram-sha-256",
            "hostssl pem +pem_agent 127.0.0.1/32 cert",
            .. new[] { "200", "201", "202", "245" }.Select(n => $"172.16.161.{n}/32").SelectMany(a => new[]
            {
                $"hostssl pem +pem_admin {a} scram-sha-256", $"hostssl pem +pem_agent {a} cert",
                $"hostssl pem,postgres pemsuper {a} scram-sha-256",
            }),
            "hostssl pem +pem_user 172.16.161.0/24 scram-sha-256", "hostssl pem +pem_agent 172.16.161.0/24 cert",
        ];
        Assert.Equal(expected, rules);
    }

    [Theory]
    [InlineData("off")]
    [InlineData("")]
    [Spec("T16", "P28")]
    public void No_rule_demands_TLS_before_TLS_is_proven(string ssl) =>
        Assert.DoesNotContain("hostssl", After(Replication(), ("ssl", ssl)), StringComparison.Ordinal);

    [Theory]
    [InlineData("on", true)]
    [InlineData("off", false)]
    [Spec("T16", "P28")]
    public void A_server_that_says_on_has_to_speak_TLS_before_a_rule_demands_it(string ssl, bool proof)
    {
        var apply = Replication().Compare(Facts.Of(("file.text", Sample), ("file.mode", "600 x:x"), ("ssl", ssl)), false)!.Apply;
        Assert.Equal(proof, apply.IndexOf("speaks_tls || fail ", StringComparison.Ordinal) is >= 0 and var at
            && at < apply.IndexOf("put_file ", StringComparison.Ordinal));
    }

    [Fact]
    [Spec("T16", "P28")]
    public void Once_TLS_is_on_our_earlier_lines_demand_it_and_others_stay()
    {
        var before = After(Replication(), ("ssl", "off"));
        var after = Edited(Pem(), Facts.Of(("file.text", before), ("file.mode", "600 x:x"), ("ssl", "on")));
        Assert.All(MarkedBlock.Get(after, "replication")!, r =>
            Assert.StartsWith("hostssl replication repl ", r, StringComparison.Ordinal));
        Assert.Equal(4, MarkedBlock.Get(after, "replication")!.Count);
        Assert.EndsWith(Sample, after, StringComparison.Ordinal);
        // A re-run of section B finds its lines as it would write them.
        Assert.Null(Replication().Compare(Facts.Of(("file.text", after), ("file.mode", "600 x:x"), ("ssl", "on")), false));
    }

    [Fact]
    public void A_rule_file_that_the_server_refuses_is_taken_back()
    {
        var apply = Pem().Compare(Facts.Of(("file.text", Sample), ("file.mode", "600 x:x"), ("ssl", "on")), false)!.Apply;
        Assert.Matches(@"pg_hba_file_rules\s+WHERE error IS NOT NULL", apply);
        Assert.Contains("the old one is back", apply, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_are_not_plain_are_quoted_in_a_rule()
    {
        Assert.Equal("repl_1", SectionB.HbaName("repl_1"));
        Assert.Equal("\"Repl\"\"x\"", SectionB.HbaName("Repl\"x"));
        Assert.Equal("fd00::1/128", HbaFile.Single("fd00::1"));
    }

    [Fact]
    [Spec("P8", "T1")]
    public void Settings_stand_at_the_end_where_they_count()
    {
        var file = Example.The<SettingsFile>(SectionB.Replication(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "repl", "pw"), _c1.Primary);
        var text = Edited(file, Facts.Of(("file.text", "#wal_level = minimal\nmax_wal_senders = 3"), ("file.mode", "600 x:x")));
        Assert.StartsWith("#wal_level = minimal\nmax_wal_senders = 3\n# BEGIN", text, StringComparison.Ordinal);
        Assert.Equal(["listen_addresses = '*'", "wal_level = replica", "max_wal_senders = 10", "wal_keep_size = 500",
            "max_replication_slots = 10"],
            MarkedBlock.Get(text, "replication")!);
    }

    [Fact]
    [Spec("P25")]
    public void TLS_settings_are_all_four() => Assert.Equal(
        ["ssl = on", "ssl_ca_file = 'root.crt'", "ssl_cert_file = 'server.crt'", "ssl_key_file = 'server.key'"],
        MarkedBlock.Get(After(Example.The<SettingsFile>(SectionD.Ssl(_c1.Cluster, _c1.Cluster.Hosts), _c1.Standby)), "ssl")!);

    [Fact]
    [Spec("P11", "T3")]
    public void The_pass_file_has_a_line_for_each_data_node_and_keeps_the_others()
    {
        var text = Edited(Pass(@"a:b\c"), Facts.Of(("file.text", "*:*:*:me:mine\n"), ("file.mode", "600 enterprisedb:enterprisedb")));
        Assert.Equal(new[] { "200", "201", "202" }.Select(n => $@"172.16.161.{n}:5444:replication:repl:a\:b\\c"),
            MarkedBlock.Get(text, "replication")!);
        Assert.EndsWith("\n*:*:*:me:mine\n", text, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P11")]
    public void A_pass_file_that_others_may_read_is_closed()
    {
        var file = Pass("pw");
        var text = Edited(file, Facts.Of());
        Assert.Null(file.Compare(Facts.Of(("file.text", text), ("file.mode", "600 enterprisedb:enterprisedb")), false));
        var change = file.Compare(Facts.Of(("file.text", text), ("file.mode", "644 root:root")), false)!;
        Assert.Contains("put_file /var/lib/edb/.pgpass enterprisedb:enterprisedb 600 ", change.Apply, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P11")]
    public void A_password_beyond_ASCII_is_written_in_UTF_8_as_libpq_sends_it()
    {
        var apply = Pass("pässwört€").Compare(Facts.Of(), false)!.Apply;
        Assert.Contains(":repl:pässwört€\n", Encoding.UTF8.GetString(Convert.FromBase64String(apply.Split('\n')[1])),
            StringComparison.Ordinal);
        // What the probe then brings back must be what was wanted.
        Assert.Null(Pass("pässwört€")
            .Compare(Facts.Of(("file.text", Content(apply)), ("file.mode", "600 enterprisedb:enterprisedb")), false));
    }

    [Theory]
    [InlineData("s3cret:with\\parts")]
    [InlineData("pässwört€")]
    [Spec("P11")]
    public void The_password_shows_in_no_difference(string password)
    {
        var file = Pass(password);
        var difference = ((Engine.Remote.SshSession)_c1.Primary.Session!).Redactor.Redact(file.Compare(Facts.Of(), false)!.Difference);
        Assert.Contains(":replication:repl:********", difference, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P11")]
    public void Nobody_elses_password_and_no_old_one_shows_either()
    {
        var first = Edited(Pass("old:one"), Facts.Of(("file.text", "*:*:*:me:mine\n"), ("file.mode", "600 x:x")));
        var difference = Pass("new")
            .Compare(Facts.Of(("file.text", first + "\n*:*:*:you:yours\n"), ("file.mode", "600 x:x")), false)!.Difference;
        foreach (var secret in new[] { "old", "one", "new", "mine", "yours" }) Assert.DoesNotContain(":" + secret, difference,
            StringComparison.Ordinal);
        Assert.EndsWith("only masked values differ", difference, StringComparison.Ordinal);
        var more = Pass("new").Compare(Facts.Of(("file.text", "*:*:*:me:mine\n"), ("file.mode", "600 x:x")), false)!.Difference;
        Assert.Contains("\n *:*:*:me:********", more, StringComparison.Ordinal);
        Assert.Contains("\n+172.16.161.200:5444:replication:repl:********\n", more, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_database_there_is_no_file_to_edit() =>
        Assert.Equal("DatabaseMissing", Assert.Throws<PemException>(() => Pem().Compare(Facts.Of(), false)).Id);

    HbaFile Replication() =>
        Example.The<HbaFile>(SectionB.Replication(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "repl", "pw"), _c1.Primary);

    HbaFile Pem() => Example.The<HbaFile>(SectionD.Hba(_c1.Cluster, _c1.Cluster.Hosts, "pemsuper"), _c1.Primary);

    PgPass Pass(string password) => Example.The<PgPass>(SectionB.PassFile(_c1.Cluster, _c1.Cluster.Hosts, "repl", password), _c1.Primary);

    static string After(ManagedFile file, params (string, string)[] facts) =>
        Edited(file, Facts.Of([("file.text", Sample), ("file.mode", "600 x:x"), .. facts]));

    static string Edited(ManagedFile file, Facts facts) => Content(file.Compare(facts, false)!.Apply);

    /// <summary>The text that a change writes, in the bytes that it writes.</summary>
    static string Content(string apply) =>
        Encoding.Latin1.GetString(Convert.FromBase64String(apply.Split("<<'PEMHA'\n")[1].Split('\n')[0]));
}
