namespace PemHa.Engine.Certificates;

/// <summary>Extended key usages (RFC 5280, 4.2.1.12).</summary>
static class Purposes
{
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1", ClientAuthentication = "1.3.6.1.5.5.7.3.2", Any = "2.5.29.37.0";

    /// <summary>What a certificate of a purpose must be allowed for.</summary>
    public static string Oid(CertificatePurpose purpose) => purpose == CertificatePurpose.Agent ? ClientAuthentication : ServerAuthentication;
}
