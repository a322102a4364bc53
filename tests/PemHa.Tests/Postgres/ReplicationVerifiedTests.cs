using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;
using PemHa.Lab.Efm;

namespace PemHa.Tests.Postgres;

/// <summary>Standbys that check whom they stream from.</summary>
[Spec("P25", "F6")]
public class ReplicationVerifiedTests
{
    static readonly Example C1 = new();
    static readonly ReplicationVerified Verified = Example.The<ReplicationVerified>(SectionD.Ssl(C1.Cluster, C1.Cluster.Hosts), C1.Standby);

    [Fact]
    public void A_standby_of_ours_is_told_to_check_the_address_and_everything_else_in_its_connection_stays()
    {
        var change = Compare("user=repl passfile='/var/lib/edb/.pgpass' host=172.16.161.200 port=5444 sslmode=prefer krbsrvname=postgres")!;
        Assert.Equal("edit", change.Action);
        Assert.Contains("sslmode=verify-full sslrootcert=/var/lib/edb/as17/data/root.crt", change.Difference, StringComparison.Ordinal);
        Assert.Equal(change.Apply, change.Recipe.Script);
    }

    [Theory]
    [InlineData("host=172.16.161.200 sslmode=verify-full sslrootcert=/somewhere/else")]
    [InlineData("host=172.16.161.200 sslmode=prefer sslmode = 'verify-full'")]
    [InlineData("host=172.16.161.200 sslmode=verify-ca")]
    public void One_that_checks_already_stays_as_it_is(string conninfo)
    {
        Assert.Null(Compare(conninfo));
        Assert.Null(Verified.Remark(Standby(conninfo)));
    }

    [Theory]
    [InlineData("host=elsewhere.example sslmode=prefer", "elsewhere.example, which no certificate")]
    [InlineData("hostaddr=172.16.161.200", "an unnamed host")]
    [InlineData(@"host='172.16.161.200' password='it\'s secret'", "holds a password")]
    public void One_that_it_would_cut_off_or_that_holds_a_password_goes_on_and_is_told_of(string conninfo, string remark)
    {
        Assert.Null(Compare(conninfo));
        Assert.Contains(remark, Verified.Remark(Standby(conninfo)), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", Verified.Remark(Standby(conninfo)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_primary_has_nobody_to_check()
    {
        var primary = Facts.Of(("up", "1"), ("recovery", "false"), ("setting.primary_conninfo", "host=172.16.161.201 sslmode=prefer"));
        Assert.Null(Verified.Compare(primary, false));
        Assert.Null(Verified.Remark(primary));
    }

    [Theory]
    [InlineData(14, "sslmode=verify-ca")]
    [InlineData(15, "sslmode=verify-full")]
    public void An_old_server_that_looks_for_no_address_in_a_certificate_checks_the_authority(int version, string wanted)
    {
        var host = new PemHost(new PemCluster("efm", "172.16.161.245") { PostgresVersion = version }, "172.16.161.201", PemRole.Standby, "node2");
        var change = new ReplicationVerified(host, ["172.16.161.200"]).Compare(Standby("host=172.16.161.200"), false)!;
        Assert.Contains(wanted, change.Difference, StringComparison.Ordinal);
    }

    [Fact]
    [Fuzzes("ReplicationVerified.Quoted")]
    public void A_path_reads_back_from_the_connection_string_as_itself()
    {
        Assert.Equal("/var/lib/a-b_1.crt", ReplicationVerified.Quoted("/var/lib/a-b_1.crt"));
        Texts.Hostile.Holds(path => Assert.Equal([path, "c"], PemHa.Lab.Efm.Conninfo.Parse($"a={ReplicationVerified.Quoted(path)} b=c").Select(p => p.Value)), cases: 2000);
    }

    static Change? Compare(string conninfo) => Verified.Compare(Standby(conninfo), false);

    static Facts Standby(string conninfo) => Facts.Of(("up", "1"), ("recovery", "true"), ("setting.primary_conninfo", conninfo));
}
