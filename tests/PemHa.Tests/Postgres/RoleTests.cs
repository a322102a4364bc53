using PemHa.Engine;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Tests.Postgres;

/// <summary>Roles, their passwords and privileges.</summary>
[Spec("P7")]
public class RoleTests
{
    readonly Redactor _redactor = new();

    [Fact]
    public void A_missing_role_is_created_with_a_verifier_in_place_of_its_password()
    {
        var change = Repl("s3cret").Compare(Facts.Of(("up", "1")), false)!;
        Assert.Equal("create", change.Action);
        Assert.Equal("CREATE ROLE \"repl\" LOGIN REPLICATION;\nALTER ROLE \"repl\" PASSWORD 'SCRAM-SHA-256$...';", change.Difference);
        Assert.DoesNotContain("s3cret", change.Apply, StringComparison.Ordinal);
        Assert.Matches(@"PASSWORD .*SCRAM-SHA-256\$4096:", change.Apply);
        Assert.DoesNotMatch(@"SCRAM-SHA-256\$4096:[A-Za-z0-9+/=]{4}", _redactor.Redact(change.Apply));
    }

    [Fact]
    public void The_statements_are_one_transaction() =>
        Assert.Matches("BEGIN;\n(.|\n)*\nCOMMIT;", Repl("s3cret").Compare(Facts.Of(("up", "1")), false)!.Apply);

    [Fact]
    public void A_role_with_this_password_stays()
    {
        var role = Repl("s3cret");
        Assert.Null(role.Compare(Held("s3cret"), false));
        Assert.False(role.PasswordChanged);
    }

    [Fact]
    public void Another_password_is_altered_and_nothing_else()
    {
        var role = Repl("s3cret");
        Assert.Equal("ALTER ROLE \"repl\" PASSWORD 'SCRAM-SHA-256$...';", role.Compare(Held("old"), false)!.Difference);
        Assert.True(role.PasswordChanged);
    }

    [Fact]
    public void A_role_without_a_password_is_given_one() =>
        Assert.Equal("ALTER ROLE \"repl\" PASSWORD 'SCRAM-SHA-256$...';", Repl("s3cret")
            .Compare(Facts.Of(("up", "1"), ("verifier", ""), ("attributes", "true")), false)!.Difference);

    [Fact]
    public void Missing_attributes_are_altered() =>
        Assert.Equal("ALTER ROLE \"repl\" LOGIN REPLICATION;", Repl("s3cret")
            .Compare(Held("s3cret", attributes: "false"), false)!.Difference);

    [Fact]
    public void A_role_that_has_had_its_day_may_log_in_again() =>
        Assert.Equal("ALTER ROLE \"repl\" VALID UNTIL 'infinity';\nALTER ROLE \"repl\" PASSWORD 'SCRAM-SHA-256$...';", Repl("s3cret")
            .Compare(Facts.Of(("up", "1"), ("verifier", ""), ("attributes", "true"), ("expired", "true")), false)!.Difference);

    [Fact]
    [Spec("P13")]
    public void EFMs_role_gets_every_privilege_that_it_lacks_and_no_other()
    {
        var c1 = new Example();
        var step = SectionC.Cluster(c1.Cluster, c1.Cluster.Hosts, c1.Primary, "efm", "pw", new EfmOptions());
        var role = Example.The<Role>(step, c1.Primary);
        string[] grants =
        [
            "GRANT CONNECT ON DATABASE \"edb\" TO \"efm\";", "GRANT EXECUTE ON FUNCTION pg_current_wal_lsn() TO \"efm\";",
            "GRANT EXECUTE ON FUNCTION pg_last_wal_replay_lsn() TO \"efm\";",
            "GRANT EXECUTE ON FUNCTION pg_wal_replay_resume() TO \"efm\";", "GRANT EXECUTE ON FUNCTION pg_wal_replay_pause() TO \"efm\";",
            "GRANT EXECUTE ON FUNCTION pg_reload_conf() TO \"efm\";", "GRANT pg_monitor TO \"efm\";",
        ];
        Assert.Equal(grants, role.Compare(Facts.Of(("up", "1")), false)!.Difference.Split('\n')[2..]);
        var held = Enumerable.Range(0, grants.Length).Select(i => ($"holds{i}", i == 3 ? "false" : "true"));
        Assert.Equal(grants[3],
            role.Compare(Facts.Of([("up", "1"), ("verifier", ScramVerifier.Create("pw")), ("attributes", "true"), .. held]),
            false)!.Difference);
    }

    [Fact]
    public void Without_a_running_database_nothing_is_planned() =>
        Assert.Equal("DatabaseMissing", Assert.Throws<PemException>(() => Repl("x").Compare(Facts.Of(), false)).Id);

    Role Repl(string password) => new(_redactor) { RoleName = "repl", Attributes = ["LOGIN", "REPLICATION"], Password = password };

    static Facts Held(string password, string attributes = "true") =>
        Facts.Of(("up", "1"), ("verifier", ScramVerifier.Create(password)), ("attributes", attributes));
}
