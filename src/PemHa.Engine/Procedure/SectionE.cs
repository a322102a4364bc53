using PemHa.Engine.Linux;
using PemHa.Engine.Pem;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>Section E: agents and PEM.</summary>
static class SectionE
{
    /// <summary>Install-PemServer: P32–P35, F8.</summary>
    public static Step Server(PemCluster cluster, IReadOnlyList<PemHost> hosts, PemHost primary, string user, string password)
    {
        IReadOnlyList<PemHost> data = [.. hosts.Where(h => h.Role != PemRole.Witness)];
        foreach (var host in data) SshSession.Of(host).Redactor.Add(password, PemServer.Answer(password), Sh.Quote(PemServer.Answer(password)));
        return new("Install-PemServer", cluster,
        [
            new Phase("prerequisites", [primary], host => [VirtualIpHeld(host)]),
            new Phase("packages", data, host => [Database.IsUp(host), AgentNumber(host), AgentCertificate(host), Rules(host), new Packages(["edb-pem"]) { Options = "--allowerasing" }]),
            new Phase("role", [primary], host =>
            [
                Database.IsPrimary(host),
                new Role(SshSession.Of(host).Redactor) { RoleName = user, Attributes = ["LOGIN", "SUPERUSER"], Password = password },
            ]),
            new Phase("primary", [primary], host => [new PemServer(host, true, user, password)]),
            // P34: one after another, since each registers itself in the database of all.
            new Phase("standbys", [.. data.Where(h => h != primary)], host => [new PemServer(host, false, user, password)], OneByOne: true),
        ]);
    }

    /// <summary>Set-PemWebApplication: P37.</summary>
    public static Step Web(PemCluster cluster, IReadOnlyList<PemHost> hosts) => new("Set-PemWebApplication", cluster,
    [
        new Phase("web application", [.. hosts.Where(h => h.Role != PemRole.Witness)], host =>
            [
                new FirewallPorts(cluster.FirewallZone, [cluster.WebPort]),
                new SelinuxPolicy(),
                // configure-pem-server.sh starts the web server, but a reboot would end it.
                new ServiceRunning("nginx"),
                new WebCertificate(host),
            ]),
    ]);

    static Requirement VirtualIpHeld(PemHost host) => new("virtual IP on the primary",
        $"ip -o addr | grep -qF {Sh.Quote($" {host.Cluster.VirtualIp}/")} && fact held 1\n:", facts =>
        facts.Is("held") ? null
        : new PemException("VirtualIpMissing", Trouble.InvalidOperation, $"The primary, {host.Name}, does not hold the virtual IP {host.Cluster.VirtualIp}.",
            "Run New-PemEfmCluster first; PEM is configured through the virtual IP."));

    static Requirement AgentCertificate(PemHost host) => new("agent certificate", $"[ -s {SectionD.PkiFolder}/agent{host.AgentId}.key ] && fact there 1\n:", facts =>
        facts.Is("there") ? null : new PemException("CertificateMissing", Trouble.ObjectNotFound, $"{host.Name} has no certificate for agent{host.AgentId}.", "Run New-PemCertificate first."));

    /// <summary>Agents keep their numbers for good: hosts described in another order must not trade them (P31).</summary>
    internal static Requirement AgentNumber(PemHost host) => new("agent number", $"""
        fact id "$(sed -n 's/^agent_id=//p' /usr/edb/pem/agent/etc/agent.cfg 2>/dev/null | tail -n 1)"
        for f in {SectionD.PkiFolder}/agent*.crt; do n=$(basename "$f" .crt); [ ! -f "$f" ] || fact id "${"{n#agent}"}"; done
        """, facts => facts["id"].Length == 0 || facts["id"] == host.AgentId.ToString(System.Globalization.CultureInfo.InvariantCulture) ? null
        : new PemException("AgentNumberChanged", Trouble.InvalidArgument, $"{host.Name} is agent{facts["id"]}, but is described as number {host.AgentId} of the data nodes.",
            "Describe the data nodes in the order in which the cluster was built; who is the primary now is found out by asking."));

    static Requirement Rules(PemHost host) => new("PEM's HBA rules", "grep -qsx '# BEGIN PemHa pem' \"$(pg_file hba_file pg_hba.conf)\" && fact there 1\n:", facts =>
        facts.Is("there") ? null : new PemException("HbaMissing", Trouble.ObjectNotFound, $"{host.Name} has no HBA rules for PEM.", "Run Set-PemHba first."));
}
