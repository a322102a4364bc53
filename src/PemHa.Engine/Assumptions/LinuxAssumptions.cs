using PemHa.Engine.Checks;

namespace PemHa.Engine.Assumptions;

/// <summary>What PemHa assumes about the RHEL family.</summary>
static class LinuxAssumptions
{
    public static IReadOnlyList<Assumption> All { get; } =
    [
        new("linux.systemd", Product.Linux,
            "systemctl show supports -p and --value, and reports PGDATA's unit without a terminal of root's.",
            "Linux/ServiceRunning.cs",
            "systemctl(1); systemd 239 of RHEL 8 has both", Verdict.Proven)
        {
            Guard = new(["Install-PemEpas"],
                _ => "[ \"$(systemctl show -p Id --value -- -.mount 2>/dev/null)\" = -.mount ] || fact missing 1",
                Guard.Missing((_, _) => "a systemctl that does not support them."),
                "PemHa could not query any service.",
                "PemHa needs RHEL 8 or newer, or a distribution of its family, running systemd."),
        },
        new("linux.pidfile", Product.Linux,
            "systemd removes a unit's PIDFile once its service has stopped.",
            "Postgres/DatabaseUnit.cs",
            "systemd.service(5)", Verdict.Proven),
        new("linux.module", Product.Linux,
            "RHEL 8 and 9 have a module postgresql that hides EDB's packages; RHEL 10 has none.",
            "Linux/Packages.cs",
            "EDB's installation pages", Verdict.Proven),
        new("linux.repositories", Product.Linux,
            "CRB and EPEL have the names in the table of Linux/ExtraRepositories.cs; the repositories that the host "
                + "lists take precedence.",
            "Linux/ExtraRepositories.cs",
            "Installation pages of Red Hat, Rocky, AlmaLinux and Oracle; recorded repository list of an Oracle host",
            Verdict.Plausible)
        {
            ShownBy = "Test-PemPrerequisite asks dnf for the list of repositories, and names what is missing before "
                + "anything is changed.",
        },
        new("linux.edb-repository", Product.Linux,
            "EDB's repository is already set up; its ID contains \"enterprisedb\".",
            "Checks/PackageChecks.cs",
            "Recorded dnf output of a host with EPAS 17", Verdict.Proven),
        new("linux.ndisc-notify", Product.Linux,
            "The kernel announces a newly added IPv6 address where net.ipv6.conf.NIC.ndisc_notify is 1.",
            "Efm/VirtualIpAnnouncer.cs",
            "The kernel's documentation, ip-sysctl; the lab's kernel, which is a real one, does", Verdict.Proven)
        {
            Guard = new(["New-PemEfmCluster"],
                _ => "[ -e /proc/sys/net/ipv6/conf/all/ndisc_notify ] || [ ! -d /proc/sys/net/ipv6 ] || fact missing 1",
                Guard.Missing((_, _) => "a kernel without this setting."),
                "After a move, neighbours would keep sending to the old owner of an IPv6 virtual IP for about 40 s.",
                "Accept that delay, or announce the address yourself (script.post.promotion) "
                    + "and give -VirtualIpAnnouncer None.")
            {
                On = host => Check.IsData(host) && host.Cluster.VirtualIp.Contains(':', StringComparison.Ordinal),
                WarnsOnly = true,
            },
        },
        new("linux.firewall", Product.Linux,
            "firewalld, where it runs, answers over D-Bus and knows the zone.",
            "Linux/FirewallPorts.cs",
            "firewalld's D-Bus manual", Verdict.Proven),
    ];
}
