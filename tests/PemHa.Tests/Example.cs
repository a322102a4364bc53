using System.Reflection;
using PemHa.Engine.Certificates;
using PemHa.Engine.Pem;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Tests;

/// <summary>The cluster of the specification's examples: three data nodes and a witness.</summary>
sealed class Example
{
    public Example(
        string? journal = null,
        PemSslModel model = PemSslModel.LocalCA,
        string? agentUser = null,
        string virtualIp = "172.16.161.245")
    {
        Cluster = new PemCluster("efm", virtualIp)
        {
            PingServer = "172.16.161.1",
            MonitoredSubnet = ["172.16.161.0/24"],
            JournalPath = journal,
            SslModel = model,
            AgentUser = agentUser,
        };
        Primary = new PemHost(Cluster, "172.16.161.200", PemRole.Primary, "node1");
        Standby = new PemHost(Cluster, "172.16.161.201", PemRole.Standby, "node2");
        Third = new PemHost(Cluster, "172.16.161.202", PemRole.Standby, "node3");
        Witness = new PemHost(Cluster, "172.16.161.203", PemRole.Witness, "witness1");
        foreach (var host in Cluster.Hosts) host.Session = NoSession(host);
    }

    public PemCluster Cluster { get; }

    public PemHost Primary { get; }

    public PemHost Standby { get; }

    public PemHost Third { get; }

    public PemHost Witness { get; }

    /// <summary>The resources of a step on a host, over all of its phases.</summary>
    public static IReadOnlyList<Resource> Resources(Step step, PemHost host) =>
        [.. step.Phases.Where(p => p.Hosts.Contains(host)).SelectMany(p => p.Resources(host))];

    /// <summary>The one resource of a kind.</summary>
    public static T The<T>(Step step, PemHost host, Func<T, bool>? where = null) where T : Resource =>
        Resources(step, host).OfType<T>().Single(where ?? (_ => true));

    /// <summary>Every step of the procedure that plans without a host.</summary>
    public IReadOnlyList<Step> Steps(string password, string user = "repl")
    {
        var hosts = Cluster.Hosts;
        return
        [
            SectionA.Packages(Cluster, hosts, Primary), SectionB.Replication(Cluster, hosts, Primary, user, password),
            SectionB.PassFile(Cluster, hosts, user, password),
            SectionB.Replicas(Cluster, hosts, Primary, user, false),
            SectionD.Certificates(Cluster, hosts, Cluster.SslModel == PemSslModel.SslUtils ? new SslUtilsAuthority(Primary) : new PlannedAuthority("/ca", "PEM CA"), TimeSpan.FromDays(100), false),
            SectionD.Ssl(Cluster, hosts),
            SectionD.Hba(Cluster, hosts, "pemsuper"), SectionD.RollingRestart(Cluster, hosts, Primary, false),
            SectionC.Cluster(Cluster, hosts, Primary, "efm", password, new EfmOptions()),
            SectionE.AgentUser(Cluster, hosts, Primary),
            SectionE.Server(Cluster, hosts, Primary, "pemsuper", password, new PemServerOptions(TemporarySuperUser: true, RegisterEfm: true)),
            SectionE.Settings(Cluster, hosts, Primary, "pem_user_settings", password),
            SectionE.Web(Cluster, hosts),
        ];
    }

    /// <summary>A session over no connection: planning asks it for its redactor only.</summary>
    static SshSession NoSession(PemHost host) => (SshSession)typeof(SshSession)
        .GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic).Single().Invoke([host, null, new Redactor()]);
}
