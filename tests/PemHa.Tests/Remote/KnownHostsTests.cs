using System.Security.Cryptography;
using System.Text;
using CsCheck;
using PemHa.Engine.Remote;

namespace PemHa.Tests.Remote;

/// <summary>OpenSSH's <c>known_hosts</c>.</summary>
public class KnownHostsTests
{
    const string Type = "ssh-ed25519";
    static readonly byte[] Key = [1, 2, 3, 4], Other = [5, 6, 7, 8];

    [Theory]
    [InlineData("172.16.161.200", "172.16.161.200", 22)]
    [InlineData("node1,172.16.161.200", "172.16.161.200", 22)]
    [InlineData("172.16.161.*", "172.16.161.200", 22)]
    [InlineData("172.16.161.20?", "172.16.161.200", 22)]
    [InlineData("[172.16.161.200]:2222", "172.16.161.200", 2222)]
    [InlineData("NODE1", "node1", 22)]
    public void A_name_that_matches_makes_the_key_known(string names, string host, int port) =>
        Assert.Equal(HostKeyVerdict.Known, Known($"{names} {Type} {Base64(Key)} a comment").Check(host, port, Type, Key));

    [Theory]
    [InlineData("172.16.161.201", 22)]
    [InlineData("172.16.161.20", 22)]
    [InlineData("172.16.161.2000", 22)]
    [InlineData("[172.16.161.200]:2222", 22)]
    [InlineData("!172.16.161.200,172.16.161.*", 22)]
    [InlineData("172.16.161.200", 2222)]
    [InlineData("# 172.16.161.200", 22)]
    public void A_name_that_does_not_match_says_nothing(string names, int port) =>
        Assert.Equal(HostKeyVerdict.Unknown, Known($"{names} {Type} {Base64(Key)}").Check("172.16.161.200", port, Type, Key));

    [Theory]
    [InlineData("172.16.161.200", 22)]
    [InlineData("[172.16.161.200]:2222", 2222)]
    public void Hashed_names_are_found(string name, int port)
    {
        byte[] salt = [.. Enumerable.Range(1, 20).Select(i => (byte)i)];
#pragma warning disable CA5350 // the format's own hash
        var hashed = $"|1|{Base64(salt)}|{Base64(HMACSHA1.HashData(salt, Encoding.ASCII.GetBytes(name)))}";
#pragma warning restore CA5350
        var known = Known($"{hashed} {Type} {Base64(Key)}");
        Assert.Equal(HostKeyVerdict.Known, known.Check("172.16.161.200", port, Type, Key));
        Assert.Equal(HostKeyVerdict.Changed, known.Check("172.16.161.200", port, Type, Other));
        Assert.Equal(HostKeyVerdict.Unknown, known.Check("172.16.161.201", port, Type, Key));
    }

    [Fact]
    public void An_authority_of_hosts_makes_no_key_known()
    {
        var known = Known($"@cert-authority *.lab {Type} {Base64(Key)}");
        Assert.Equal(HostKeyVerdict.Unknown, known.Check("h.lab", 22, Type, Key));
        Assert.Equal((true, false), (known.HasAuthority("h.lab", 22), known.HasAuthority("h", 22)));
        Assert.Empty(known.KeyTypes("h.lab", 22));
    }

    [Fact]
    public void Another_key_of_the_type_is_a_changed_key() =>
        Assert.Equal(HostKeyVerdict.Changed, Known($"h {Type} {Base64(Key)}").Check("h", 22, Type, Other));

    [Fact]
    public void A_host_known_by_another_type_of_key_only_is_no_unknown_host()
    {
        var known = Known($"h ssh-rsa {Base64(Key)}");
        Assert.Equal(HostKeyVerdict.Changed, known.Check("h", 22, Type, Other));
        Assert.Equal(["ssh-rsa"], known.KeyTypes("h", 22));
    }

    [Fact]
    public void Any_of_several_lines_may_hold_the_key() =>
        Assert.Equal(HostKeyVerdict.Known, Known($"h {Type} {Base64(Other)}\nh {Type} {Base64(Key)}\r\n").Check("h", 22, Type, Key));

    [Theory]
    [InlineData("@revoked h {0}\nh {0}")]
    [InlineData("h {0}\n@revoked * {0}")]
    public void A_revoked_key_is_refused_whatever_else_is_said(string lines)
    {
        var line = $"{Type} {Base64(Key)}";
        Assert.Equal(HostKeyVerdict.Revoked, Known(lines.Replace("{0}", line, StringComparison.Ordinal)).Check("h", 22, Type, Key));
    }

    [Fact]
    public void An_authority_is_no_host_key() =>
        Assert.Equal(HostKeyVerdict.Unknown, Known($"@cert-authority h {Type} {Base64(Key)}").Check("h", 22, Type, Key));

    [Fact]
    public void Garbage_is_passed_over() =>
        Texts.Of(20, "|1|", "|", "h", " ", "\n", "@revoked", "@", "!", "*", "?", ",", "ssh-rsa", "AQID", "=", "#", "[h]:22", "\t", "é",
            "\0").Holds(text =>
        {
            var known = Known(text + $"\nreal {Type} {Base64(Key)}\n");
            Assert.NotEqual(HostKeyVerdict.Unknown, known.Check("real", 22, Type, Key));
            known.Check("h", 22, Type, Key);
        }, cases: 3000);

    [Fact]
    public void Files_that_are_not_there_count_as_empty()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["known_hosts"], $"h {Type} {Base64(Key)}\n");
        var known = KnownHosts.Read([folder["none"], folder["known_hosts"]]);
        Assert.Equal(HostKeyVerdict.Known, known.Check("h", 22, Type, Key));
    }

    static KnownHosts Known(string text)
    {
        var known = new KnownHosts();
        known.Parse(text);
        return known;
    }

    static string Base64(byte[] bytes) => Convert.ToBase64String(bytes);
}
