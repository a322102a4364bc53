namespace PemHa;

/// <summary>Where the certificates of servers and agents come from (P23).</summary>
public enum PemSslModel
{
    /// <summary>An authority that PemHa makes; its key stays on the admin's machine and never goes to a node.</summary>
    LocalCA,

    /// <summary>The user's own files, signed by an authority of their own.</summary>
    ExternalCA,

    /// <summary>PEM itself is the authority: its <c>sslutils</c> extension signs the agents' certificates with a key in every data directory.</summary>
    SslUtils,
}
