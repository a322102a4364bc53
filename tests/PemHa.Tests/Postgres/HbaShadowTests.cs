using PemHa.Engine;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests.Postgres;

/// <summary>Rules of somebody else's that come before ours.</summary>
[Spec("P9", "P14", "P26")]
public class HbaShadowTests
{
    const string Path = "/data/pg_hba.conf";
    const string Ours = """
        # theirs, in line 2

        # BEGIN PemHa replication
        hostssl replication repl 172.16.161.201/32 scram-sha-256
        # END PemHa replication
        # BEGIN PemHa pem
        hostssl pem +pem_user 10.0.0.0/8 scram-sha-256
        hostssl pem +pem_agent 10.0.0.0/8 cert
        # END PemHa pem

        """;

    static readonly string[] Blocks =
    [
        Rule(2, 4, "hostssl", "replication", "repl", "172.16.161.201", "255.255.255.255", "scram-sha-256"),
        Rule(3, 7, "hostssl", "pem", "+pem_user", "10.0.0.0", "255.0.0.0", "scram-sha-256"),
        Rule(4, 8, "hostssl", "pem", "+pem_agent", "10.0.0.0", "255.0.0.0", "cert"),
    ];

    [Theory]
    [InlineData("host", "all", "all", "all", "", "reject", "pem +pem_agent")]
    [InlineData("host", "replication", "all", "172.16.0.0", "255.255.0.0", "reject", "replication repl")]
    [InlineData("hostssl", "replication", "repl", "172.16.161.201", "255.255.255.255", "cert", "replication repl")]
    [InlineData("hostssl", "replication", "+standbys", "172.16.161.201", "255.255.255.255", "ldap", "replication repl")]
    [InlineData("hostssl", "replication", "/^re", "172.16.161.201", "255.255.255.255", "ldap", "replication repl")]
    [InlineData("hostssl", "/p.m", "all", "10.1.0.0", "255.255.0.0", "md5", "pem +pem_agent")]
    [InlineData("hostssl", "pem", "all", "0.0.0.0", "0.0.0.0", "scram-sha-256", "pem +pem_agent")]
    // Another way in, but a way in.
    [InlineData("hostssl", "replication", "repl", "172.16.161.201", "255.255.255.255", "md5", null)]
    [InlineData("hostssl", "pem", "+pem_user", "0.0.0.0", "0.0.0.0", "ldap", null)]
    [InlineData("host", "all", "all", "10.0.0.0", "255.0.0.0", "trust", null)]
    public void A_rule_that_comes_first_and_decides_otherwise_is_seen(
        string type, string database, string user, string address, string mask, string method, string? keptOut)
    {
        var shadow = Assert.Single(Shadows(Rule(1, 2, type, database, user, address, mask, method)));
        Assert.Equal(keptOut is not null, shadow.Fatal);
        Assert.Contains(keptOut ?? "", shadow.Victim, StringComparison.Ordinal);
        Assert.StartsWith($"line 2 of {Path} ({type} {database} {user} {address}", shadow.Where, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("local", "all", "all", "", "", "reject")]
    [InlineData("hostnossl", "all", "all", "all", "", "reject")]
    [InlineData("host", "all", "all", "192.168.0.0", "255.255.0.0", "reject")]
    [InlineData("host", "all", "all", "::", "::", "reject")]
    [InlineData("host", "edb", "all", "all", "", "reject")]
    [InlineData("host", "all", "somebody", "all", "", "reject")]
    [InlineData("host", "all", "+others", "all", "", "reject")]
    [InlineData("host", "all", "all", "172.16.161.201", "255.255.255.255", "reject")]
    [InlineData("hostssl", "replication", "repl", "172.16.161.201", "255.255.255.255", "scram-sha-256")]
    [InlineData("host", "all", "/[", "all", "", "reject")]
    public void One_that_takes_nothing_from_ours_is_left_in_peace(string type, string database, string user, string address, string mask, string method) =>
        Assert.Empty(Shadows(Rule(1, 2, type, database, user, address, mask, method)));

    [Fact]
    public void Lines_below_ours_and_our_own_take_nothing()
    {
        Assert.Empty(Shadows());
        Assert.Empty(Shadows(Rule(9, 11, "host", "all", "all", "all", "", "reject")));
        Assert.Empty(HbaShadow.Of(Rule(1, 1, "host", "all", "all", "all", "", "reject"), "", Path, "host all all all reject\n", "replication"));
    }

    [Fact]
    public void A_rule_of_an_included_file_counts_with_its_own_line()
    {
        var rules = Rule(1, 3, "host", "all", "all", "all", "", "reject").Replace(Path, "/etc/pg/more.conf", StringComparison.Ordinal);
        Assert.StartsWith("line 3 of /etc/pg/more.conf", Assert.Single(Shadows(rules)).Where, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("T6")]
    public void Whoever_would_be_kept_out_is_an_error_before_anything_is_changed_and_the_rest_a_remark()
    {
        var file = Example.The<HbaFile>(SectionB.Replication(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "repl", "pw"), _c1.Primary);
        var error = Assert.Throws<PemException>(() => file.Compare(With("reject"), false));
        Assert.Equal("HbaShadowed", error.Id);
        Assert.Contains("line 2 of /data/pg_hba.conf (host all,replication all all reject)", error.Message, StringComparison.Ordinal);
        Assert.NotNull(file.Compare(With("md5"), false));
        Assert.Contains("such as hostssl replication repl 172.16.161.201/32", file.Remark(With("md5")), StringComparison.Ordinal);
        Assert.Null(file.Remark(With("scram-sha-256")));

        static Facts With(string method) => Facts.Of(("file.path", Path), ("file.text", Ours), ("file.mode", "600 a:a"), ("ssl", "on"),
            ("rules", string.Join('\n', Blocks.Prepend(Rule(1, 2, "host", "all\u001ereplication", "all", "all", "", method)))));
    }

    readonly Example _c1 = new();

    static IReadOnlyList<HbaShadow> Shadows(params string[] theirs) =>
        [.. new[] { "replication", "pem" }.SelectMany(b => HbaShadow.Of(string.Join('\n', Blocks.Concat(theirs)), "repl\u001fstandbys\nother\u001fothers", Path, Ours, b))];

    static string Rule(int number, int line, string type, string database, string user, string address, string mask, string method) =>
        string.Join('\u001f', number, Path, line, type, database, user, address, mask, method);
}
