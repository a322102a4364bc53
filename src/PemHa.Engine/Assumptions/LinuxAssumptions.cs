using PemHa.Engine.Checks;

namespace PemHa.Engine.Assumptions;

/// <summary>What PemHa assumes about the RHEL family.</summary>
static class LinuxAssumptions
{
    public static IReadOnlyList<Assumption> All { get; } =
    [
        new("linux.systemd", Product.Linux,
            "systemctl show understands -p and --value, and reports PGDATA's unit without being root's terminal.",
            "Linux/ServiceRunning.cs",
            "systemctl(1); systemd 239 of RHEL 8 has both", Verdict.Proven)
        {
            Guard = new(["Install-PemEpas"], _ => "[ \"$(systemctl show -p Id --value -- -.mount 2>/dev/null)\" = -.mount ] || fact missing 1",
                (_, facts) => facts.Is("missing") ? "a systemctl without them." : null,
                "No service could be looked at.",
                "PemHa needs RHEL 8 or newer, or a distribution of its family, running systemd."),
        },
        new("linux.pidfile", Product.Linux,
            "systemd removes a unit's PIDFile when its service has stopped.",
            "Postgres/DatabaseUnit.cs",
            "systemd.service(5)", Verdict.Proven),
        new("linux.module", Product.Linux,
            "RHEL 8 and 9 have a module postgresql that hides EDB's packages; 10 has none.",
            "Linux/Packages.cs",
            "EDB's installation pages", Verdict.Proven),
        new("linux.repositories", Product.Linux,
            "CRB and EPEL go by the names of the table in Linux/Packages.cs; what the host lists decides.",
            "Linux/Packages.cs",
            "Installation pages of Red Hat, Rocky, AlmaLinux, Oracle; recorded repository list of an Oracle host", Verdict.Plausible)
        {
            ShownBy = "Test-PemPrerequisite asks dnf which repositories there are, and names what is missing before anything is changed.",
        },
        new("linux.edb-repository", Product.Linux,
            "EDB's repository is set up already; its id holds \"enterprisedb\".",
            "Checks/PackageChecks.cs",
            "Recorded dnf output of a host with EPAS 17", Verdict.Proven),
        new("linux.ndisc-notify", Product.Linux,
            "The kernel announces an IPv6 address that is added where net.ipv6.conf.NIC.ndisc_notify is 1.",
            "Efm/VirtualIpAnnouncer.cs",
            "The kernel's documentation, ip-sysctl; the lab's kernel, which is a real one, does", Verdict.Proven)
        {
            Guard = new(["New-PemEfmCluster"], _ => "[ -e /proc/sys/net/ipv6/conf/all/ndisc_notify ] || [ ! -d /proc/sys/net/ipv6 ] || fact missing 1",
                (_, facts) => facts.Is("missing") ? "a kernel without it." : null,
                "Neighbours would go on to the old owner of an IPv6 virtual IP for some 40 s.",
                "Expect that wait, or announce the address yourself (script.post.promotion); -VirtualIpAnnouncer None says so.")
            { On = host => Check.IsData(host) && host.Cluster.VirtualIp.Contains(':', StringComparison.Ordinal), WarnsOnly = true },
        },
        new("linux.firewall", Product.Linux,
            "firewalld, where it runs, is asked over D-Bus and knows the zone.",
            "Linux/FirewallPorts.cs",
            "firewalld's D-Bus manual", Verdict.Proven),
    ];
}
