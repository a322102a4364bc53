using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PemHa.Engine.Certificates;

/// <summary>A certificate revocation list (RFC 5280, section 5), read far enough to judge it: .NET writes them, but reads none.</summary>
sealed class RevocationList
{
    readonly byte[] _signed, _signature, _issuer;
    readonly HashSet<string> _serials;
    readonly string _algorithm;
    readonly HashAlgorithmName? _pssHash;

    RevocationList(byte[] der)
    {
        var list = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        _signed = list.PeekEncodedValue().ToArray();
        var body = list.ReadSequence();
        var algorithm = list.ReadSequence();
        _algorithm = algorithm.ReadObjectIdentifier();
        if (_algorithm == "1.2.840.113549.1.1.10") _pssHash = PssHash(algorithm);
        _signature = list.ReadBitString(out _);

        if (body.PeekTag() == Asn1Tag.Integer) body.ReadInteger();
        body.ReadSequence();
        _issuer = body.ReadEncodedValue().ToArray();
        From = ReadTime(body);
        if (body.HasData && IsTime(body.PeekTag())) Until = ReadTime(body);
        _serials = [];
        if (!body.HasData || body.PeekTag() != Asn1Tag.Sequence) return;
        for (var entries = body.ReadSequence(); entries.HasData;) _serials.Add(Hex(entries.ReadSequence().ReadIntegerBytes().Span));
    }

    /// <summary>When it was made.</summary>
    public DateTime From { get; }

    /// <summary>When the next one was promised, after which servers refuse everybody; null when never.</summary>
    public DateTime? Until { get; }

    /// <summary>Who made it, as people see it.</summary>
    public string Issuer => new X500DistinguishedName(_issuer).Name;

    /// <summary>The text in PEM form.</summary>
    public required string Text { get; init; }

    /// <summary>All lists in a text.</summary>
    /// <exception cref="CryptographicException">One of them cannot be read.</exception>
    public static IReadOnlyList<RevocationList> ReadAll(string pem)
    {
        var lists = new List<RevocationList>();
        for (var rest = pem; PemEncoding.TryFind(rest, out var fields); rest = rest[fields.Location.End..])
        {
            if (rest[fields.Label] != "X509 CRL") continue;
            try
            {
                var der = Convert.FromBase64String(rest[fields.Base64Data]);
                lists.Add(new RevocationList(der) { Text = PemEncoding.WriteString("X509 CRL", der) + "\n" });
            }
            catch (AsnContentException e)
            {
                throw new CryptographicException("a revocation list in it cannot be read", e);
            }
        }
        return lists;
    }

    /// <summary>Whether it is this authority's: its name and its signature.</summary>
    public bool IsSignedBy(X509Certificate2 authority)
    {
        if (!IsOf(authority)) return false;
        try
        {
            if (authority.GetRSAPublicKey() is { } rsa)
            {
                using (rsa)
                    return _pssHash is { } pss ? rsa.VerifyData(_signed, _signature, pss, RSASignaturePadding.Pss)
                        : Hash() is { } hash && rsa.VerifyData(_signed, _signature, hash, RSASignaturePadding.Pkcs1);
            }
            using var ec = authority.GetECDsaPublicKey();
            return ec is not null && Hash() is { } name && ec.VerifyData(_signed, _signature, name, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Whether it bears this authority's name.</summary>
    public bool IsOf(X509Certificate2 authority) => authority.SubjectName.RawData.AsSpan().SequenceEqual(_issuer);

    /// <summary>Whether it revokes a certificate, which must be one of its own authority's.</summary>
    public bool Revokes(X509Certificate2 certificate) =>
        certificate.IssuerName.RawData.AsSpan().SequenceEqual(_issuer) && _serials.Contains(Hex(certificate.SerialNumberBytes.Span));

    HashAlgorithmName? Hash() => _algorithm switch
    {
        "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
        _ => null,
    };

    /// <summary>RSASSA-PSS-params: the hash is their first field, SHA-1 when left out.</summary>
    static HashAlgorithmName PssHash(AsnReader algorithm)
    {
        var tag = new Asn1Tag(TagClass.ContextSpecific, 0);
        if (!algorithm.HasData) return HashAlgorithmName.SHA1;
        var parameters = algorithm.ReadSequence();
        if (!parameters.HasData || !parameters.PeekTag().HasSameClassAndValue(tag)) return HashAlgorithmName.SHA1;
        return parameters.ReadSequence(tag).ReadSequence().ReadObjectIdentifier() switch
        {
            "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
            "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
            "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
            _ => HashAlgorithmName.SHA1,
        };
    }

    /// <summary>A serial number, with or without the zero byte that DER puts before some.</summary>
    static string Hex(ReadOnlySpan<byte> serial) => Convert.ToHexString(serial).TrimStart('0');

    static bool IsTime(Asn1Tag tag) => tag == Asn1Tag.UtcTime || tag == Asn1Tag.GeneralizedTime;

    static DateTime ReadTime(AsnReader reader) =>
        (reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime()).UtcDateTime;
}
