using PemHa.Engine.Pem;
using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>A user of the database and its password in clear; kept in memory only.</summary>
sealed record Login(string UserName, string Password);

/// <summary>One step of the whole order.</summary>
/// <param name="Name">The cmdlet that does it alone.</param>
/// <param name="PlanAsync">Its plan, for the hosts that are still well.</param>
sealed record DeploymentStep(string Name, Func<IReadOnlyList<PemHost>, IReporter, CancellationToken, Task<Step>> PlanAsync);

/// <summary>The whole procedure in the order that works: A, B, D, C, E (T9). Install-PemCluster runs it, Get-PemPlan previews it.</summary>
sealed class Deployment(PemCluster cluster)
{
    /// <summary>The steps' names, in order.</summary>
    public static readonly string[] Names =
    [
        "Install-PemEpas", "Enable-PemReplication", "Set-PemPassFile", "Initialize-PemReplica", "New-PemCertificate", "Set-PemSsl", "Set-PemHba",
        "Invoke-PemRollingRestart", "New-PemEfmCluster", "New-PemAgentUser", "Install-PemServer", "Enable-PemUserSettings",
        "Set-PemWebApplication",
    ];

    public required Login Replication { get; init; }

    public required Login Efm { get; init; }

    public required Login SuperUser { get; init; }

    /// <summary>The role of the web applications' user settings; null where these stay on each host (P36).</summary>
    public Login? UserSettings { get; init; }

    /// <summary>How EFM is set up beyond the page.</summary>
    public EfmOptions EfmOptions { get; init; } = new();

    /// <summary>Where the certificates come from.</summary>
    public required CertificateOptions Certificates { get; init; }

    /// <summary>Whether nothing is made, not even on this machine.</summary>
    public required bool Preview { get; init; }

    /// <summary>How PEM is configured, besides what the page says.</summary>
    public PemServerOptions Server { get; init; } = new();

    /// <summary>How long new certificates are valid.</summary>
    public required TimeSpan Validity { get; init; }

    /// <summary>The steps from one to another, both included.</summary>
    public IReadOnlyList<DeploymentStep> Steps(string? startAt = null, string? stopAfter = null) =>
        [.. Range(startAt, stopAfter).Select(name => new DeploymentStep(name, (hosts, reporter, ct) => PlanAsync(name, hosts, reporter, ct)))];

    /// <summary>The names of the steps from one to another.</summary>
    /// <exception cref="PemException">There are none.</exception>
    public static string[] Range(string? startAt, string? stopAfter)
    {
        var first = startAt is null ? 0 : Array.FindIndex(Names, n => n.Equals(startAt, StringComparison.OrdinalIgnoreCase));
        var last = stopAfter is null ? Names.Length - 1 : Array.FindIndex(Names, n => n.Equals(stopAfter, StringComparison.OrdinalIgnoreCase));
        if (first < 0 || last < 0 || last < first)
            throw new PemException("StepsUnfit", Trouble.InvalidArgument, $"There are no steps from {startAt ?? Names[0]} to {stopAfter ?? Names[^1]}.",
                $"The order is {string.Join(", ", Names)}.");
        return Names[first..(last + 1)];
    }

    async Task<Step> PlanAsync(string name, IReadOnlyList<PemHost> hosts, IReporter reporter, CancellationToken ct)
    {
        Task<PemHost> Primary() => ClusterView.PrimaryAmongAsync(cluster, hosts, name, reporter, ct);
        return name switch
        {
            "Install-PemEpas" => SectionA.Packages(cluster, hosts, await Primary()),
            "Enable-PemReplication" => SectionB.Replication(cluster, hosts, await Primary(), Replication.UserName, Replication.Password),
            "Set-PemPassFile" => SectionB.PassFile(cluster, hosts, Replication.UserName, Replication.Password),
            "Initialize-PemReplica" => SectionB.Replicas(cluster, hosts, await Primary(), Replication.UserName, force: false),
            "New-PemCertificate" => SectionD.Certificates(cluster, hosts, await Certificates.SourceAsync(cluster, hosts, Primary, Preview), Validity, replace: false),
            "Set-PemSsl" => SectionD.Ssl(cluster, hosts),
            "Set-PemHba" => SectionD.Hba(cluster, hosts, SuperUser.UserName),
            "Invoke-PemRollingRestart" => SectionD.RollingRestart(cluster, hosts, await Primary(), force: false),
            "New-PemEfmCluster" => SectionC.Cluster(
                cluster, hosts, await Primary(), Efm.UserName, Efm.Password, EfmOptions),
            "New-PemAgentUser" => SectionE.AgentUser(cluster, hosts, await Primary()),
            "Install-PemServer" => SectionE.Server(cluster, hosts, await Primary(), SuperUser.UserName, SuperUser.Password, Server),
            "Enable-PemUserSettings" => UserSettings is var (user, password)
                ? SectionE.Settings(cluster, hosts, await Primary(), user, password) : new Step(name, cluster, []),
            _ => SectionE.Web(cluster, hosts),
        };
    }

    /// <summary>Runs steps one after another; a host that a step fails on leaves, and a step that nobody is left for is not begun.</summary>
    /// <returns>The hosts that are as every step wants them.</returns>
    public static async Task<IReadOnlyList<PemHost>> RunAsync(IReadOnlyList<DeploymentStep> steps, IReadOnlyList<PemHost> hosts, StepRunner runner, CancellationToken ct)
    {
        foreach (var (name, plan) in steps)
        {
            if (hosts.Count == 0) return [];
            var step = await plan(hosts, runner.Reporter, ct);
            var well = await runner.RunAsync(step, ct);
            // A witness is in few steps, and stays for the next that wants it.
            hosts = [.. hosts.Where(h => well.Contains(h) || !step.Hosts.Contains(h))];
        }
        return hosts;
    }
}
