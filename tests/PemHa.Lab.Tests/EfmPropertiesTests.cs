using PemHa.Lab.Efm;
using Xunit;

namespace PemHa.Lab.Tests;

public class EfmPropertiesTests
{
    const string Good = """
        # comment
        db.user=efm
        db.password.encrypted=00
        db.port=5444
        db.database=edb
        db.service.owner=enterprisedb
        db.bin=/usr/edb/as17/bin
        db.data.dir=/var/lib/edb/as17/data
        user.email=dba@example.com
        bind.address=172.16.161.200:7800
        is.witness=false

        """;

    [Fact]
    [Spec("F5", "P19")]
    public void A_good_file_is_accepted_and_defaults_are_the_documented_ones()
    {
        var properties = Parse(Good, out var errors);
        Assert.Empty(errors);
        Assert.Equal("172.16.161.200", properties.Address);
        Assert.Equal(7800, properties.BindAddress.Port);
        Assert.Equal(7809, properties.Number("admin.port"));
        Assert.Equal((10, 60, 10, 10, 50), (properties.Number("local.period"), properties.Number("local.timeout"),
            properties.Number("local.timeout.final"), properties.Number("remote.timeout"), properties.Number("node.timeout")));
        Assert.True(properties.Flag("stop.isolated.primary"));
        Assert.False(properties.HasVirtualIp);
        Assert.False(properties.IsChanged("a.property.of.a.newer.version"));
    }

    [Theory]
    [InlineData("db.pasword=1", "db.pasword")]
    [InlineData("DB.USER=efm", "DB.USER")]
    [InlineData("auto.resume.period=5", "auto.resume.period")]
    [InlineData("primary.health.check.port=x", "primary.health.check.port")]
    [InlineData("db.database='edb'", "Quoted")]
    [InlineData("node.timeout=50s", "node.timeout")]
    [InlineData("is.witness=True", "is.witness")]
    [InlineData("jdbc.sslmode=prefer", "jdbc.sslmode")]
    [InlineData("bind.address=172.16.161.200", "bind.address")]
    [InlineData("bind.address=fd16:161::200:7800", "bind.address")]
    [InlineData("db.user=", "db.user")]
    [InlineData("db.data.dir=", "db.data.dir")]
    [InlineData("user.email=", "user.email")]
    [InlineData("virtual.ip=172.16.161.245", "virtual.ip.interface")]
    [InlineData("db.port=0", "db.port")]
    [Spec("F5")]
    public void What_the_product_refuses_is_refused_by_name(string line, string named)
    {
        Parse(Good + line + "\n", out var errors);
        Assert.Contains(errors, e => e.Contains(named, StringComparison.Ordinal));
    }

    [Fact]
    [Spec("P19")]
    public void An_IPv6_address_is_bracketed_before_its_port()
    {
        var properties = Parse(Good + "bind.address=[fd16:161:0::200]:7801\n", out var errors);
        Assert.Empty(errors);
        Assert.Equal(("fd16:161::200", 7801), (properties.Address, properties.BindAddress.Port));
    }

    [Fact]
    [Spec("P19")]
    public void A_witness_needs_nothing_of_a_local_database()
    {
        Parse(Good + "is.witness=true\ndb.service.owner=\ndb.bin=\ndb.data.dir=\n", out var errors);
        Assert.Empty(errors);
    }

    [Fact]
    public void A_backslash_continues_a_line()
    {
        var values = EfmProperties.Read("notification.text.prefix=one \\\n  two\nb = c\n");
        Assert.Equal("one two", values["notification.text.prefix"]);
        Assert.Equal("c", values["b"]);
    }

    [Theory]
    [InlineData("5.1")]
    [InlineData("5.2")]
    [InlineData("5.3")]
    [InlineData("5.4")]
    [Spec("P3", "P17", "F5")]
    public void The_template_has_every_property_with_its_default_and_no_other(string version)
    {
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "assets/packages/edb-efm/efm.properties.in"))
            .Select(l => l.StartsWith($"@{version}@ ", StringComparison.Ordinal) ? l[(version.Length + 3)..] : l);
        var template = EfmProperties.Read(string.Join('\n', lines.Where(l => !l.StartsWith('@'))));
        var known = PropertyCatalogue.Of(version).ToList();
        Assert.Equal(known.Select(p => p.Name).Order(StringComparer.Ordinal), template.Keys.Order(StringComparer.Ordinal));
        var directories = new[] { "lock.dir", "pid.dir", "log.dir", "from.email", "detach.on.agent.failure" };
        foreach (var fact in known.Where(p => !directories.Contains(p.Name)))
            Assert.Equal(fact.Default, template[fact.Name]);
    }

    [Theory]
    [InlineData("/usr/edb/efm-5.1/lib/", "5.1")]
    [InlineData("/usr/edb/efm-5.2/lib", "5.2")]
    [InlineData("/anywhere/bin/", "5.4")]
    [Spec("P3")]
    public void The_folder_of_the_program_says_which_version_it_is(string folder, string version) =>
        Assert.Equal(version, StandIn.VersionOf(folder));

    [Fact]
    [Spec("F5")]
    public void What_must_be_the_same_on_all_nodes_can_be_compared()
    {
        var one = Parse(Good + "virtual.ip=172.16.161.245\nvirtual.ip.interface=eth0\nvirtual.ip.prefix=24\n", out _).Shared();
        var other = Parse(Good + "node.timeout=7\n", out _).Shared();
        Assert.Equal(["node.timeout", "virtual.ip"], one.Where(p => other[p.Key] != p.Value).Select(p => p.Key).Order());
    }

    static EfmProperties Parse(string text, out List<string> errors) => EfmProperties.Parse("efm", text, out errors);
}
