using PemHa.Engine.Remote;

namespace PemHa.Tests.Remote;

/// <summary>Private key files of every format that ssh-keygen writes.</summary>
public sealed class SshKeysTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly SshKeys _keys = new();

    [Theory]
    [InlineData("ed25519", "RFC4716")]
    [InlineData("rsa", "RFC4716")]
    [InlineData("rsa", "PEM")]
    [InlineData("rsa", "PKCS8")]
    [InlineData("ecdsa", "RFC4716")]
    [InlineData("ecdsa", "PEM")]
    [InlineData("ecdsa", "PKCS8")]
    public void An_encrypted_key_opens_with_its_passphrase_only(string type, string format)
    {
        Make("key", type, "pass phrase", "-m", format);
        Assert.Equal(KeyState.Locked, Read("key", null).State);
        Assert.Equal(KeyState.Locked, Read("key", "").State);
        Assert.Equal(KeyState.WrongPassphrase, Read("key", "pass phrasf").State);
        Assert.Equal(KeyState.Usable, Read("key", "pass phrase").State);
    }

    [Theory]
    [InlineData("RFC4716")]
    [InlineData("PEM")]
    [InlineData("PKCS8")]
    public void A_key_that_is_not_encrypted_does_not_mind_a_passphrase(string format)
    {
        Make("key", "rsa", "", "-m", format);
        Assert.Equal(KeyState.Usable, Read("key", null).State);
        Assert.Equal(KeyState.Usable, Read("key", "for another one").State);
    }

    [Fact]
    public void A_key_is_read_once_however_many_hosts_want_it()
    {
        Make("key", "ed25519", "pass phrase");
        Assert.Same(Read("key", "pass phrase"), Read("key", "pass phrase"));
        Assert.NotSame(Read("key", "pass phrase"), Read("key", "another"));
    }

    [Fact]
    public void A_certificate_is_offered_with_the_key_that_it_is_for_and_no_other()
    {
        Make("ca", "ed25519", "");
        Make("key", "rsa", "");
        Make("other", "ed25519", "");
        var signed = Shell.Run("ssh-keygen", [], "-q", "-s", _folder["ca"], "-I", "me", "-n", "root", _folder["key.pub"]);
        Assert.True(signed.ExitCode == 0, signed.Error);
        string[] certificates = [_folder["none"], _folder["key-cert.pub"]];
        Assert.Equal("rsa-sha2-512-cert-v01@openssh.com", _keys.Read(_folder["key"], null, certificates).Offers[0]);
        Assert.Equal(["ssh-ed25519"], _keys.Read(_folder["other"], null, certificates).Offers);
    }

    [Fact]
    public void What_is_no_private_key_says_so()
    {
        Make("key", "ed25519", "");
        File.WriteAllText(_folder["text"], "no key\n");
        File.WriteAllText(_folder["empty"], "");
        Assert.Equal(KeyState.Missing, Read("none", null).State);
        foreach (var name in new[] { "text", "empty", "key.pub" }) Assert.Equal(KeyState.Unfit, Read(name, "pass phrase").State);
    }

    public void Dispose()
    {
        _keys.Dispose();
        _folder.Dispose();
    }

    KeyFile Read(string name, string? passphrase) => _keys.Read(_folder[name], passphrase, []);

    void Make(string name, string type, string passphrase, params string[] more)
    {
        Assert.SkipUnless(Shell.Has("ssh-keygen"), "ssh-keygen is not on PATH");
        var made = Shell.Run("ssh-keygen", [], ["-q", "-t", type, "-N", passphrase, "-f", _folder[name], .. more]);
        Assert.True(made.ExitCode == 0, made.Error);
    }
}
