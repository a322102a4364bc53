using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PemHa.Engine;
using PemHa.Engine.Certificates;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Tests.Certificates;

/// <summary>The authority that PEM's sslutils signs with: the same pair in every data directory, and nowhere else.</summary>
[Spec("P23")]
public sealed class SslUtilsAuthorityTests
{
    static readonly TimeSpan Year = TimeSpan.FromDays(365);
    static readonly KeyPair Pair = Made(), Other = Made();
    readonly Example _c1 = new(model: PemSslModel.SslUtils);

    [Fact]
    [Spec("P24")]
    public void A_pair_that_is_nowhere_is_made_once_of_RSA_4096_and_put_on_every_node()
    {
        using var authority = new SslUtilsAuthority(_c1.Primary);
        var changes = Data.Select(h => Files(authority, h).Compare(Facts.Of(("folder", "1")), false)!).ToList();
        Assert.All(changes, c => Assert.Equal("create", c.Action));
        Assert.Single(changes.Select(c => c.Apply).Distinct());
        using var key = RSA.Create();
        key.ImportFromPem(authority.Pair.Key);
        Assert.Equal(4096, key.KeySize);
        using var certificate = X509Certificate2.CreateFromPem(authority.Pair.Certificate);
        Assert.Equal("CN=PEM CA efm", certificate.Subject);
        Assert.True(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(authority.Pair.Certificate, authority.Root);
        // Nothing of it shows, on whichever host.
        foreach (var host in Data)
        {
            var redactor = SshSession.Of(host).Redactor;
            Assert.Equal("********", redactor.Redact(authority.Pair.Key));
            Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.Latin1.GetBytes(authority.Pair.Key)), redactor.Redact(changes[0].Apply),
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_pair_that_agents_were_registered_with_stays_and_goes_to_the_other_nodes()
    {
        using var authority = new SslUtilsAuthority(_c1.Primary);
        Look(authority, _c1.Primary, Pair);
        Look(authority, _c1.Standby, Other);
        Look(authority, _c1.Third, null);
        Assert.Equal(Pair, authority.Pair);
        Assert.Null(Files(authority, _c1.Primary).Compare(On(Pair), false));
        Assert.Equal("create", Files(authority, _c1.Third).Compare(Facts.Of(("folder", "1")), false)!.Action);
        Assert.Equal("AuthorityChanged", Assert.Throws<PemException>(() => Files(authority, _c1.Standby).Compare(On(Other), false)).Id);
        Assert.Equal("replace", Files(authority, _c1.Standby, replace: true).Compare(On(Other), false)!.Action);
        Assert.Equal("mend", Files(authority, _c1.Primary).Compare(On(Pair, "644 root:root"), false)!.Action);
        Assert.Equal("DatabaseMissing", Assert.Throws<PemException>(() => Files(authority, _c1.Primary).Compare(Facts.Of(), false)).Id);
    }

    [Fact]
    public void A_primary_that_lost_its_pair_gets_a_standbys_again()
    {
        using var authority = new SslUtilsAuthority(_c1.Primary);
        Look(authority, _c1.Primary, null);
        Look(authority, _c1.Standby, Pair);
        Assert.Equal(Pair, authority.Pair);
    }

    [Fact]
    public void Half_a_pair_or_two_halves_that_do_not_fit_are_no_authority()
    {
        using var authority = new SslUtilsAuthority(_c1.Primary);
        foreach (var (certificate, key) in new[] { ("", Pair.Key), (Pair.Certificate, ""), (Pair.Certificate, Other.Key), ("x", "y"), (Pair.Certificate, EcKey()) })
            Assert.Equal("AuthorityUnusable", Assert.Throws<PemException>(() => Look(authority, _c1.Primary, new KeyPair(certificate, key))).Id);
    }

    [Fact]
    [Spec("P24")]
    public void It_issues_servers_and_web_certificates_and_leaves_the_agents_to_PEM()
    {
        using var authority = new SslUtilsAuthority(_c1.Primary);
        Look(authority, _c1.Primary, Pair);
        foreach (var host in Data)
        {
            var specs = SectionD.Specs(host);
            Assert.Equal([CertificatePurpose.Server, CertificatePurpose.Web], specs.Select(s => s.Purpose));
            foreach (var spec in specs)
            {
                var issued = authority.Issue(spec, Year);
                Assert.Null(authority.Fault(issued.Certificate, Faults.PublicKey(issued.Key), spec, TimeSpan.FromDays(30)));
            }
        }
    }

    [Fact]
    public void An_authority_that_PEM_renewed_keeps_what_it_added_to_the_trusted_ones()
    {
        using var authority = new SslUtilsAuthority(_c1.Primary);
        Look(authority, _c1.Primary, Pair);
        Assert.True(authority.IsRoot(Pair.Certificate));
        Assert.True(authority.IsRoot(Other.Certificate + Pair.Certificate));
        Assert.False(authority.IsRoot(Other.Certificate));
        Assert.False(authority.IsRoot(""));
    }

    [Fact]
    public void The_primary_gets_the_pair_first_in_whatever_order_the_hosts_are_given()
    {
        using var authority = new SslUtilsAuthority(_c1.Primary);
        var step = SectionD.Certificates(_c1.Cluster, [.. _c1.Cluster.Hosts.Reverse()], authority, Year, false);
        Assert.Equal([_c1.Primary, _c1.Third, _c1.Standby], step.Phases[^1].Hosts);
    }

    IEnumerable<PemHost> Data => _c1.Cluster.Hosts.Where(h => h.Role != PemRole.Witness);

    static void Look(SslUtilsAuthority authority, PemHost host, KeyPair? pair) => authority.Look(host).Compare(pair is null ? Facts.Of() : On(pair), false);

    static Facts On(KeyPair pair, string mode = "600 enterprisedb:enterprisedb") => Facts.Of(
        [("folder", "1"), .. pair.Certificate.Length == 0 ? Array.Empty<(string, string)>() : [("ca.crt.text", pair.Certificate), ("ca.crt.mode", mode)],
        .. pair.Key.Length == 0 ? Array.Empty<(string, string)>() : [("ca.key.text", pair.Key), ("ca.key.mode", mode)]]);

    SslUtilsFiles Files(SslUtilsAuthority authority, PemHost host, bool replace = false) =>
        Example.The<SslUtilsFiles>(SectionD.Certificates(_c1.Cluster, _c1.Cluster.Hosts, authority, Year, replace), host);

    static string EcKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    /// <summary>A pair as OpenSSL makes it, with a shorter key than the manual's, which costs less.</summary>
    static KeyPair Made()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=PEM CA, O=Lab", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(100));
        return new KeyPair(made.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }
}
