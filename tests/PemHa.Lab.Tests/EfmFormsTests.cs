using System.Buffers.Binary;
using PemHa.Lab.Efm;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>What the stand-in of Failover Manager encrypts, rewrites and sends.</summary>
public class EfmFormsTests
{
    [Theory]
    [InlineData("")]
    [InlineData("1safepassword")]
    [InlineData("a b'\"\\:$ ü€")]
    [Spec("P18", "F4")]
    public void An_encrypted_password_comes_back_and_differs_each_time(string password)
    {
        var text = PasswordCipher.Encrypt("efm", password);
        Assert.Matches("^[0-9a-f]+$", text);
        Assert.NotEqual(text, PasswordCipher.Encrypt("efm", password));
        Assert.Equal(password, PasswordCipher.Decrypt("efm", text));
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("zz")]
    [InlineData("")]
    [InlineData("516b36fb8031da17cfbc010f7d09359c")]
    [Spec("P18")]
    public void What_was_not_encrypted_here_is_no_password(string text) => Assert.Null(PasswordCipher.Decrypt("efm", text));

    [Fact]
    [Spec("P18")]
    public void The_password_is_bound_to_the_name_of_the_cluster()
    {
        for (var i = 0; i < 20; i++)
            Assert.NotEqual("1safepassword", PasswordCipher.Decrypt("other", PasswordCipher.Encrypt("efm", "1safepassword")));
    }

    [Theory]
    [InlineData("user=repl host=10.0.0.1 port=5444", "user=repl host=10.0.0.2 port=5444")]
    [InlineData("user=repl port=5444", "user=repl port=5444 host=10.0.0.2")]
    [InlineData("user='re pl' passfile='/a/b c' host='10.0.0.1' hostaddr=10.0.0.1", "user='re pl' passfile='/a/b c' host=10.0.0.2")]
    [InlineData(@"password='a\'b\\c' host=x", @"password='a\'b\\c' host=10.0.0.2")]
    [InlineData("user = repl  host = x", "user=repl host=10.0.0.2")]
    [InlineData("host=x application_name=old options=''", "host=10.0.0.2 application_name=old options=''")]
    [Spec("F6")]
    public void Only_the_host_of_primary_conninfo_changes(string before, string after) =>
        Assert.Equal(after, Conninfo.WithHost(before, "10.0.0.2"));

    [Fact]
    [Spec("F7")]
    public void At_a_switchover_the_application_name_is_replaced_or_goes()
    {
        Assert.Equal("host=b", Conninfo.WithHost("host=a application_name=s1", "b", "", dropApplicationName: true));
        Assert.Equal("host=b application_name=n2", Conninfo.WithHost("host=a application_name=s1", "b", "n2", dropApplicationName: true));
    }

    [Theory]
    [InlineData("host")]
    [InlineData("host='a")]
    public void What_is_no_conninfo_is_refused(string text) => Assert.Throws<FormatException>(() => Conninfo.Parse(text));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_message_arrives_as_it_was_sent(bool encrypt)
    {
        var view = ClusterView.Alone("a", 7800, []).Join("b", 7801).Fail(["b"]);
        var node = new NodeInfo { Address = "a", Port = 7800, Type = AgentType.Primary, Db = "UP", VipActive = true, Promotable = false };
        var wire = new Wire("efm", encrypt);
        var message = new Message { Kind = "heartbeat", Node = node, View = view, Token = "secret-word" };
        var frame = wire.Pack(message, WireJson.Default.Message);
        Assert.Equal(frame.Length - 4, BinaryPrimitives.ReadInt32BigEndian(frame));
        Assert.Equal(!encrypt, System.Text.Encoding.Latin1.GetString(frame).Contains("secret-word", StringComparison.Ordinal));
        var back = wire.Unpack(frame.AsSpan(4), WireJson.Default.Message);
        Assert.Equal(node, back.Node);
        Assert.Equal(["b"], back.View!.Down);
        Assert.Equal(7801, back.View.Ports["b"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_changed_message_another_cluster_and_the_other_form_are_refused(bool encrypt)
    {
        var frame = new Wire("efm", encrypt).Pack(new Message { Kind = "probe" }, WireJson.Default.Message)[4..];
        Assert.Throws<InvalidDataException>(() => new Wire("other", encrypt).Unpack(frame, WireJson.Default.Message));
        Assert.Throws<InvalidDataException>(() => new Wire("efm", !encrypt).Unpack(frame, WireJson.Default.Message));
        frame[^1] ^= 1;
        Assert.Throws<InvalidDataException>(() => new Wire("efm", encrypt).Unpack(frame, WireJson.Default.Message));
        Assert.Throws<InvalidDataException>(() => new Wire("efm", encrypt).Unpack([0], WireJson.Default.Message));
    }

    [Fact]
    public void Mutations_are_the_words_of_a_file_one_a_line()
    {
        var file = Path.Combine(Path.GetTempPath(), $"mutations-{Guid.NewGuid():N}");
        Assert.False(Mutations.Has("B11", file));
        try
        {
            File.WriteAllText(file, "B12\n B11 \n");
            Assert.True(Mutations.Has("B11", file));
            Assert.True(Mutations.Has("B12", file));
            Assert.False(Mutations.Has("B1", file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    [Spec("F10")]
    public void It_says_that_it_is_a_stand_in() => Assert.Contains("stand-in", StandIn.Notice, StringComparison.Ordinal);
}
