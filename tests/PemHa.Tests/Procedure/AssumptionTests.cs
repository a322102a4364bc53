using PemHa.Engine;
using PemHa.Engine.Assumptions;
using PemHa.Engine.Checks;
using PemHa.Engine.Linux;
using PemHa.Engine.Pem;
using PemHa.Engine.State;
using Verdict = PemHa.Engine.Assumptions.Verdict;

namespace PemHa.Tests.Procedure;

/// <summary>The register of what PemHa takes for granted, and the guards that ask a host for it.</summary>
public class AssumptionTests
{
    readonly Example _c1 = new(agentUser: "agents");

    [Fact]
    public void Every_entry_says_what_where_and_how_it_is_known()
    {
        Assert.Equal(Register.All.Count, Register.All.Select(a => a.Id).Distinct().Count());
        var engine = Path.Combine(ModuleAssemblies.Root, "src", "PemHa.Engine");
        Assert.All(Register.All, a =>
        {
            Assert.Matches("^(server|efm|pem|linux)\\.[a-z-]+$", a.Id);
            Assert.EndsWith(".", a.Statement, StringComparison.Ordinal);
            Assert.True(a.Evidence.Length > 5, a.Id);
            Assert.True(File.Exists(Path.Combine(engine, a.Place)), $"{a.Id}: {a.Place} is not there");
        });
    }

    [Fact]
    public void What_is_not_proven_is_asked_or_shows_itself() => Assert.Equal([],
        Register.All.Where(a => a.Verdict != Verdict.Proven && a.Guard is null && a.ShownBy is null).Select(a => a.Id));

    [Fact]
    public void Every_guard_is_in_each_of_its_steps_on_a_host_that_it_is_about()
    {
        var steps = _c1.Steps("secret").Where(s => s.Phases.Count > 0).ToDictionary(s => s.Name);
        var asked = Register.All
            .Where(a => a.Guard is not null)
            .SelectMany(a => a.Guard!.Steps.Select(s => (a, s)));

        foreach (var (assumption, step) in asked)
        {
            var guard = assumption.Guard!;
            // What the primary alone is asked is what the others get a copy of.
            var about = _c1.Cluster.Hosts
                .Where(guard.On)
                .Where(h => step != "Initialize-PemReplica" || h == _c1.Primary);
            Assert.All(about, h => Assert.Contains(
                Example.Resources(steps[step], h), r => r.Name == $"product: {assumption.Id}"));
        }
    }

    [Fact]
    public void A_guard_comes_before_whatever_the_step_changes()
    {
        // What brings the product has to come first; and a right that a killed run left is taken away at once.
        static bool MayComeBefore(Resource resource) => resource
            is ProductGuard or Requirement or Packages or DnfModuleDisabled
            or ExtraRepositories or FirewallPorts or CommonUserDemoted;

        foreach (var step in _c1.Steps("secret"))
            foreach (var host in step.Hosts)
            {
                var resources = Example.Resources(step, host);
                var last = resources.ToList().FindLastIndex(r => r is ProductGuard);
                Assert.All(resources.Take(Math.Max(last, 0)), r => Assert.True(
                    MayComeBefore(r), $"{step.Name} on {host.Name}: {r.Name}"));
            }
    }

    [Fact]
    public void What_is_not_installed_yet_is_not_judged()
    {
        foreach (var assumption in Register.All.Where(a => a.Guard is not null))
            foreach (var host in _c1.Cluster.Hosts.Where(assumption.Guard!.On))
            {
                var guard = new ProductGuard(assumption, host);
                Assert.Null(guard.Compare(new Facts(), false));
                Assert.Null(guard.Remark(new Facts()));
            }
    }

    /// <summary>For each guard, what a host reports that differs, and a word of what is said of it.</summary>
    public static TheoryData<string, string, string> Differences { get; } = new()
    {
        { "server.programs", "missing=psql", "no psql in /usr/edb/as17/bin" },
        { "server.owner", "missing=1", "no user enterprisedb" },
        { "server.unit", "lines=0", "no unit edb-as-17" },
        { "server.unit", "lines=9;User=enterprisedb;Type=notify", "Environment=PGDATA=" },
        { "server.unit", "lines=9;pgdata=1;User=postgres;Type=notify", "User=postgres" },
        { "server.unit", "lines=9;pgdata=1;User=enterprisedb;Type=simple", "Type=simple" },
        { "server.setup", "missing=/usr/edb/as17/bin/edb-as-17-setup", "no program" },
        { "server.setup", "ignores=1", "PGSETUP_INITDB_OPTIONS" },
        { "server.setup-service", "ignores=1", "second argument" },
        { "server.process", "comm=epas", "'epas'" },
        { "server.socket", "socket=/tmp/.s.PGSQL.5444", "no socket" },
        { "server.port", "port=5432", "5432" },
        { "server.peer", "said=psql: error: no password supplied", "no password supplied" },
        { "server.database", "databases=0", "no database edb" },
        { "server.home", "home=/home/edb", "/home/edb" },
        { "server.tablespaces", "strange=/ts: EDB_17_1", "EDB_17_1" },
        { "server.version", "major=19", "version 19" },
        { "efm.programs", "missing=/usr/edb/efm-5.2/bin/efm", "no /usr/edb/efm-5.2/bin/efm" },
        { "efm.user", "missing=group", "no group efm" },
        { "efm.samples", "missing=efm.nodes.in", "efm.nodes.in" },
        { "efm.property-names", "unknown= virtual.ip.single", "virtual.ip.single" },
        { "efm.property-defaults", "auto.failover=false;auto.reconfigure=true", "auto.failover=false" },
        { "efm.unit", "lines=0", "no unit edb-efm-5.2" },
        { "efm.unit", "lines=9;starts=1;User=efm;PIDFile=/run/efm-5.2/efm.pid;Type=forking", "Environment=CLUSTER=" },
        { "efm.unit", "lines=9;named=1;User=efm;PIDFile=/run/efm-5.2/efm.pid;Type=forking", "ExecStart" },
        { "efm.unit", "lines=9;named=1;starts=1;User=root;PIDFile=/run/efm-5.2/efm.pid;Type=forking", "User=root" },
        {
            "efm.unit",
            "lines=9;named=1;starts=1;User=efm;PIDFile=/run/efm/efm.pid;Type=forking",
            "PIDFile=/run/efm/efm.pid"
        },
        { "efm.unit", "lines=9;named=1;starts=1;User=efm;PIDFile=/run/efm-5.2/efm.pid;Type=simple", "Type=simple" },
        { "efm.start-program", "missing=/usr/edb/efm-5.2/bin/runefm.sh", "runefm.sh" },
        { "efm.helpers", "missing=efm_address", "efm_address" },
        { "efm.address-verbs", "missing=add6", "add6" },
        { "efm.sudoers", "missing=rule", "no rule for efm_db_functions" },
        { "efm.sudoers", "missing=enterprisedb", "owner enterprisedb" },
        { "efm.sudo", "missing=sudo", "no sudo" },
        { "efm.java", "missing=1", "no java" },
        { "efm.ping-command", "missing=/bin/ping", "/bin/ping" },
        { "efm.helper-reading", "strange=db.bin", "db.bin" },
        { "efm.properties-mode", "closed=1", "/etc/edb/efm-5.2 closed to enterprisedb" },
        { "efm.version", "version=5.5", "version 5.5" },
        { "pem.programs", "missing=/usr/edb/pem/bin/configure-pem-server.sh", "configure-pem-server.sh" },
        { "pem.options", "missing=--replication-role", "--replication-role" },
        { "pem.user", "missing=1", "no user pem" },
        { "pem.units", "missing=pemagent", "no unit pemagent" },
        { "pem.web-unit", "missing=edb-uwsgi", "no unit edb-uwsgi" },
        { "pem.web-folder", "missing=/usr/edb/pem/web", "no /usr/edb/pem/web" },
        { "pem.agent-configuration", "missing=agent_ssl_crt", "agent_ssl_crt" },
        { "pem.schema", "missing=last_heartbeat", "last_heartbeat" },
        { "pem.nginx-site", "missing=/etc/nginx/conf.d/edb-pem.conf", "edb-pem.conf" },
        { "pem.nginx-site", "unset=ssl_certificate", "ssl_certificate" },
        { "pem.selinux", "missing=httpd_can_network_connect", "httpd_can_network_connect" },
        { "pem.version", "version=10.7.0", "version 10.7.0" },
        { "pem.question", "raw=1", "read -r" },
        { "pem.settings-uri", "driver=psycopg2", "only psycopg2" },
        { "linux.systemd", "missing=1", "systemctl" },
        { "linux.ndisc-notify", "missing=1", "a kernel without this setting" },
    };

    [Theory, MemberData(nameof(Differences))]
    public void A_product_that_differs_is_refused_by_name_or_warned_of(string id, string facts, string found)
    {
        var assumption = Register.All.Single(a => a.Id == id);
        var guard = new ProductGuard(assumption, _c1.Primary);
        var reported = Reported($"there=1;{facts}");
        if (assumption.Guard!.WarnsOnly)
        {
            Assert.Null(guard.Compare(reported, false));
            Assert.Contains(found, guard.Remark(reported), StringComparison.Ordinal);
            return;
        }
        var error = Assert.Throws<PemException>(() => guard.Compare(reported, false));
        Assert.Equal("ProductDiffers", error.Id);
        Assert.Contains(id, error.Message, StringComparison.Ordinal);
        Assert.Contains($"Found on node1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(found, error.Message, StringComparison.Ordinal);
        Assert.NotEqual("", error.Remedy);
    }

    [Fact]
    public void Every_guard_has_a_difference_that_it_is_tried_with() => Assert.Equal(
        Register.All.Where(a => a.Guard is not null).Select(a => a.Id).Order(StringComparer.Ordinal),
        Differences.Select(d => d.Data.Item1).Distinct().Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("server.version", "major=18")]
    [InlineData("server.port", "port=5444")]
    [InlineData("efm.unit", "lines=9;named=1;starts=1;User=efm;PIDFile=/var/run/efm-5.2/efm.pid;Type=forking")]
    [InlineData("efm.property-defaults", "auto.failover=true;admin.port=7809 ")]
    [InlineData("efm.version", "version=5.4")]
    [InlineData("efm.version", "version=stranger")]
    [InlineData("pem.version", "version=10.6.0")]
    public void A_product_as_it_is_known_passes(string id, string facts)
    {
        var guard = new ProductGuard(Register.All.Single(a => a.Id == id), _c1.Primary);
        Assert.Null(guard.Compare(Reported($"there=1;{facts}"), false));
        Assert.Null(guard.Remark(Reported($"there=1;{facts}")));
    }

    [Fact]
    public void The_prerequisites_show_differences_by_name_and_count_the_rest()
    {
        var checks = Register.AsChecks().ToList();
        var unit = checks.Single(c => c.Name == "efm.unit");
        var differs = new Sights { [_c1.Primary] = Reported("there=1;lines=0") };
        Assert.Equal(PemCheckState.Failed, unit.Judge(_c1.Primary, differs)!.State);
        Assert.Null(unit.Judge(_c1.Primary, new Sights { [_c1.Primary] = new Facts() }));

        var whole = checks.Single(c => c.Name == "EFM as known");
        var nothing = new Sights { [_c1.Witness] = new Facts() };
        var known = new Sights { [_c1.Witness] = Reported("there=1") };
        Assert.Contains("New", $"{whole.Judge(_c1.Witness, nothing)!.Why}New", StringComparison.Ordinal);
        Assert.Matches("^Asked [1-9][0-9]* things", whole.Judge(_c1.Witness, known)!.Why);
        Assert.All(
            checks.Where(c => c.Name.EndsWith(" as known", StringComparison.Ordinal) && c.Name[0] is 's' or 'P'),
            c => Assert.False(c.On(_c1.Witness)));
    }

    static Facts Reported(string facts) =>
        Facts.Of([.. facts.Split(';').Select(f => f.Split('=', 2)).Select(f => (f[0], f[1]))]);
}
