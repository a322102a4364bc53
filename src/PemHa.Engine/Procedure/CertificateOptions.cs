using PemHa.Engine.Certificates;

namespace PemHa.Engine.Procedure;

/// <summary>What a person gives for a cluster's certificates: as much of it as the SSL model takes, and no more (P23).</summary>
sealed record CertificateOptions
{
    /// <summary>Folder of our own authority on this machine (LocalCA).</summary>
    public string? AuthorityFolder { get; init; }

    /// <summary>Encrypts its key at rest.</summary>
    public string AuthorityPassword { get; init; } = "";

    /// <summary>Folder of the user's own files (ExternalCA).</summary>
    public string? CertificateFolder { get; init; }

    /// <summary>Opens the keys in it, where they are encrypted.</summary>
    public string? KeyPassword { get; init; }

    /// <summary>Opens what is there and judges it, without making anything.</summary>
    /// <returns>Null when there is nothing yet to judge.</returns>
    /// <exception cref="PemException">It does not go with the cluster's model, or will not do.</exception>
    public CertificateSource? Open(PemCluster cluster, IReadOnlyList<PemHost> hosts)
    {
        var fits = cluster.SslModel switch
        {
            PemSslModel.LocalCA => AuthorityFolder is not null && CertificateFolder is null,
            PemSslModel.ExternalCA => CertificateFolder is not null && AuthorityFolder is null,
            _ => AuthorityFolder is null && CertificateFolder is null,
        };
        if (!fits)
            throw new PemException("SslModelDiffers", Trouble.InvalidArgument, $"The cluster {cluster.Name} is described with -SslModel {cluster.SslModel}, which takes {Parameters(cluster.SslModel)}.",
                $"Give {Parameters(cluster.SslModel)}, or describe another model with New-PemCluster -SslModel.");
        if (CertificateFolder is { } folder)
            return ExternalCertificates.Open(folder, [.. hosts.Where(h => h.Role != PemRole.Witness).SelectMany(SectionD.Specs)], KeyPassword);
        return AuthorityFolder is null ? null : CertificateAuthority.Open(AuthorityFolder, AuthorityPassword);
    }

    /// <summary>Opens it, or makes it.</summary>
    /// <param name="primary">Whose data directory has the authority of sslutils, if there is one yet.</param>
    /// <param name="preview">Makes nothing, not even on this machine.</param>
    public async Task<CertificateSource> SourceAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, Func<Task<PemHost>> primary, bool preview)
    {
        var source = Open(cluster, hosts);
        if (source is null && cluster.SslModel == PemSslModel.SslUtils) return new SslUtilsAuthority(await primary());
        var name = $"PEM CA {cluster.Name}";
        return source ?? (preview ? new PlannedAuthority(AuthorityFolder!, name) : CertificateAuthority.Create(AuthorityFolder!, name, AuthorityPassword));
    }

    static string Parameters(PemSslModel model) => model switch
    {
        PemSslModel.LocalCA => "-AuthorityPath and -AuthorityPassword",
        PemSslModel.ExternalCA => "-CertificatePath",
        _ => "neither -AuthorityPath nor -CertificatePath",
    };
}
