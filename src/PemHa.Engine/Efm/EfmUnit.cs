using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Efm;

/// <summary>EFM's unit starts the agent of our cluster: the package's names the cluster <c>efm</c>, and a drop-in names another (P16, P17).</summary>
sealed class EfmUnit(PemCluster cluster) : Resource
{
    string DropIn => $"/etc/systemd/system/{cluster.EfmServiceName}.service.d/pemha-cluster.conf";

    public override string Name => $"unit {cluster.EfmServiceName}";

    public override Facts? Blank => Facts.Of(("cluster", "efm"));

    public override string Probe => $$"""
        C=$(systemctl show -p Environment --value "$EFMSERVICE" 2>/dev/null | tr ' ' '\n' | sed -n 's/^CLUSTER=//p' | tail -n 1)
        fact cluster "$C"; [ -n "$C" ] && [ -f {{Sh.Quote(cluster.EfmConfigDirectory)}}/"$C".properties ] && fact used 1
        :
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (facts["cluster"] == cluster.Name) return null;
        if (facts["cluster"].Length == 0)
            throw new PemException("EfmMissing", Trouble.ObjectNotFound, $"There is no unit {cluster.EfmServiceName}: {cluster.EfmPackage} is not installed.",
                "Run Install-PemEpas first.");
        if (facts.Is("used"))
            throw new PemException("EfmClusterDiffers", Trouble.InvalidArgument, $"{cluster.EfmServiceName} runs the agent of cluster {facts["cluster"]}, not of {cluster.Name}.",
                $"Describe it as it is: New-PemCluster {facts["cluster"]}; or take that cluster's files out of {cluster.EfmConfigDirectory} first.");
        // The files of the process are named for the cluster too.
        var text = $"[Service]\nEnvironment=CLUSTER={cluster.Name}\nPIDFile=/run/efm-{cluster.EfmVersion}/{cluster.Name}.pid\n";
        return new Change("create", $"{DropIn}:\n{text.TrimEnd('\n')}", $$"""
            mkdir -p {{Sh.Quote(DropIn[..DropIn.LastIndexOf('/')])}}
            printf %s {{Sh.Quote(text)}} > {{Sh.Quote(DropIn + ".new")}}
            mv {{Sh.Quote(DropIn + ".new")}} {{Sh.Quote(DropIn)}}
            systemctl daemon-reload
            """);
    }
}
