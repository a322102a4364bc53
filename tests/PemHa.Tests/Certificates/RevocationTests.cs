using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CsCheck;
using PemHa.Engine;
using PemHa.Engine.Certificates;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests.Certificates;

/// <summary>Lists of revoked certificates: read, judged, brought to the nodes.</summary>
[Spec("P25")]
public sealed class RevocationTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly Example _c1 = new(model: PemSslModel.ExternalCA);
    readonly TestAuthority _root = new("Example Root", ec: true);
    readonly TestAuthority _issuing;

    public RevocationTests()
    {
        _issuing = new TestAuthority("Example Issuing CA", _root, ec: true);
        File.WriteAllText(_folder["root.crt"], _root.Pem);
        foreach (var host in _c1.Cluster.Hosts.Where(h => h.Role != PemRole.Witness))
        {
            _issuing.Issue(_folder.Path, host.Name, new TestCertificate($"CN={host.Name}", host.Address, host.Name, host.Cluster.VirtualIp));
            _issuing.Issue(_folder.Path, $"agent{host.AgentId}", TestCertificate.Agent($"agent{host.AgentId}"));
        }
    }

    [Fact]
    public void A_list_revokes_what_is_in_it_and_nothing_else() => Gen.Int[0, 20].Holds(count =>
    {
        using var authority = new TestAuthority("A", ec: true);
        using var namesake = new TestAuthority("A", ec: true);
        var revoked = Enumerable.Range(0, count).Select(_ => authority.Issue(new TestCertificate("CN=r")).Certificate).ToList();
        var good = Enumerable.Range(0, 5).Select(_ => authority.Issue(new TestCertificate("CN=g")).Certificate).ToList();
        revoked.ForEach(authority.Revoke);
        var list = Assert.Single(RevocationList.ReadAll("text before\n" + authority.List()));
        Assert.All(revoked, c => Assert.True(Revokes(list, c)));
        Assert.All(good, c => Assert.False(Revokes(list, c)));
        using var its = X509Certificate2.CreateFromPem(authority.Pem);
        using var other = X509Certificate2.CreateFromPem(namesake.Pem);
        Assert.Equal((true, true, false, true), (list.IsOf(its), list.IsSignedBy(its), list.IsSignedBy(other), list.IsOf(other)));
    }, cases: 20);

    [Fact]
    public void OpenSSLs_lists_are_read_as_OpenSSL_reads_them()
    {
        Assert.SkipUnless(Shell.Has("openssl"), "openssl is not on PATH");
        var made = Shell.Sh($$"""
            cd {{_folder.Path}}; mkdir o; cd o
            printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha384\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n' > c
            : > index; echo 00F1 > serial
            openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 9 -subj '/CN=O' -sha256
            for n in 1 2 3; do
                openssl req -newkey rsa:2048 -nodes -keyout k -subj "/CN=$n" | openssl ca -batch -config c -cert ca.crt -keyfile ca.key -days 5 -in /dev/stdin -out $n.crt -notext
            done
            openssl ca -config c -cert ca.crt -keyfile ca.key -revoke 2.crt -crl_reason keyCompromise
            openssl ca -config c -cert ca.crt -keyfile ca.key -gencrl -crldays 3 -out crl
            openssl ca -config c -cert ca.crt -keyfile ca.key -gencrl -crldays 3 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -out pss
            """);
        Assert.True(File.Exists(_folder["o/pss"]), made.Error);
        using var authority = X509Certificate2.CreateFromPem(File.ReadAllText(_folder["o/ca.crt"]));
        foreach (var file in new[] { "o/crl", "o/pss" })
        {
            var list = Assert.Single(RevocationList.ReadAll(File.ReadAllText(_folder[file])));
            Assert.True(list.IsSignedBy(authority), file);
            Assert.Equal([false, true, false], new[] { 1, 2, 3 }.Select(n => Revokes(list, File.ReadAllText(_folder[$"o/{n}.crt"]))));
            Assert.Equal("CN=O", list.Issuer);
            Assert.InRange(list.Until!.Value - list.From, TimeSpan.FromDays(2.9), TimeSpan.FromDays(3.1));
            Assert.Equal(Shell.Run("openssl", [], "crl", "-in", _folder[file]).Output, list.Text);
        }
    }

    [Fact]
    public void Lists_in_order_go_to_every_data_directory()
    {
        var old = _issuing.Issue(TestCertificate.Agent("agent2")).Certificate;
        _issuing.Revoke(old);
        Write(_root.List() + _issuing.List());
        using var source = Open();
        Assert.Equal(File.ReadAllText(_folder["root.crl"]), source.Revoked);
        var files = Files(source, _c1.Standby);
        var change = files.Compare(Facts.Of(("folder", "1")), false)!;
        Assert.Equal("create", change.Action);
        Assert.Contains("put_file /var/lib/edb/as17/data/root.crl enterprisedb:enterprisedb 600 -", change.Apply, StringComparison.Ordinal);
        (string, string)[] there = [("folder", "1"), ("crl.text", source.Revoked!), ("crl.mode", "600 enterprisedb:enterprisedb")];
        Assert.Null(files.Compare(Facts.Of(there), false));
        Assert.Equal("replace", files.Compare(Facts.Of([.. there, ("crl.text", _root.List())]), false)!.Action);
        Assert.Equal("replace", files.Compare(Facts.Of([.. there, ("crl.mode", "644 root:root")]), false)!.Action);
    }

    public static TheoryData<string, string> Mistakes => new()
    {
        { "text", "root.crl: it holds no revocation list in PEM form" },
        { "garbage", "root.crl: it cannot be read: *" },
        { "ended", "root.crl: the list of CN=Example Issuing CA, O=Example ended on *" },
        { "not yet", "root.crl: the list of CN=Example Root, O=Example begins only on *" },
        { "one missing", "agent1.crt: root.crl has no list of CN=Example Root, O=Example, and with any list there Postgres wants one of each authority" },
        { "forged", "agent1.crt: root.crl: CN=Example Root, O=Example did not sign the list that bears its name, or signed it with an algorithm of yesterday" },
        { "agent revoked", "agent2.crt: it was revoked by CN=Example Issuing CA, O=Example (root.crl)" },
        { "server revoked", "node1.crt: it was revoked by CN=Example Issuing CA, O=Example (root.crl)" },
        { "authority revoked", "agent3.crt: CN=Example Issuing CA, O=Example was revoked by CN=Example Root, O=Example (root.crl)" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Lists_that_would_lock_out_are_refused(string mistake, string fault)
    {
        switch (mistake)
        {
            case "agent revoked": _issuing.Revoke(File.ReadAllText(_folder["agent2.crt"])); break;
            case "server revoked": _issuing.Revoke(File.ReadAllText(_folder["node1.crt"])); break;
            case "authority revoked": _root.Revoke(_issuing.Pem); break;
        }
        Write(mistake switch
        {
            "text" => "hello",
            "garbage" => "-----BEGIN X509 CRL-----\nMAMCAQE=\n-----END X509 CRL-----\n",
            "ended" => _root.List() + _issuing.List((-9, -1)),
            "not yet" => _root.List((1, 9)) + _issuing.List(),
            "one missing" => _issuing.List(),
            "forged" => _root.List(signer: "Example Root") + _issuing.List(),
            _ => _root.List() + _issuing.List(),
        });
        if (mistake == "forged") Assert.DoesNotContain(_root.Subject, _issuing.Subject, StringComparison.Ordinal);
        var faults = Assert.Throws<PemException>(Open).Message.Split('\n')[1..];
        Assert.True(faults.Any(f => fault.EndsWith('*') ? f.StartsWith(fault[..^1], StringComparison.Ordinal) : f == fault), string.Join('\n', faults));
    }

    [Fact]
    public void A_list_that_the_folder_does_not_hold_any_more_is_not_forgotten_silently()
    {
        using var source = Open();
        Facts On(string list) => Facts.Of(("folder", "1"), ("crl.text", list), ("crl.mode", "600 enterprisedb:enterprisedb"));
        using var stranger = new TestAuthority("Stranger");
        Assert.Equal("RevocationListMissing", Assert.Throws<PemException>(() => Files(source, _c1.Primary).Compare(On(_root.List()), false)).Id);
        Assert.Equal("AuthorityChanged", Assert.Throws<PemException>(() => Files(source, _c1.Primary).Compare(On(stranger.List()), false)).Id);
        Assert.Equal("AuthorityChanged", Assert.Throws<PemException>(() => Files(source, _c1.Primary).Compare(On("garbage"), false)).Id);
        foreach (var list in new[] { _root.List(), stranger.List() })
            Assert.Equal("remove", Files(source, _c1.Primary, replace: true).Compare(On(list), false)!.Action);
        // Of our own authority's list, as sslutils writes one, we know nothing and leave it.
        using var ours = CertificateAuthority.Create(_folder["ca"], "CA", "pw");
        Assert.Throws<PemException>(() => Files(ours, _c1.Primary).Compare(On(_root.List()), false));
        Assert.Null(Files(ours, _c1.Primary).Compare(Facts.Of(("folder", "1")), false));
        Assert.Equal("DatabaseMissing", Assert.Throws<PemException>(() => Files(ours, _c1.Primary).Compare(Facts.Of(), false)).Id);
    }

    [Fact]
    public void The_server_is_told_of_a_list_where_there_is_one_and_nowhere_else()
    {
        var step = SectionD.Ssl(_c1.Cluster, _c1.Cluster.Hosts);
        var settings = Example.The<SettingsFile>(step, _c1.Primary);
        string Text(params (string, string)[] facts) => settings.Compare(Facts.Of([("file.text", ""), ("file.mode", "600 a:b"), .. facts]), false)!.Difference;
        Assert.Contains("ssl_crl_file = 'root.crl'", Text(("revoked", "1")), StringComparison.Ordinal);
        Assert.DoesNotContain("ssl_crl_file", Text(), StringComparison.Ordinal);
        var loaded = Example.The<ServerLoaded>(step, _c1.Primary);
        (string, string)[] live = [("up", "1"), ("setting.ssl", "on"), ("setting.ssl_ca_file", "root.crt"), ("setting.ssl_cert_file", "server.crt"), ("setting.ssl_key_file", "server.key")];
        Assert.Null(loaded.Compare(Facts.Of(live), false));
        Assert.Null(loaded.Compare(Facts.Of([.. live, ("revoked", "1"), ("setting.ssl_crl_file", "root.crl")]), false));
        Assert.Equal("SettingOverridden", Assert.Throws<PemException>(() => loaded.Compare(Facts.Of([.. live, ("revoked", "1"), ("setting.ssl_crl_file", "old.crl")]), false)).Id);
    }

    public void Dispose()
    {
        _issuing.Dispose();
        _root.Dispose();
        _folder.Dispose();
    }

    void Write(string lists) => File.WriteAllText(_folder["root.crl"], lists);

    ExternalCertificates Open() =>
        ExternalCertificates.Open(_folder.Path, [.. _c1.Cluster.Hosts.Where(h => h.Role != PemRole.Witness).SelectMany(SectionD.Specs)], null);

    RevocationFile Files(CertificateSource source, PemHost host, bool replace = false) =>
        Example.The<RevocationFile>(SectionD.Certificates(_c1.Cluster, _c1.Cluster.Hosts, source, TimeSpan.FromDays(100), replace), host);

    static bool Revokes(RevocationList list, string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return list.Revokes(certificate);
    }
}
