using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PemHa.Engine;
using PemHa.Engine.Certificates;

namespace PemHa.Tests.Certificates;

/// <summary>The local authority and what it issues.</summary>
[Spec("P23", "P24")]
public sealed class CertificateAuthorityTests : IDisposable
{
    static readonly TimeSpan Year = TimeSpan.FromDays(365), Month = TimeSpan.FromDays(30);
    static readonly CertificateRequestSpec Server = new("node1", ["172.16.161.200", "node1", "172.16.161.245", "fd00::1"], CertificatePurpose.Server);
    static readonly CertificateRequestSpec Agent = new("agent1", [], CertificatePurpose.Agent);

    readonly TemporaryFolder _folder = new();

    string Ca => _folder["ca"];

    [Fact]
    public void An_authority_is_there_again_after_it_was_made()
    {
        Assert.Null(CertificateAuthority.Open(Ca, "pw"));
        using var made = CertificateAuthority.Create(Ca, "PEM CA, \"efm\"", "pw");
        using var opened = CertificateAuthority.Open(Ca, "pw")!;
        Assert.Equal(made.Root, opened.Root);
        Assert.Null(made.Fault(opened.Issue(Server, Year), Server));
        using var certificate = X509Certificate2.CreateFromPem(made.Root);
        Assert.Equal("PEM CA, \"efm\"", certificate.GetNameInfo(X509NameType.SimpleName, false));
        Assert.True(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
    }

    [Fact]
    public void Its_key_is_encrypted_at_rest_and_its_owners_alone()
    {
        using var made = CertificateAuthority.Create(Ca, "CA", "pw");
        var key = Path.Combine(Ca, "ca_key.key");
        Assert.StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----", File.ReadAllText(key), StringComparison.Ordinal);
        Assert.Equal("600", Shell.Mode(key));
        Assert.Equal(["ca_certificate.crt", "ca_key.key"], Directory.GetFiles(Ca).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Another_password_does_not_open_it()
    {
        CertificateAuthority.Create(Ca, "CA", "pw").Dispose();
        using var opened = CertificateAuthority.Open(Ca, "wrong")!;
        Assert.Equal("AuthorityKeyLocked", Assert.Throws<PemException>(() => opened.Issue(Agent, Year)).Id);
    }

    [Fact]
    public void Files_that_are_no_authority_are_refused()
    {
        Directory.CreateDirectory(Ca);
        File.WriteAllText(Path.Combine(Ca, "ca_certificate.crt"), "garbage");
        Assert.Equal("AuthorityUnusable", Assert.Throws<PemException>(() => CertificateAuthority.Open(Ca, "pw")).Id);
        File.WriteAllText(_folder["file"], "");
        Assert.Equal("AuthorityUnusable", Assert.Throws<PemException>(() => CertificateAuthority.Create(_folder["file"], "CA", "pw")).Id);
    }

    [Fact]
    public void A_run_that_was_cut_between_key_and_certificate_is_continued_with_that_key()
    {
        using var before = CertificateAuthority.Create(Ca, "CA", "pw");
        var pair = before.Issue(Server, Year);
        File.Delete(Path.Combine(Ca, "ca_certificate.crt"));
        Assert.Null(CertificateAuthority.Open(Ca, "pw"));
        Assert.Equal("AuthorityKeyLocked", Assert.Throws<PemException>(() => CertificateAuthority.Create(Ca, "CA", "wrong")).Id);
        using var after = CertificateAuthority.Create(Ca, "CA", "pw");
        Assert.Null(after.Fault(pair, Server));
    }

    [Fact]
    [Spec("P24")]
    public void A_servers_certificate_stands_for_its_address_its_name_and_the_virtual_IP()
    {
        using var authority = CertificateAuthority.Create(Ca, "CA", "pw");
        using var certificate = X509Certificate2.CreateFromPem(authority.Issue(Server, Year).Certificate);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["172.16.161.200", "172.16.161.245", "fd00::1"], names.EnumerateIPAddresses().Select(a => a.ToString()));
        Assert.Equal(["node1"], names.EnumerateDnsNames());
        Assert.Equal("1.3.6.1.5.5.7.3.1", Purpose(certificate));
        Assert.Equal(256, certificate.GetECDsaPublicKey()!.KeySize);
        Assert.InRange(certificate.NotAfter - DateTime.Now, Year - TimeSpan.FromHours(2), Year + TimeSpan.FromHours(2));
    }

    [Fact]
    public void What_is_made_here_is_valid_already_on_a_host_whose_clock_is_hours_behind()
    {
        using var authority = CertificateAuthority.Create(Ca, "CA", "pw");
        var behind = DateTime.Now.AddHours(-12);
        using var root = X509Certificate2.CreateFromPem(authority.Root);
        using var certificate = X509Certificate2.CreateFromPem(authority.Issue(Server, Year).Certificate);
        Assert.True(root.NotBefore < behind && certificate.NotBefore < behind, $"{root.NotBefore}, {certificate.NotBefore}");
    }

    [Fact]
    [Spec("F9", "P31")]
    public void An_agents_certificate_bears_its_roles_name_and_is_a_clients()
    {
        using var authority = CertificateAuthority.Create(Ca, "CA", "pw");
        using var certificate = X509Certificate2.CreateFromPem(authority.Issue(Agent, Year).Certificate);
        Assert.Equal("CN=agent1", certificate.Subject);
        Assert.Equal("1.3.6.1.5.5.7.3.2", Purpose(certificate));
    }

    [Fact]
    public void No_certificate_outlives_its_authority()
    {
        using var authority = CertificateAuthority.Create(Ca, "CA", "pw");
        using var root = X509Certificate2.CreateFromPem(authority.Root);
        using var certificate = X509Certificate2.CreateFromPem(authority.Issue(Agent, TimeSpan.FromDays(9000)).Certificate);
        Assert.Equal(root.NotAfter, certificate.NotAfter);
    }

    [Fact]
    public void Every_fault_is_found_and_named()
    {
        using var authority = CertificateAuthority.Create(Ca, "CA", "pw");
        using var namesake = CertificateAuthority.Create(_folder["other"], "CA", "pw");
        var pair = authority.Issue(Server, Year);
        var other = authority.Issue(Server, Year);
        Assert.Null(authority.Fault(pair, Server));
        Assert.Equal("there is none", authority.Fault("", "", Server, Month));
        Assert.Equal("another authority signed it", namesake.Fault(pair, Server));
        Assert.Equal("its key is another one", authority.Fault(pair with { Key = other.Key }, Server));
        Assert.Equal("it is not node2's", authority.Fault(pair, Server with { CommonName = "node2" }));
        Assert.Equal("it does not stand for 10.0.0.9", authority.Fault(pair, Server with { AlternativeNames = ["node1", "10.0.0.9"] }));
        Assert.StartsWith("it ends on 20", authority.Fault(authority.Issue(Server, TimeSpan.FromDays(29)), Server),
            StringComparison.Ordinal);
        Assert.StartsWith("it ends on 20", authority.Fault(authority.Issue(Server, TimeSpan.FromMinutes(-30)), Server),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("garbage", "garbage")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "")]
    public void Files_that_cannot_be_read_are_a_fault_no_crash(string certificate, string key)
    {
        using var authority = CertificateAuthority.Create(Ca, "CA", "pw");
        Assert.Equal("it cannot be read", authority.Fault(certificate, key, Server, Month));
        Assert.Equal("it cannot be read", authority.Fault(authority.Issue(Server, Year).Certificate, key, Server, Month));
    }

    [Fact]
    public void Addresses_are_compared_as_addresses()
    {
        using var authority = CertificateAuthority.Create(Ca, "CA", "pw");
        var spec = Server with { AlternativeNames = ["FD00:0::1", "NODE1"] };
        Assert.Null(authority.Fault(authority.Issue(spec, Year), spec));
    }

    [Fact]
    public void OpenSSL_agrees()
    {
        Assert.SkipUnless(Shell.Has("openssl"), "openssl is not on PATH");
        using var authority = CertificateAuthority.Create(Ca, "CA", "pw");
        var (server, agent) = (authority.Issue(Server, Year), authority.Issue(Agent, Year));
        File.WriteAllText(_folder["server.crt"], server.Certificate);
        File.WriteAllText(_folder["agent.crt"], agent.Certificate);
        File.WriteAllText(_folder["server.key"], server.Key);
        string Verify(params string[] args) =>
            Shell.Run("openssl", [], ["verify", "-x509_strict", "-CAfile", Path.Combine(Ca, "ca_certificate.crt"), .. args])
                .Output.TrimEnd();
        foreach (var name in new[] { "172.16.161.200", "172.16.161.245", "fd00::1" })
            Assert.EndsWith(": OK", Verify("-purpose", "sslserver", "-verify_ip", name, _folder["server.crt"]), StringComparison.Ordinal);
        Assert.EndsWith(": OK", Verify("-purpose", "sslserver", "-verify_hostname", "node1", _folder["server.crt"]),
            StringComparison.Ordinal);
        Assert.EndsWith(": OK", Verify("-purpose", "sslclient", _folder["agent.crt"]), StringComparison.Ordinal);
        Assert.DoesNotContain("OK", Verify("-purpose", "sslserver", "-verify_ip", "172.16.161.201", _folder["server.crt"]),
            StringComparison.Ordinal);
        Assert.DoesNotContain("OK", Verify("-purpose", "sslserver", _folder["agent.crt"]), StringComparison.Ordinal);
        var shown = Shell.Run("openssl", [], "pkey", "-in", _folder["server.key"], "-pubout").Output;
        Assert.Null(authority.Fault(server.Certificate, shown, Server, Month));
        // The authority's own key opens with its password and not without.
        string[] open = ["pkey", "-in", Path.Combine(Ca, "ca_key.key"), "-noout", "-passin"];
        Assert.Equal(0, Shell.Run("openssl", [], [.. open, "pass:pw"]).ExitCode);
        Assert.NotEqual(0, Shell.Run("openssl", [], [.. open, "pass:wrong"]).ExitCode);
    }

    public void Dispose() => _folder.Dispose();

    static string Purpose(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages[0].Value!;
}

/// <summary>Asks an authority about a pair as it lies on a host.</summary>
static class Faults
{
    public static string? Fault(this CertificateAuthority authority, KeyPair pair, CertificateRequestSpec spec) =>
        authority.Fault(pair.Certificate, PublicKey(pair.Key), spec, TimeSpan.FromDays(30));

    /// <summary>As <c>openssl pkey -pubout</c> on the host shows it.</summary>
    public static string PublicKey(string key)
    {
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportFromPem(key);
        return ecdsa.ExportSubjectPublicKeyInfoPem();
    }
}
