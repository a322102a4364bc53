using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PemHa.Engine;
using PemHa.Engine.Certificates;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Tests.Certificates;

/// <summary>The user's own certificates: what is found wrong with them before anything is changed.</summary>
[Spec("P23", "P24")]
public sealed class ExternalCertificatesTests : IDisposable
{
    static readonly TimeSpan Year = TimeSpan.FromDays(365);
    static readonly TestAuthority s_root = new("Example Root"), s_issuing = new("Example Issuing CA", s_root);

    readonly TemporaryFolder _folder = new();
    readonly Example _c1 = new(model: PemSslModel.ExternalCA);

    public ExternalCertificatesTests()
    {
        File.WriteAllText(_folder["root.crt"], s_root.Pem);
        foreach (var host in Data(_c1)) s_issuing.Issue(_folder.Path, host.Name, Server(host));
        foreach (var n in new[] { 1, 2, 3 }) s_issuing.Issue(_folder.Path, $"agent{n}", TestCertificate.Agent($"agent{n}"));
    }

    [Fact]
    [Spec("P31")]
    public void A_folder_in_order_serves_every_node_with_its_own_files()
    {
        using var source = Open();
        Assert.Equal(s_root.Pem, source.Root);
        Assert.Null(source.Revoked);
        foreach (var spec in Data(_c1).SelectMany(SectionD.Specs))
        {
            var pair = source.Issue(spec, Year);
            var file = spec.Purpose == CertificatePurpose.Agent ? $"agent{spec.Host!.AgentId}" : spec.Host!.Name;
            Assert.Equal(File.ReadAllText(_folder[file + ".crt"]), pair.Certificate);
            Assert.Equal(2, pair.Certificate.Split("BEGIN CERTIFICATE").Length - 1);
            Assert.Null(source.Fault(pair.Certificate, Faults.PublicKey(pair.Key), spec, Year));
            Assert.Null(source.Remark(spec));
        }
    }

    [Fact]
    [Spec("P30")]
    public void A_common_agent_user_has_one_pair_or_one_for_each_node()
    {
        var common = new Example(model: PemSslModel.ExternalCA, agentUser: "common_agent_user");
        Assert.Equal(["common_agent_user.crt: there is none"], Open(common).Select(f => f[..f.IndexOf(" for", StringComparison.Ordinal)])
            .Select(f => f.Replace("common_agent_user-node1.crt", "common_agent_user.crt", StringComparison.Ordinal)).Take(1));
        s_issuing.Issue(_folder.Path, "common_agent_user", TestCertificate.Agent("common_agent_user"));
        s_issuing.Issue(_folder.Path, "common_agent_user-node2", TestCertificate.Agent("common_agent_user"));
        using var source = Read(common);
        string Of(PemHost host) => source.Issue(SectionD.Specs(host).Single(s => s.Purpose == CertificatePurpose.Agent), Year).Certificate;
        Assert.Equal(File.ReadAllText(_folder["common_agent_user.crt"]), Of(common.Primary));
        Assert.Equal(Of(common.Primary), Of(common.Third));
        Assert.Equal(File.ReadAllText(_folder["common_agent_user-node2.crt"]), Of(common.Standby));
    }

    [Fact]
    [Spec("P37")]
    public void The_web_server_has_a_pair_of_its_own_where_there_is_one_and_an_addres_names_a_file_too()
    {
        s_issuing.Issue(_folder.Path, "node1-web", Server(_c1.Primary) with { Subject = "CN=web" });
        File.Move(_folder["node2.crt"], _folder["172.16.161.201.crt"]);
        File.Move(_folder["node2.key"], _folder["172.16.161.201.key"]);
        using var source = Open();
        string Of(PemHost host, CertificatePurpose purpose) => source.Describe(SectionD.Specs(host).Single(s => s.Purpose == purpose)).Split(',')[0];
        Assert.Equal(("node1.crt", "node1-web.crt"), (Of(_c1.Primary, CertificatePurpose.Server), Of(_c1.Primary, CertificatePurpose.Web)));
        Assert.Equal(("172.16.161.201.crt", "172.16.161.201.crt"), (Of(_c1.Standby, CertificatePurpose.Server), Of(_c1.Standby, CertificatePurpose.Web)));
    }

    [Theory]
    [InlineData(2048)]
    [InlineData(4096)]
    public void Keys_are_RSA_or_EC_and_encrypted_ones_are_opened(int rsa)
    {
        s_issuing.Issue(_folder.Path, "node1", Server(_c1.Primary) with { Rsa = rsa, KeyPassword = "p w" });
        s_issuing.Issue(_folder.Path, "agent2", TestCertificate.Agent("agent2") with { KeyPassword = "p w" });
        Assert.Equal(["node1.key: it is encrypted, and there is no password for it (-KeyPassword)", "agent2.key: it is encrypted, and there is no password for it (-KeyPassword)"], Faulty());
        Assert.Equal(["node1.key: the password does not open it", "agent2.key: the password does not open it"], Faulty("wrong").Select(f => f.Split(',')[0]));
        using var source = Open("p w");
        Assert.StartsWith("-----BEGIN PRIVATE KEY-----", source.Issue(SectionD.Specs(_c1.Primary)[0], Year).Key, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_as_OpenSSL_writes_them_are_read()
    {
        Assert.SkipUnless(Shell.Has("openssl"), "openssl is not on PATH");
        string Pkey(params string[] args) => Shell.Run("openssl", [], args).Output;
        var rsa = Pkey("genrsa", "-traditional", "2048");
        var ec = Pkey("ecparam", "-name", "secp384r1", "-genkey");
        Assert.Contains("EC PARAMETERS", ec, StringComparison.Ordinal);
        File.WriteAllText(_folder["k"], rsa);
        var encrypted = Pkey("pkcs8", "-topk8", "-in", _folder["k"], "-passout", "pass:pw");
        var old = Pkey("rsa", "-in", _folder["k"], "-traditional", "-aes256", "-passout", "pass:pw");
        Assert.Contains("Proc-Type", old, StringComparison.Ordinal);
        foreach (var (pem, size) in new[] { (rsa, 2048), (ec, 384), (encrypted, 2048), ("a comment\n" + Pkey("genpkey", "-algorithm", "RSA"), 2048) })
        {
            using var key = PrivateKeys.Read(pem, "pw");
            Assert.Equal(size, key.KeySize);
        }
        foreach (var (pem, reason) in new[] { (old, "old format"), (Pkey("genpkey", "-algorithm", "ed25519"), "neither"), ("", "no private key"), (s_root.Pem, "no private key") })
            Assert.Contains(reason, Assert.Throws<CryptographicException>(() => PrivateKeys.Read(pem, "pw")).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Mistakes => new()
    {
        { "no root", "root.crt: there is none" },
        { "root is text", "root.crt: it holds no certificate in PEM form" },
        { "root is a leaf", "root.crt: CN=node1, O=Example is no authority (basicConstraints CA)" },
        { "root is an intermediate", "root.crt: it holds no root, only CN=Example Issuing CA, O=Example, which CN=Example Root, O=Example signed; Postgres wants the chain's end too" },
        { "no certificate", "node1.crt: there is none for the server node1 (nor 172.16.161.200.crt)" },
        { "no key", "node1.key: there is none" },
        { "no agent", "agent2.crt: there is none for the agent of node2, role agent2" },
        { "not a certificate", "node1.crt: it holds no certificate in PEM form" },
        { "garbage", "node1.crt: it cannot be read: *" },
        { "another key", "node1.crt: node1.key is not its key" },
        { "chain first", "node1.crt: node1.key is not its key; the node's own certificate has to be the first in the file" },
        { "no chain", "node1.crt: it does not lead to root.crt: CN=Example Issuing CA, O=Example, which signed it, is neither there nor behind it, or its signature is wrong*" },
        { "namesake", "node1.crt: it does not lead to root.crt: *" },
        { "self-signed", "node1.crt: it does not lead to root.crt, but to CN=node1*" },
        { "ended", "node1.crt: it ended on *" },
        { "not yet", "node1.crt: it begins only on *" },
        { "weak", "node1.key: it has 1024 bits; servers and clients of today want 2048 at least" },
        { "no address", "node1.crt: it does not stand for 172.16.161.200 (subjectAltName)" },
        { "no name", "node1.crt: it does not stand for node1 (subjectAltName)" },
        { "no virtual IP", "node1.crt: it does not stand for 172.16.161.245 (subjectAltName)" },
        { "name in CN only", "node1.crt: it does not stand for node1 (subjectAltName)" },
        { "a client's", "node1.crt: it is not for servers (extendedKeyUsage serverAuth)" },
        { "no signatures", "node1.crt: its key is not for signatures (keyUsage digitalSignature), which TLS wants" },
        { "agent's CN", "agent2.crt: its CN is agent1, not agent2: the database takes an agent for the role that its certificate names" },
        { "agent without CN", "agent2.crt: its CN is empty, not agent2: the database takes an agent for the role that its certificate names" },
        { "agent is a server", "agent2.crt: it is not for clients (extendedKeyUsage clientAuth)" },
        { "intermediate ended", "agent2.crt: CN=Old CA, O=Example ended on *" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Every_mistake_is_found_and_named(string mistake, string fault)
    {
        var server = Server(_c1.Primary);
        TestCertificate? wanted = mistake switch
        {
            "ended" => server with { Days = (-9, -1) },
            "not yet" => server with { Days = (2, 9) },
            "weak" => server with { Rsa = 1024 },
            "no chain" => server with { WithoutChain = true },
            "no address" => server with { Names = [.. server.Names.Where(n => n != "172.16.161.200")] },
            "no name" => server with { Names = [.. server.Names.Where(n => n != "node1")] },
            "no virtual IP" => server with { Names = [.. server.Names.Where(n => n != "172.16.161.245")] },
            "name in CN only" => server with { Subject = "CN=node1", Names = [.. server.Names.Where(n => n != "node1")] },
            "a client's" => server with { Purpose = TestAuthority.ClientAuthentication },
            "no signatures" => server with { Usage = X509KeyUsageFlags.KeyEncipherment },
            _ => null,
        };
        if (wanted is not null) s_issuing.Issue(_folder.Path, "node1", wanted);
        else Make(mistake, server);
        var faults = Faulty();
        Assert.True(faults.Any(f => fault.EndsWith('*') ? f.StartsWith(fault[..^1], StringComparison.Ordinal) : f == fault), string.Join('\n', faults));
        // Each fault once, also where two nodes or purposes share a file.
        Assert.Equal(faults.Distinct(), faults);
    }

    void Make(string mistake, TestCertificate server)
    {
        void Write(string file, string text) => File.WriteAllText(_folder[file], text);
        switch (mistake)
        {
            case "no root": File.Delete(_folder["root.crt"]); break;
            case "root is text": Write("root.crt", "hello"); break;
            case "root is a leaf": Write("root.crt", File.ReadAllText(_folder["node1.crt"])); break;
            case "root is an intermediate": Write("root.crt", s_issuing.Pem); break;
            case "no certificate": File.Delete(_folder["node1.crt"]); File.Delete(_folder["node1.key"]); break;
            case "no key": File.Delete(_folder["node1.key"]); break;
            case "no agent": File.Delete(_folder["agent2.crt"]); File.Delete(_folder["agent2.key"]); break;
            case "not a certificate": Write("node1.crt", File.ReadAllText(_folder["node1.key"])); break;
            case "garbage": Write("node1.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"); break;
            case "another key": Write("node1.key", File.ReadAllText(_folder["node2.key"])); break;
            case "chain first": Write("node1.crt", s_issuing.Pem + File.ReadAllText(_folder["node1.crt"])); break;
            case "namesake":
                using (var root = new TestAuthority("Example Root")) root.Issue(_folder.Path, "node1", server);
                break;
            case "self-signed":
                using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                using (var made = new CertificateRequest("CN=node1", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(99)))
                {
                    Write("node1.crt", made.ExportCertificatePem());
                    Write("node1.key", key.ExportPkcs8PrivateKeyPem());
                }
                break;
            case "agent's CN": s_issuing.Issue(_folder.Path, "agent2", TestCertificate.Agent("agent1")); break;
            case "agent without CN": s_issuing.Issue(_folder.Path, "agent2", TestCertificate.Agent("x") with { Subject = "O=agent2" }); break;
            case "agent is a server": s_issuing.Issue(_folder.Path, "agent2", TestCertificate.Agent("agent2") with { Purpose = TestAuthority.ServerAuthentication }); break;
            case "intermediate ended":
                using (var old = new TestAuthority("Old CA", s_root, (-9, -1))) old.Issue(_folder.Path, "agent2", TestCertificate.Agent("agent2") with { Days = (-8, -2) });
                break;
            default: throw new ArgumentException(mistake, nameof(mistake));
        }
    }

    [Fact]
    public void All_of_them_are_said_at_once()
    {
        s_issuing.Issue(_folder.Path, "node1", new TestCertificate("CN=node1"));
        s_issuing.Issue(_folder.Path, "agent2", TestCertificate.Agent("agent9"));
        File.Delete(_folder["node3.key"]);
        var error = Assert.Throws<PemException>(() => Open());
        Assert.Equal("CertificatesUnfit", error.Id);
        Assert.Equal(6, error.Message.Split('\n').Length);
        Assert.Contains("docs/certificates.md", error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*.example.com", true)]
    [InlineData("db1.example.com", true)]
    [InlineData("DB1.EXAMPLE.COM", true)]
    [InlineData("*.com", false)]
    [InlineData("db2.example.com", false)]
    public void Names_are_compared_as_a_client_compares_them(string name, bool fit)
    {
        var c1 = new Example(model: PemSslModel.ExternalCA);
        var host = new PemHost(c1.Cluster, "172.16.161.209", PemRole.Standby, "db1.example.com");
        var pair = s_issuing.Issue(new TestCertificate("CN=x", name, "172.16.161.209", "172.16.161.245"));
        File.WriteAllText(_folder["p.crt"], pair.Certificate);
        File.WriteAllText(_folder["p.key"], pair.Key);
        using var read = ExternalPair.Read(_folder.Path, "p", null, [])!;
        using var root = ExternalRoot.Read(_folder.Path, []);
        Assert.Equal(fit, !read.Faults(SectionD.Specs(host)[0], root).Any());
    }

    [Fact]
    public void A_bundle_of_roots_and_an_intermediate_among_them_will_do()
    {
        using var other = new TestAuthority("Another Root", ec: true);
        File.WriteAllText(_folder["root.crt"], "# ours\n" + other.Pem + s_issuing.Pem + s_root.Pem);
        s_issuing.Issue(_folder.Path, "node1", Server(_c1.Primary) with { WithoutChain = true });
        other.Issue(_folder.Path, "agent2", TestCertificate.Agent("agent2"));
        using var source = Open();
        Assert.Equal(other.Pem + s_issuing.Pem + s_root.Pem, source.Root);
    }

    [Fact]
    public void What_ends_soon_is_said()
    {
        s_issuing.Issue(_folder.Path, "agent2", TestCertificate.Agent("agent2") with { Days = (-1, 20) });
        using var soon = new TestAuthority("Soon CA", s_root, (-9, 25));
        soon.Issue(_folder.Path, "node3", Server(_c1.Third) with { Days = (-1, 40) });
        using (var source = Open())
        {
            string Day(int days) => DateTime.UtcNow.AddDays(days).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal([$"agent2.crt ends on {Day(20)}: get a new one.", $"node3.crt, CN=Soon CA, O=Example in it, ends on {Day(25)}: get a new one."],
                SectionD.Remarks(source, _c1.Cluster.Hosts));
            Assert.Null(source.RootRemark);
        }
        File.WriteAllText(_folder["root.crl"], s_root.List((-1, 2)) + s_issuing.List() + soon.List());
        using var listed = Open();
        Assert.StartsWith("root.crl: the list of CN=Example Root, O=Example ends on 20", listed.RootRemark, StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_host_another_authoritys_certificate_is_told_from_another_one_of_ours()
    {
        using var source = Open();
        var spec = SectionD.Specs(_c1.Primary)[0];
        var ours = s_issuing.Issue(Server(_c1.Primary));
        using var other = new TestAuthority("Other");
        var foreign = other.Issue(Server(_c1.Primary));
        string? Fault((string Certificate, string Key) pair) => source.Fault(pair.Certificate, Faults.PublicKey(pair.Key), spec, Year);
        Assert.Equal("there is none", source.Fault("", "", spec, Year));
        Assert.Equal("it is not node1.crt", Fault(ours));
        Assert.Equal(CertificateSource.Foreign, Fault(foreign));
        Assert.Equal("it cannot be read", Fault(("garbage", ours.Key)));
        Assert.Equal("its key is another one", Fault((File.ReadAllText(_folder["node1.crt"]), ours.Key)));
        // T14: a base backup's copy of the primary's is one of ours.
        Assert.Equal("it is not node1.crt", Fault((File.ReadAllText(_folder["node2.crt"]), File.ReadAllText(_folder["node2.key"]))));
    }

    public void Dispose() => _folder.Dispose();

    static TestCertificate Server(PemHost host) => new($"CN={host.Name}, O=Example", host.Address, host.Name, host.Cluster.VirtualIp);

    static IEnumerable<PemHost> Data(Example example) => example.Cluster.Hosts.Where(h => h.Role != PemRole.Witness);

    ExternalCertificates Open(string? password = null) => Read(_c1, password);

    ExternalCertificates Read(Example example, string? password = null) =>
        ExternalCertificates.Open(_folder.Path, [.. Data(example).SelectMany(SectionD.Specs)], password);

    List<string> Open(Example example) => Lines(() => Read(example));

    List<string> Faulty(string? password = null) => Lines(() => Open(password));

    static List<string> Lines(Func<ExternalCertificates> open) => [.. Assert.Throws<PemException>(open).Message.Split('\n').Skip(1)];
}
