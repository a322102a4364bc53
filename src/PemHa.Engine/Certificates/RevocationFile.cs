using System.Security.Cryptography;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Certificates;

/// <summary>The revocation lists beside a server's certificate, <c>root.crl</c> (P25): ours, or none that would refuse everybody.</summary>
/// <remarks>A list of another authority than <c>root.crt</c>'s makes the server refuse every client's certificate, with a message that does not say why.</remarks>
sealed class RevocationFile(CertificateSource source, PemHost host, bool replace) : Resource
{
    string Path => $"{host.Cluster.DataDirectory}/root.crl";

    string Mode => $"600 {host.Cluster.ServiceOwner}:{host.Cluster.ServiceOwner}";

    public override string Name => $"revocation list {Path}";

    public override Facts? Blank => Facts.Of(("folder", "1"));

    public override string Probe => $"[ -d \"$PGDATA\" ] && fact folder 1\nfact_file crl {Sh.Quote(Path)}";

    public override string? Remark(Facts facts) => source.RootRemark;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (!facts.Is("folder")) throw Postgres.Database.Missing(host.Cluster.DataDirectory);
        var there = facts.Has("crl.text");
        if (source.Revoked is null && !there) return null;
        if (source.Revoked is { } wanted)
        {
            if (facts["crl.text"] == wanted && facts["crl.mode"] == Mode) return null;
            return new Change(there ? "replace" : "create", "the lists of -CertificatePath", $"rm -f {Sh.Quote(Path)}\n" + ManagedFile.Put(Path, Mode, wanted, null));
        }
        var ours = IsOurs(facts["crl.text"]);
        if (ours && source.LeavesRevoked) return null;
        if (!replace)
            throw ours ? new PemException("RevocationListMissing", Trouble.SecurityError, $"{host.Name} has revocation lists of this authority in {Path}, and -CertificatePath has none.",
                    "Put root.crl into the folder: without it revoked certificates would be let in again. If that is what you want, give -Force.")
                : new PemException("AuthorityChanged", Trouble.SecurityError, $"{Path} on {host.Name} is of another authority; with it the server would refuse every certificate.",
                    "Give the authority that the cluster was built with. To replace it everywhere, agents and clients included, give -Force.");
        return new Change("remove", ours ? "-CertificatePath has none" : "it is of another authority", $"rm -f {Sh.Quote(Path)}");
    }

    bool IsOurs(string text)
    {
        try
        {
            return source.Lists(text);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
