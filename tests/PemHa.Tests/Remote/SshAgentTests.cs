using System.Net.Sockets;
using System.Text;
using PemHa.Engine.Remote;

namespace PemHa.Tests.Remote;

/// <summary>The agent's protocol, against an agent of our own; the real one is met on the lab.</summary>
public sealed class SshAgentTests : IDisposable
{
    static readonly byte[] Ed25519 = Wire("ssh-ed25519", "public"), Rsa = Wire("ssh-rsa", "e", "n");

    readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Its_keys_are_listed_with_their_names()
    {
        await using var agent = Answer([12, .. Number(2), .. Text(Ed25519), .. Text("mine"u8), .. Text(Rsa), .. Text("é"u8)]);
        var keys = await Ask().KeysAsync(TestContext.Current.CancellationToken);
        Assert.Equal([("ssh-ed25519", "mine"), ("ssh-rsa", "é")], keys.Select(k => (k.Type, k.Comment)));
        Assert.Equal(Rsa, keys[1].Blob);
        Assert.Equal([0, 0, 0, 1, 11], await agent.Request);
    }

    [Fact]
    public async Task It_signs_with_sha2_where_the_key_leaves_the_choice()
    {
        foreach (var (blob, flags) in new[] { (Ed25519, 0u), (Rsa, 4u) })
        {
            await using var agent = Answer([14, .. Text("signed"u8)]);
            var signature = await Ask().SignAsync(new SshAgentKey(blob, "c"), [1, 2, 3], TestContext.Current.CancellationToken);
            Assert.Equal("signed"u8.ToArray(), signature);
            Assert.Equal([13, .. Text(blob), .. Text([1, 2, 3]), .. Number(flags)], (await agent.Request)[4..]);
        }
    }

    [Fact]
    public async Task One_that_refuses_or_talks_nonsense_is_an_error_and_not_a_hang()
    {
        byte[][] answers = [[5], [], [12], [12, 0, 0, 0, 1], [12, 0, 0, 0, 1, 255, 255, 255, 255], [14, 0, 0, 0, 9, 1], [99, 1]];
        foreach (var answer in answers)
        {
            await using (Answer(answer)) await Assert.ThrowsAnyAsync<IOException>(() => Ask().KeysAsync(TestContext.Current.CancellationToken));
            await using (Answer(answer))
                await Assert.ThrowsAnyAsync<IOException>(() => Ask().SignAsync(new SshAgentKey(Rsa, ""), [], TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task One_that_is_gone_is_an_error_and_one_that_is_silent_can_be_left()
    {
        await Assert.ThrowsAnyAsync<IOException>(() => Ask().KeysAsync(TestContext.Current.CancellationToken));
        using var silent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(_folder["agent"]));
        silent.Listen();
        using var enough = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ask().KeysAsync(enough.Token));
    }

    [Theory]
    [InlineData("ed25519", "")]
    [InlineData("ed25519", "secret")]
    [InlineData("rsa", "secret")]
    [InlineData("ecdsa", "secret")]
    public void The_public_key_of_a_file_is_known_without_its_passphrase(string type, string passphrase)
    {
        Assert.SkipUnless(Shell.Has("ssh-keygen"), "ssh-keygen is not on PATH");
        var made = Shell.Run("ssh-keygen", [], "-q", "-t", type, "-N", passphrase, "-f", _folder["key"]);
        Assert.True(made.ExitCode == 0, made.Error);
        var line = File.ReadAllText(_folder["key.pub"]).Split(' ');
        var expected = Convert.FromBase64String(line[1]);
        Assert.Equal(expected, PublicKeys.Of(_folder["key"]));
        File.Move(_folder["key.pub"], _folder["public"]);
        Assert.Equal(expected, PublicKeys.Of(_folder["key"]));
        Assert.Equal(expected, PublicKeys.Of(_folder["public"]));
        var fingerprint = Shell.Run("ssh-keygen", [], "-lf", _folder["public"]).Output.Split(' ')[1];
        Assert.Equal(fingerprint, PublicKeys.Fingerprint(expected));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ssh-ed25519")]
    [InlineData("ssh-ed25519 ///")]
    [InlineData("ssh-ed25519 AAAAB3NzaC1yc2E=")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\n!\n-----END OPENSSH PRIVATE KEY-----\n")]
    public void What_is_no_key_has_no_public_key(string text)
    {
        File.WriteAllText(_folder["key"], text);
        Assert.Null(PublicKeys.Of(_folder["key"]));
        Assert.Null(PublicKeys.Of(_folder["none"]));
    }

    public void Dispose() => _folder.Dispose();

    SshAgent Ask() => new(_folder["agent"]);

    OneAnswer Answer(byte[] message) => new(_folder["agent"], message);

    static byte[] Wire(params string[] texts) => [.. texts.SelectMany(t => Text(Encoding.ASCII.GetBytes(t)))];

    static byte[] Text(ReadOnlySpan<byte> bytes) => [.. Number((uint)bytes.Length), .. bytes];

    static byte[] Number(uint n) => [(byte)(n >> 24), (byte)(n >> 16), (byte)(n >> 8), (byte)n];

    /// <summary>Takes one question and gives one answer.</summary>
    sealed class OneAnswer : IAsyncDisposable
    {
        readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        readonly string _path;

        public OneAnswer(string path, byte[] message)
        {
            _path = path;
            _listener.Bind(new UnixDomainSocketEndPoint(path));
            _listener.Listen();
            Request = Task.Run(async () =>
            {
                using var client = await _listener.AcceptAsync();
                var request = new byte[1000];
                var count = await client.ReceiveAsync(request);
                await client.SendAsync((byte[])[.. Number((uint)message.Length), .. message]);
                return request[..count];
            });
        }

        public Task<byte[]> Request { get; }

        public async ValueTask DisposeAsync()
        {
            await Request;
            _listener.Dispose();
            File.Delete(_path);
        }
    }
}
