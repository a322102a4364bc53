using System.Collections.Concurrent;
using System.Net.Sockets;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using PemHa.Engine;
using PemHa.Engine.Certificates;
using PemHa.Engine.Checks;
using PemHa.Engine.Efm;
using PemHa.Engine.Pem;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;
using PemHa.Engine.Support;

namespace PemHa.Tests;

/// <summary>Whatever hosts, files and agents say: it is understood or refused with an error of ours, and never keeps anybody waiting.</summary>
public sealed partial class HostileInputTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly Example _c1 = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Fuzzes("Facts.Parse", "MarkedBlock.Get", "MarkedBlock.Set", "MarkedBlock.Lines", "MarkedBlock.All", "HbaShadow.Of", "ScramVerifier.Matches", "ManagedFile.Utf8",
        "EfmStatus.Parse", "EfmStatus.Of", "PropertiesText.Knows", "PrivateKeys.Public", "CertificateAuthority.OfPair")]
    public void Whatever_a_host_tells_a_step_plans_or_refuses()
    {
        Example[] clusters =
        [
            _c1,
            new(model: PemSslModel.SslUtils),
            new(model: PemSslModel.ExternalCA, agentUser: "common_agent_user"),
            new(virtualIp: "fd16:161::245"),
        ];
        (PemHost Host, Resource Resource)[] all = [.. clusters.SelectMany(c => c.Steps("s3cret")).SelectMany(step => step.Hosts.SelectMany(host =>
            Example.Resources(step, host).Select(r => (host, r))))];
        var met = all.Select(r => r.Resource.GetType()).ToHashSet();
        // None that is added later stays out of this.
        Assert.Empty(typeof(Resource).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Resource)) && !t.IsAbstract && !met.Contains(t)).Select(t => t.Name).Except(OfOtherTests));
        Gen.Select(Gen.Int[0, all.Length - 1], Told, Gen.Bool).Holds((which, facts, triggered) =>
        {
            var (host, resource) = all[which];
            Refuses(() =>
            {
                var change = resource.Compare(facts, triggered);
                // What is shown and sent can be made of it as well.
                if (change is not null) SshSession.Of(host).Redactor.Redact(change.Difference + ManagedFile.WithoutContents(change.Apply) + change.Recipe.Script);
                resource.Remark(facts);
            });
        }, cases: 20_000, threads: 1);
    }

    /// <summary>Resources that no step of the example has: one is for hosts that exist already, the others are asked for by name.</summary>
    static readonly string[] OfOtherTests = [];

    [Fact]
    [Fuzzes("StatusJudge.Of", "HostChecks.JudgeClock", "DatabaseChecks.JudgeSettings")]
    public void Whatever_hosts_tell_before_the_first_change_is_judged()
    {
        var checks = PrerequisiteReader.Checks(_c1.Cluster);
        Told.Array[4].Holds(told =>
        {
            var answers = _c1.Cluster.Hosts.Zip(told, (host, facts) => new PrerequisiteReader.Answer(host, Verdict.Passed("x"),
                checks.Where(c => c.On(host)).ToDictionary(c => c, _ => facts), new Dictionary<Engine.Checks.Check, string>())).ToList();
            Refuses(() => PrerequisiteReader.Judge(_c1.Cluster, checks, answers));
        }, cases: 300);
    }

    /// <summary>As much as a host may say, of the kinds that would keep a careless reader busy longest.</summary>
    public static TheoryData<string, string> Floods => new()
    {
        { "one line", "a" }, { "lines", "db.user=x\n" }, { "marks", "# BEGIN PemHa efm\n" }, { "blocks", "# BEGIN PemHa efm\n# END PemHa efm\n" }, { "backslashes", "\\" }, { "continued", "a\\\n" },
        { "braces", "{" }, { "colons", ":" }, { "words", "a " }, { "rules", "5\u001f/pg_hba.conf\u001f5\u001fhost\u001fall\u001f/^(a+)+$\u001f10.0.0.0\u001f255.0.0.0\u001fmd5\n" },
        { "reports", "{ \"nodes\": { \"a\": { \"type\": \"Witness\", \"db\": \"N/A\" } } }\n" },
        { "other blocks", "# BEGIN PemHa {0}\n# END PemHa {0}\n" },
    };

    [Theory]
    [MemberData(nameof(Floods))]
    public void A_flood_is_judged_in_time(string kind, string piece)
    {
        const int Size = 3_000_000;
        var flood = new StringBuilder("# BEGIN PemHa efm\n# END PemHa efm\n");
        for (var i = 0; flood.Length < Size; i++) flood.Append(piece.Replace("{0}", i.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
        var facts = Facts.Of([.. FactNames().Where(n => n != "file.mode").Select(n => (n, flood.ToString())), ("file.mode", "600 root:root")]);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        foreach (var resource in _c1.Steps("s3cret").SelectMany(s => s.Hosts.SelectMany(h => Example.Resources(s, h))).DistinctBy(r => (r.GetType(), r.Name)))
        {
            watch.Restart();
            Refuses(() => resource.Compare(facts, false));
            Refuses(() => resource.Remark(facts));
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{kind}: {resource.Name} took {watch.Elapsed.TotalSeconds:0} s");
        }
        watch.Restart();
        Refuses(() => EfmReport.Read(flood.ToString()));
        EfmStatus.Parse(flood.ToString());
        Facts.Parse(flood.ToString());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{kind}: {watch.Elapsed.TotalSeconds:0} s for a report");
    }

    [Fact]
    [Fuzzes("RemoteScript.Parse")]
    public void An_answer_of_any_shape_is_taken_apart()
    {
        var script = new RemoteScript("", null);
        for (var i = 0; i < 3; i++) script.Add("echo x", true);
        // The worst host knows the mark: it has read the script.
        var nonce = Nonce().Match(script.Render()).Groups[1].Value;
        var answer = string.Concat(Enumerable.Range(0, 3).Select(i => $"\n{nonce} out {i}\nout{i}\n\n{nonce} err {i} 0\nerr{i}\n\n{nonce} end {i}\n"));
        Gen.Select(Texts.Damaged(answer, answer.Replace(" 0\n", " 99999999999\n", StringComparison.Ordinal), $"\n{nonce} err\n\n{nonce} \n\n{nonce} end"), Texts.Hostile)
            .Holds((text, more) => Refuses(() => script.Parse(text + more)), cases: 4000);
    }

    [Fact]
    [Fuzzes("LockHolder.Parse")]
    public void A_lock_may_be_held_by_anybody() => Gen.Select(
        Texts.Damaged("at work: root@admin (process 4711 there, 123 here), for 75 s: Set-PemHba: edit file\n", "process 99999999999 there", "(process 1 there, 1 here), for -1 s: "), Texts.Hostile)
        .Holds((text, more) => Refuses(() => LockHolder.Parse(text + more)?.ToString()), cases: 4000);

    [Fact]
    [Fuzzes("Found.Parse", "NodeAddress.Choose")]
    public void A_node_may_say_anything_of_its_addresses()
    {
        string[] said =
        [
            "own 2: eth0 inet 172.16.161.200/24 brd 172.16.161.255 scope global eth0\nname0 172.16.161.200 STREAM node1\nendpoint 10.0.0.9 4711 172.16.161.200 22\n",
            "own 2: eth0 inet6 fd00::1/64 scope global\nown 3: eth1 inet 10.0.0.1/8 scope global\nname0 fd00::1\nname0 10.0.0.1\nendpoint a b ::ffff:10.0.0.1 22\n",
            "own 1: lo inet 10.0.0.1/999 scope global\nown 1: lo inet 172.16.161.200/-5 scope global\nown 1: x inet 172.16.161.201/ scope global\nname0 172.16.161.200\nname0 172.16.161.201\n",
        ];
        var cluster = new PemCluster("efm", "172.16.161.245");
        var host = new PemHost(cluster, "node1.example.com", PemRole.Primary);
        Texts.Damaged(said).Holds(text => Refuses(() => NodeAddress.Choose(host, NodeAddress.Found.Parse(text, ["node1.example.com"]), [])), cases: 5000);
    }

    [Fact]
    [Fuzzes("KnownHosts.Parse", "KnownHosts.Read", "KnownHosts.Check", "KnownHosts.KeyTypes")]
    public void Known_hosts_are_read_however_they_look() => Texts.Damaged(
        "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 AAAA\n@revoked * ssh-rsa AAAA\n[h]:22,!x*,* ssh-ed25519 AAAA a comment\n",
        $"{string.Concat(Enumerable.Repeat("*a", 30))}b ssh-ed25519 AAAA\n").Holds(text =>
    {
        var known = new KnownHosts();
        known.Parse(text);
        known.Check(new string('a', 60), 22, "ssh-ed25519", [0, 0, 0]);
        known.KeyTypes("h", 22);
    }, cases: 4000);

    [Fact]
    [Fuzzes("SshConfig.Parse", "SshConfig.Read", "SshConfig.Words", "SshConfig.Glob", "SshConfig.Matches", "SshConfig.For", "SshTokens.Path", "SshTokens.Percent", "SshTokens.Tilde",
        "SshTokens.Environment", "SshRoute.Parse", "SshRoute.To")]
    public void The_way_to_a_host_is_found_or_refused()
    {
        Directory.CreateDirectory(_folder[".ssh"]);
        Directory.CreateDirectory(_folder[".ssh/d"]);
        File.WriteAllText(_folder[".ssh/d/e"], "Port 22\n");
        var host = _c1.Primary;
        Gen.Select(Texts.Damaged(
            "Host 172.* !x\n  HostName %h.y\n  User \"a b\"\n  Port 2222\n  IdentityFile ~/%r@${HOME}/%k\n  ProxyJump a@b:1,[::1]:2\n",
            "Include d/*\nInclude d/[a-z]*\nInclude \"d/[z-a]\" ~/.ssh/?/e\nMatch host 172.* user root !localuser x\n  HostKeyAlias k\n  UserKnownHostsFile %d/x none\n  IdentityAgent $A\n",
            "Match exec \"id\"\nCertificateFile %i\nHost *\nProxyCommand x\nProxyJump none\nAddressFamily inet\nCiphers +x\n"), Texts.Hostile).Holds((text, jump) =>
        {
            Refuses(() => SshRoute.To(host, new SshOptions { Config = SshConfig.Parse(text, "config", _folder.Path), Home = _folder.Path }));
            Refuses(() => SshRoute.To(host, new SshOptions { JumpHost = jump, Home = _folder.Path }));
        }, cases: 3000);
    }

    [Fact]
    [Fuzzes("PublicKeys.Of", "PublicKeys.Fingerprint", "SshWire.FirstText", "PrivateKeys.Read", "SshKeys.Read")]
    public void A_key_file_may_hold_anything()
    {
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // The public half of a file of ssh-keygen's, as far as anybody reads without a passphrase; there is no private half.
        var blob = Field([.. Field("ssh-ed25519"u8), .. Field(RandomNumberGenerator.GetBytes(32))]);
        var openSsh = PemEncoding.WriteString("OPENSSH PRIVATE KEY", [.. "openssh-key-v1\0"u8, .. Field("none"u8), .. Field("none"u8), .. Field([]), 0, 0, 0, 1, .. blob]);
        Texts.Damaged(rsa.ExportPkcs8PrivateKeyPem(), rsa.ExportRSAPrivateKeyPem(), ec.ExportECPrivateKeyPem(), ec.ExportSubjectPublicKeyInfoPem(), openSsh,
            ec.ExportEncryptedPkcs8PrivateKeyPem("p", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1)),
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN8 x\n", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 2\nAAAA\nAAAA\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: 00\n").Holds(text =>
        {
            var file = _folder[Guid.NewGuid().ToString("N")];
            File.WriteAllText(file, text, Encoding.Latin1);
            using var keys = new SshKeys();
            // A key's file says what is wrong with it by its state; the readers of certificates' keys by this one exception.
            _ = keys.Read(file, "p", [file]);
            _ = PublicKeys.Of(file) is { } blob ? PublicKeys.Fingerprint(blob) : null;
            Refuses<CryptographicException>(() => PrivateKeys.Read(text, "p").Dispose());
            Refuses<CryptographicException>(() => PrivateKeys.Public(text));
            File.Delete(file);
        }, cases: 1500);

        static byte[] Field(ReadOnlySpan<byte> bytes) => [0, 0, 0, (byte)bytes.Length, .. bytes];
    }

    [Fact]
    [Fuzzes("RevocationList.ReadAll", "ExternalPair.Read", "ExternalPair.ReadCertificates", "ExternalRoot.Read", "CertificateAuthority.Fault", "CertificateAuthority.Lists",
        "CertificateAuthority.Open", "ExternalCertificates.Open", "ExternalCertificates.Fault")]
    public void Certificates_and_lists_may_be_anything()
    {
        using var authority = new TestAuthority("A", ec: true);
        var (certificate, key) = authority.Issue(TestCertificate.Agent("agent1"));
        authority.Revoke(certificate);
        string root = authority.Pem, list = authority.List();
        byte[][] ders = [.. new[] { root, list, certificate }.Select(p => Convert.FromBase64String(Pem(p)))];
        var damaged = Gen.Select(Gen.Int[0, 2], Gen.Select(Gen.Int[0, 100_000], Gen.Byte).Array[1, 4], Gen.Bool, (which, edits, cut) =>
        {
            var der = ders[which].ToArray();
            foreach (var (at, value) in edits) der[at % der.Length] = value;
            if (cut) der = der[..(edits[0].Item1 % der.Length)];
            return (which, PemEncoding.WriteString(which == 1 ? "X509 CRL" : "CERTIFICATE", der));
        });
        using var own = CertificateAuthority.Create(_folder["ca"], "PEM CA", "p");
        var spec = new CertificateRequestSpec("agent1", [], CertificatePurpose.Agent) { Host = _c1.Primary };
        Gen.Select(damaged, Texts.Damaged(root, list, certificate, key), Gen.Bool).Holds((der, text, binary) =>
        {
            var folder = Directory.CreateDirectory(_folder[Guid.NewGuid().ToString("N")]).FullName;
            string Or(int which, string good) => binary ? der.which == which ? der.Item2 : good : text;
            Write(Path.Combine(folder, "root.crt"), Or(0, root));
            Write(Path.Combine(folder, "root.crl"), Or(1, list));
            Write(Path.Combine(folder, "agent1.crt"), Or(2, certificate));
            Write(Path.Combine(folder, "agent1.key"), binary ? key : text);
            Write(Path.Combine(folder, "ca_certificate.crt"), Or(0, root));
            Refuses(() => ExternalCertificates.Open(folder, [spec], "p").Dispose());
            Refuses(() => CertificateAuthority.Open(folder, "p")?.Dispose());
            _ = own.Fault(Or(2, certificate), text, spec, TimeSpan.Zero);
            Refuses<CryptographicException>(() => own.Lists(Or(1, list)));
            Directory.Delete(folder, true);
        }, cases: 500);
        static void Write(string path, string text) => File.WriteAllBytes(path, Encoding.UTF8.GetBytes(text));
        static string Pem(string text) => text[PemEncoding.Find(text).Base64Data];
    }

    [Fact]
    [Fuzzes("SshAgent.KeysAsync", "SshAgent.SignAsync")]
    public async Task An_agent_may_answer_anything()
    {
        var socket = _folder["agent"];
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(socket));
        listener.Listen(64);
        var answers = new ConcurrentQueue<byte[]>();
        using var over = new CancellationTokenSource();
        var serving = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    using var peer = await listener.AcceptAsync(over.Token);
                    await peer.ReceiveAsync(new byte[4096], over.Token);
                    if (answers.TryDequeue(out var answer)) await peer.SendAsync(answer, over.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The test is over, or the client has heard enough.
            }
        }, TestContext.Current.CancellationToken);
        var whole = new List<byte>();
        var keys = new List<byte> { 12 };
        SshWire.Append(keys, 1u);
        SshWire.Append(keys, Encoding.ASCII.GetBytes("\0\0\0\u000bssh-ed25519\0\0\0\u0004abcd"));
        SshWire.Append(keys, "a comment"u8.ToArray());
        SshWire.Append(whole, [.. keys]);
        Gen.OneOf(Texts.Damaged(Encoding.Latin1.GetString([.. whole])).Select(Encoding.Latin1.GetBytes), Gen.Byte.Array[0, 40]).Holds(bytes =>
        {
            answers.Enqueue(bytes);
            Refuses<IOException>(() => new SshAgent(socket).KeysAsync(over.Token).GetAwaiter().GetResult());
            answers.Clear();
        }, cases: 1000, threads: 1);
        await over.CancelAsync();
        await serving;
    }

    [Fact]
    [Fuzzes("EfmStatus.Parse", "EfmReport.Read", "EfmStatusText.Read", "EfmStatusText.Begins", "EfmStatusText.IsHeading", "EfmStatusText.IsTitle", "EfmReport.IsAddress")]
    public void A_status_of_any_shape_is_one_or_none() => Texts.Damaged(
        """{"nodes":{"172.16.161.200":{"type":"Primary","agent":"UP","db":"UP","vip":"172.16.161.245","vip_active":true,"lsn":"0/3000060"}},"allowednodes":["172.16.161.200"],"membershipcoordinator":"172.16.161.200","failoverpriority":[],"minimumstandbys":0,"missingnodes":[],"messages":[]}""",
        "Cluster Status: efm\n\n\tAgent Type  Address              DB       VIP\n\t----\n\tPrimary     172.16.161.200       UP       172.16.161.245*\n\nAllowed node host list:\n\t172.16.161.200\n\nPromote Status:\n\n\tDB Type     Address   WAL Received LSN   WAL Replayed LSN   Info\n\tPrimary 172.16.161.200 0/1\n").Holds(text =>
    {
        if (EfmStatus.Parse(text) is { } status) StatusJudge.Of(status, "efm");
        Refuses(() => EfmReport.Read(text));
    }, cases: 4000);

    [Fact]
    [Fuzzes("SupportBundle.Read")]
    public void A_bundle_is_one_or_refused_and_never_answers_what_cannot_be_read() => Texts.Damaged(
        """{"format":1,"saved":"2026-11-30T15:13:06Z","hosts":"""
            + """[{"name":"node1","folder":"h","files":[],"misses":[]}]}""",
        """{"way":"as root","clock":"0.1","answers":{"status":{"status":0,"facts":"""
            + """[{"name":"up","value":"1"},{"name":"x","text":"y\n"}]}}}""").Holds(text =>
    {
        const string oneHost = """{"format":1,"hosts":[{"name":"node1","folder":"h"}]}""";
        foreach (var (manifest, answers) in new[] { (text, "{}"), (oneHost, text) })
        {
            (string, string)[] entries =
                [("manifest.json", manifest), ("topology.psd1", text), ("h/answers.json", answers)];
            using var file = new MemoryStream();
            using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
                foreach (var (name, content) in entries)
                {
                    using var entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                    entry.Write(Encoding.UTF8.GetBytes(content));
                }
            Refuses(() =>
            {
                foreach (var host in SupportBundle.Read(file, "x").Hosts.Values)
                    foreach (var answer in host.Answers.Values) Facts.Parse(answer.ToResult().Output);
            });
        }
    }, cases: 300);

    [Fact]
    [Fuzzes("TopologyText.Read", "Addresses.Refusal")]
    public void A_topology_file_is_a_cluster_or_refused_with_its_lines()
    {
        using var engine = new Hosted.HostedEngine();
        var file = _folder["c.psd1"];
        Texts.Damaged(File.ReadAllText(Path.Combine(ModuleAssemblies.Root, "docs", "examples", "C1.psd1")),
            "@{ Name = 'efm'; VirtualIp = '10.0.0.9/24'; PingServer = '10.0.0.1'; EfmProperty = @{ a = $true }\nHosts = @( @{ Address = '10.0.0.2'; Role = 'Primary'; SshPort = -1 } ) }").Holds(text =>
        {
            File.WriteAllBytes(file, Encoding.UTF8.GetBytes(text));
            var said = engine.Run("param($file) try { @(Import-PemTopology $file -ErrorAction Stop) } catch { $_ }", file);
            foreach (var error in said.Select(o => o.BaseObject).OfType<System.Management.Automation.ErrorRecord>())
                Assert.Matches("^Topology|^PSArgument|^Parameter", error.FullyQualifiedErrorId);
        }, cases: 150, threads: 1);
    }

    [Fact]
    [Fuzzes("PgPass.Escape")]
    public void A_field_of_a_pgpass_file_reads_back_as_libpq_reads_it() => Gen.Select(Texts.Line, Texts.Line).Holds((user, password) =>
    {
        // A colon ends a field, a backslash takes the next byte as it is, and a lone star is everybody (libpq, "The Password File").
        Assert.NotEqual("*", PgPass.Escape("*"));
        var fields = new List<string> { "" };
        var line = $"{PgPass.Escape(user)}:{PgPass.Escape(password)}";
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == ':') fields.Add("");
            else fields[^1] += line[i] == '\\' ? line[++i] : line[i];
        }
        Assert.Equal([user, password], fields.Select(f => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(f))));
    }, cases: 5000);

    [Fact]
    [Fuzzes("Recipe.PasswordOf")]
    public void Every_user_has_a_variable_of_its_own() => Gen.Select(Texts.Hostile, Texts.Hostile).Holds((one, other) =>
    {
        Assert.Matches(@"^PASSWORD_[A-Za-z0-9_]*\z", Recipe.PasswordOf(one));
        // Two names of different text share none; a name that is written like an escape is the exception that a person would have to want.
        if (one != other && !one.Contains('_', StringComparison.Ordinal) && !other.Contains('_', StringComparison.Ordinal))
            Assert.NotEqual(Recipe.PasswordOf(one), Recipe.PasswordOf(other));
    }, cases: 3000);

    [Fact]
    [Fuzzes("PemServer.Refusal", "PemServer.UserRefusal", "Role.Refusal", "Role.PasswordRefusal",
        "PropertiesText.Refusal", "PropertyRules.Refusal")]
    public void What_is_not_refused_breaks_out_of_no_line() => Texts.Hostile.Holds(text =>
    {
        if (PemServer.UserRefusal(text) is null) Assert.Equal(text, Sh.Quote(text));
        if (PropertiesText.Refusal(text, text) is null) Assert.Matches(@"^[A-Za-z0-9._-]+\z", text);
        if (PropertyRules.Refusal(new Version(5, 2), text, text) is null) Assert.Matches(@"^[A-Za-z0-9._-]+\z", text);
        if (Role.Refusal(text) is null) Assert.True(text.Length > 0 && text[0] != '/' && !text.Any(char.IsControl) && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text);
        foreach (var refusal in new[] { PemServer.Refusal(text), Role.PasswordRefusal(text), PropertiesText.Refusal("a", text) })
            if (refusal is null) Assert.True(text.AsSpan().IndexOfAny('\n', '\r', '\0') < 0);
    }, cases: 5000);

    [Fact]
    [Fuzzes("PemVersion.Parse")]
    public void A_version_of_PEM_is_read_or_unknown() => Texts.Damaged(
        "10.4.0", "10.5.1", "10.6", "4294967296.1").Holds(text =>
    {
        if (PemVersion.Parse(text) is not { } version) return;
        var numbers = text.Split('.').Select(n => n.TrimStart('0') is { Length: > 0 } digits ? digits : "0");
        Assert.StartsWith(
            string.Join('.', version.Major, version.Minor), string.Join('.', numbers), StringComparison.Ordinal);
    }, cases: 3000);

    [Fact]
    [Fuzzes("Printable.Text")]
    public void No_error_drives_a_terminal() => Texts.Hostile.Holds(text =>
    {
        var error = new PemException("X", Trouble.InvalidResult, text, text);
        foreach (var shown in new[] { error.Message, error.Remedy })
        {
            Assert.True(shown.Length == text.Length || (text.Length > 8000 && shown.Length < 8100));
            Assert.DoesNotMatch(@"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\r(?!\n)", shown);
        }
        Assert.Equal("tab\tand\r\nlines é 日 😀", Printable.Text("tab\tand\r\nlines é 日 😀"));
    }, cases: 5000);

    [Fact]
    public void No_parser_and_no_quoting_function_is_left_out()
    {
        var fuzzed = typeof(HostileInputTests).Assembly.GetTypes().SelectMany(t => t.GetMethods())
            .SelectMany(m => m.GetCustomAttributes<FuzzesAttribute>()).SelectMany(a => a.Methods).ToHashSet(StringComparer.Ordinal);
        var all = new[] { typeof(PemHost).Assembly, typeof(Resource).Assembly, ModuleLoader.Load() }.SelectMany(a => a.GetTypes()).Where(t => !t.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute), false))
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(m => !m.IsPrivate && !m.IsSpecialName && ReadsOrQuotes().IsMatch(m.Name) && m.GetParameters().Any(p => TakesText(p.ParameterType)))
            .Select(m => $"{m.DeclaringType!.Name}.{m.Name}").ToHashSet(StringComparer.Ordinal);
        Assert.True(all.Count > 30, $"only {all.Count} were found");
        Assert.Empty(all.Except(fuzzed));
        // A name that nothing bears any more says that its property is about something else by now.
        var names = typeof(PemHost).Assembly.GetTypes().Concat(typeof(Resource).Assembly.GetTypes()).Concat(ModuleLoader.Load().GetTypes()).SelectMany(t =>
            t.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Select(m => $"{t.Name}.{m.Name}")).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(fuzzed.Except(names));
    }

    static bool TakesText(Type type) => type == typeof(string) || type == typeof(byte[]) || type == typeof(Facts) || type == typeof(System.Text.Json.JsonElement)
        || typeof(IEnumerable<string>).IsAssignableFrom(type);

    [GeneratedRegex("^(Parse|TryParse|Read|Decode|Quote|Literal|Identifier|Escape|Unescape|Answer|Uri|Words|Glob|Matches|Refusal|UserRefusal|PasswordRefusal|Public|PasswordOf|Percent|Tilde|Utf8|Redact)")]
    private static partial Regex ReadsOrQuotes();

    [GeneratedRegex(@"printf '\\n([0-9A-F]+) ")]
    private static partial Regex Nonce();

    /// <summary>Facts of every name that the engine asks for, with values that it expects and values that nobody does.</summary>
    static Gen<Facts> Told { get; } = Gen.Select(Gen.OneOfConst([.. FactNames()]), Gen.OneOf(Gen.OneOfConst(
        "1", "true", "false", "t", "on", "600 enterprisedb:enterprisedb", "/var/lib/edb/as17/data", "172.16.161.200", "streaming 172.16.161.200", "aas 1 1 \"5444\" \"tcp\"", "7",
        "# BEGIN PemHa efm\nhost all\n# END PemHa efm\n", "1\u001f/pg_hba.conf\u001f99999999999\u001fhost\u001fall\u001fall\u001f1.2.3.4\u001f255.0.0.0\u001fmd5\n",
        "-5\u001fx\u001f-1\u001fhost\u001f/(((\u001f/(a+)+$\u001f\u001f\u001fcert\n", "ActiveState=active\nActiveEnterTimestampMonotonic=99999999999999999999999999999999", "0/3000060",
        "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA", "SCRAM-SHA-256$999999999:!$:"), Texts.Hostile)).Array[0, 40]
        .Select(pairs => Facts.Of([("up", "1"), ("folder", "1"), ("file.text", ""), .. pairs]));

    /// <summary>As the source has them.</summary>
    static IEnumerable<string> FactNames()
    {
        var names = Directory.EnumerateFiles(Path.Combine(ModuleAssemblies.Root, "src", "PemHa.Engine"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal)).SelectMany(f => FactName().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value))
            .Concat(["setting.port", "setting.wal_level", "setting.ssl", "source.ssl", "auto.ssl", "holds0", "holds1", "standby 172.16.161.201"]).Distinct().ToList();
        Assert.True(names.Count > 60, $"only {names.Count} names of facts were found");
        return names;
    }

    [GeneratedRegex(@"(?:acts\[""|\.Is\(""|\.Has\("")([a-z0-9. _-]+)""", RegexOptions.IgnoreCase)]
    private static partial Regex FactName();

    /// <summary>Nothing but an error of ours may come of it.</summary>
    static void Refuses(Action action) => Refuses<PemException>(action);

    static void Refuses<TException>(Action action) where TException : Exception
    {
        try
        {
            action();
        }
        catch (TException e)
        {
            Assert.NotEqual("", e.Message);
            if (e is PemException ours) Assert.False(string.IsNullOrEmpty(ours.Id) || string.IsNullOrEmpty(ours.Remedy), e.Message);
        }
    }
}
