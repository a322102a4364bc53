using System.Security.Cryptography;
using System.Text;
using CsCheck;
using PemHa.Engine.Postgres;

namespace PemHa.Tests.Postgres;

/// <summary>Passwords as SCRAM verifiers.</summary>
[Spec("P7")]
public class ScramVerifierTests
{
    // RFC 7677, section 3: password "pencil", 4096 iterations, this salt; the keys follow from its client proof and server signature.
    const string Salt = "W22ZaJ0SNY7soEsUEjb6gQ==";
    const string AuthMessage = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        + "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const string Proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", Signature = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
    const string Pencil = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
        + "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    [Fact]
    public void The_vector_of_RFC_7677_matches()
    {
        Assert.True(ScramVerifier.Matches(Pencil, "pencil"));
        Assert.False(ScramVerifier.Matches(Pencil, "Pencil"));
    }

    [Fact]
    public void The_keys_of_that_verifier_prove_the_RFCs_exchange()
    {
        var parts = Pencil.Split('$', ':');
        Assert.Equal(Salt, parts[2]);
        byte[] stored = Convert.FromBase64String(parts[3]), server = Convert.FromBase64String(parts[4]);
        var message = Encoding.ASCII.GetBytes(AuthMessage);
        Assert.Equal(Signature, Convert.ToBase64String(HMACSHA256.HashData(server, message)));
        // What a server does: the client's key comes out of its proof, and its hash must be the stored one.
        var signature = HMACSHA256.HashData(stored, message);
        byte[] key = [.. Convert.FromBase64String(Proof).Zip(signature, (a, b) => (byte)(a ^ b))];
        Assert.Equal(stored, SHA256.HashData(key));
    }

    [Fact]
    public void A_new_verifier_matches_its_password_and_no_other() => Gen.Select(Texts.Line, Texts.Line).Holds((password, other) =>
    {
        var verifier = ScramVerifier.Create(password);
        Assert.True(ScramVerifier.Matches(verifier, password));
        if (Plain(other) != Plain(password)) Assert.False(ScramVerifier.Matches(verifier, other));
    }, cases: 150);

    [Fact]
    public void Two_verifiers_of_one_password_differ_and_do_not_show_it()
    {
        var (one, two) = (ScramVerifier.Create("s3cret"), ScramVerifier.Create("s3cret"));
        Assert.NotEqual(one, two);
        Assert.DoesNotContain("s3cret", one, StringComparison.Ordinal);
        Assert.Matches(@"^SCRAM-SHA-256\$4096:[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}:[A-Za-z0-9+/=]{44}$", one);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("4095")]
    [InlineData("2147483647")]
    [InlineData("99999999999999999999")]
    public void A_verifier_weaker_than_ours_or_endless_to_compute_is_replaced(string iterations) =>
        Assert.False(ScramVerifier.Matches(Pencil.Replace("4096", iterations, StringComparison.Ordinal), "pencil"));

    [Fact]
    public void Code_points_that_SASLprep_drops_do_not_count()
    {
        // RFC 4013, section 3: a soft hyphen maps to nothing, an unusual space to a space.
        Assert.True(ScramVerifier.Matches(ScramVerifier.Create("I\u00adX"), "IX"));
        Assert.True(ScramVerifier.Matches(ScramVerifier.Create("a\u1680b"), "a b"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("md5a6343a68d964ca596d9752250d54bb8a")]
    [InlineData("SCRAM-SHA-256$4096:!!$x:y")]
    [InlineData("SCRAM-SHA-256$0:W22ZaJ0SNY7soEsUEjb6gQ==$x:y")]
    [InlineData("SCRAM-SHA-256$-1:W22ZaJ0SNY7soEsUEjb6gQ==$x:y")]
    [InlineData("SCRAM-SHA-256$99999999999:W22ZaJ0SNY7soEsUEjb6gQ==$x:y")]
    [InlineData("SCRAM-SHA-256$4096:$x:y")]
    [InlineData("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=")]
    public void What_is_no_verifier_matches_nothing(string verifier) => Assert.False(ScramVerifier.Matches(verifier, "pencil"));

    /// <summary>Passwords that are one to SASLprep are one here.</summary>
    static string Plain(string password) => password.Replace('\u00a0', ' ').Replace('\u200b', ' ');
}
