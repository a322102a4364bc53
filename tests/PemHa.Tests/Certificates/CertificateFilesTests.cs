using System.Text;
using PemHa.Engine;
using PemHa.Engine.Certificates;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Tests.Certificates;

/// <summary>Certificates on the nodes.</summary>
[Spec("P24")]
public sealed class CertificateFilesTests : IDisposable
{
    const string Mode = "600 enterprisedb:enterprisedb";
    readonly TemporaryFolder _folder = new();
    readonly Example _c1 = new();
    readonly CertificateAuthority _authority;

    public CertificateFilesTests() => _authority = CertificateAuthority.Create(_folder["ca"], "CA", "pw");

    [Fact]
    public void A_new_node_gets_key_certificate_and_root_closed_and_owned()
    {
        var files = Server(_c1.Standby);
        var change = files.Compare(Facts.Of(("folder", "1")), false)!;
        Assert.Equal(("create", "CN=node2, 172.16.161.201, node2, 172.16.161.245, localhost, 127.0.0.1: there is none"),
            (change.Action, change.Difference));
        foreach (var name in new[] { "server.key", "server.crt", "root.crt" })
            Assert.Contains($"put_file /var/lib/edb/as17/data/{name} enterprisedb:enterprisedb 600 -", change.Apply,
                StringComparison.Ordinal);
        Assert.Null(files.Compare(Facts.Of(Written(change)), false));
    }

    [Fact]
    [Spec("T14")]
    public void A_base_backups_copy_of_the_primarys_key_is_renewed()
    {
        var primary = Written(Server(_c1.Primary).Compare(Facts.Of(("folder", "1")), false)!);
        Assert.Null(Server(_c1.Primary).Compare(Facts.Of(primary), false));
        var change = Server(_c1.Standby).Compare(Facts.Of(primary), false)!;
        Assert.Equal("renew", change.Action);
        Assert.EndsWith("it is not node1's".Replace('1', '2'), change.Difference, StringComparison.Ordinal);
        // Not kept as a backup either.
        var (gone, put) = ("rm -f /var/lib/edb/as17/data/server.key", "put_file /var/lib/edb/as17/data/server.key");
        Assert.InRange(change.Apply.IndexOf(gone, StringComparison.Ordinal), 0, change.Apply.IndexOf(put, StringComparison.Ordinal));
        Assert.NotEqual(primary.Single(f => f.Name == "public"), Written(change).Single(f => f.Name == "public"));
    }

    [Theory]
    [InlineData("key.mode", "644 enterprisedb:enterprisedb")]
    [InlineData("crt.mode", "600 root:root")]
    [InlineData("root.mode", "600 root:root")]
    [InlineData("root.text", "another root")]
    public void Wrong_modes_and_roots_are_mended_without_a_new_key(string fact, string value)
    {
        var files = Server(_c1.Primary);
        var written = Written(files.Compare(Facts.Of(("folder", "1")), false)!);
        var change = files.Compare(Facts.Of([.. written, (fact, value)]), false)!;
        Assert.Equal("mend", change.Action);
        Assert.DoesNotContain("put_file /var/lib/edb/as17/data/server.key", change.Apply, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P31", "F9")]
    public void Each_agent_has_a_pair_of_its_own_name()
    {
        foreach (var (host, n) in new[] { (_c1.Primary, 1), (_c1.Standby, 2), (_c1.Third, 3) })
        {
            var agent = Files(host).Single(f => f.Spec.CommonName == $"agent{n}");
            Assert.Equal(($"/etc/pki/pemha/agent{n}.crt", "root:root", CertificatePurpose.Agent), (agent.CertificatePath, agent.Owner, agent.Spec.Purpose));
        }
        Assert.DoesNotContain(_c1.Witness, SectionD.Certificates(_c1.Cluster, _c1.Cluster.Hosts, _authority, TimeSpan.FromDays(100), false).Hosts);
    }

    [Fact]
    public void No_key_shows_in_what_people_see()
    {
        var change = Server(_c1.Primary).Compare(Facts.Of(("folder", "1")), false)!;
        var key = Texts(change)["server.key"];
        Assert.Contains("PRIVATE KEY", key, StringComparison.Ordinal);
        var redactor = SshSession.Of(_c1.Primary).Redactor;
        Assert.Equal("********", redactor.Redact(key));
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.Latin1.GetBytes(key)), redactor.Redact(change.Apply),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Before_there_is_a_database_the_servers_certificate_has_no_place() =>
        Assert.Equal("DatabaseMissing", Assert.Throws<PemException>(() => Server(_c1.Primary).Compare(Facts.Of(), false)).Id);

    [Fact]
    [Spec("P23", "P24")]
    public void Another_authority_takes_over_only_when_it_is_told_to()
    {
        using var folder = new TemporaryFolder();
        using var other = CertificateAuthority.Create(folder.Path, "another", "secret");
        var facts = Facts.Of(Written(Server(_c1.Primary).Compare(Facts.Of(("folder", "1")), false)!));
        CertificateFiles By(bool replace) => Example.The<CertificateFiles>(
            SectionD.Certificates(_c1.Cluster, _c1.Cluster.Hosts, other, TimeSpan.FromDays(100), replace), _c1.Primary,
            f => f.CertificatePath.EndsWith("data/server.crt", StringComparison.Ordinal));
        Assert.Equal("AuthorityChanged", Assert.Throws<PemException>(() => By(false).Compare(facts, false)).Id);
        Assert.Equal("renew", By(true).Compare(facts, false)!.Action);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    List<CertificateFiles> Files(PemHost host) =>
        [.. Example.Resources(SectionD.Certificates(_c1.Cluster, _c1.Cluster.Hosts, _authority, TimeSpan.FromDays(100), false), host)
            .OfType<CertificateFiles>()];

    CertificateFiles Server(PemHost host) =>
        Files(host).Single(f => f.CertificatePath.EndsWith("data/server.crt", StringComparison.Ordinal));

    /// <summary>What the probe finds after a change.</summary>
    static (string Name, string Value)[] Written(Change change)
    {
        var texts = Texts(change);
        return
        [
            ("folder", "1"), ("crt.text", texts["server.crt"]), ("crt.mode", Mode), ("root.text", texts["root.crt"]), ("root.mode", Mode),
            ("key.mode", Mode),
            ("public", Faults.PublicKey(texts["server.key"])),
        ];
    }

    /// <summary>The files that a change writes, by name.</summary>
    static Dictionary<string, string> Texts(Change change) => change.Apply.Split("put_file ").Skip(1).ToDictionary(
        p => Path.GetFileName(p.Split(' ')[0]), p => Encoding.Latin1.GetString(Convert.FromBase64String(p.Split('\n')[1])));
}
