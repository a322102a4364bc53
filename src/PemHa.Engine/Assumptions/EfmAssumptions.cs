using PemHa.Engine.Checks;
using PemHa.Engine.Efm;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;

namespace PemHa.Engine.Assumptions;

/// <summary>What PemHa assumes about EDB Failover Manager.</summary>
static class EfmAssumptions
{
    /// <summary>The newest version that PemHa knows.</summary>
    static readonly Version Newest = new(5, 4);

    static readonly string[] FromAgents = ["New-PemEfmCluster"];

    /// <summary>The defaults of an agent that C1 depends on.</summary>
    static readonly (string Name, string Value)[] Defaults =
    [
        ("auto.failover", "true"), ("auto.reconfigure", "true"), ("promotable", "true"), ("minimum.standbys", "0"),
        ("enable.stop.cluster", "true"),
    ];

    public static IReadOnlyList<Assumption> All { get; } =
    [
        new("efm.programs", Product.Efm,
            "The package edb-efmXY installs /usr/edb/efm-X.Y/bin/efm and the directory /etc/edb/efm-X.Y.",
            "Efm/EfmFiles.cs",
            "EFM's manual, installing; edb-ansible, role setup_efm; an independent lab on EFM 5.4", Verdict.Proven)
        {
            Guard = new(FromAgents, host => $$"""
                P={{Sh.Quote(host.Cluster.EfmCommand)}}
                [ -x "$P" ] || fact missing "$P"
                P={{Sh.Quote(host.Cluster.EfmConfigDirectory)}}
                [ -d "$P" ] || fact missing "$P"
                """,
                Guard.Missing((_, path) => $"no {path}."),
                "No agent could be configured or queried.",
                "Find out where the package put them (rpm -ql), and report it with Save-PemSupportBundle."),
        },
        new("efm.user", Product.Efm,
            "The package creates the user and the group efm.",
            "Procedure/SectionC.cs",
            "EFM's manual, tutorial; edb-ansible and TPA", Verdict.Proven)
        {
            Guard = new(FromAgents, _ => """
                getent passwd efm >/dev/null || fact missing user
                getent group efm >/dev/null || fact missing group
                """,
                Guard.Missing((_, kind) => $"no {kind} efm."),
                "The agent's files would belong to a user that does not exist.",
                "Find out which user the package creates (rpm -q --scripts), "
                    + "and report it with Save-PemSupportBundle."),
        },
        new("efm.samples", Product.Efm,
            "The samples are named efm.properties.in and efm.nodes.in, whatever the cluster's name.",
            "Efm/EfmFiles.cs",
            "EFM's manual, tutorial; recorded outputs of EFM 4.7 and 4.10", Verdict.Proven)
        {
            Guard = new(FromAgents, host => $$"""
                for f in properties nodes; do
                    [ -s {{Sh.Quote(host.Cluster.EfmConfigDirectory)}}/efm.$f.in ] || fact missing efm.$f.in
                done
                """,
                Guard.Missing((host, file) => $"no {file} in {host.Cluster.EfmConfigDirectory}."),
                "The agent's configuration would have nothing to start from.",
                "Reinstall the package (dnf reinstall)."),
        },
        new("efm.property-names", Product.Efm,
            "The sample names every property that PemHa sets.",
            "Procedure/SectionC.cs",
            "EFM's manual, cluster properties, compared name by name up to 5.4", Verdict.Proven)
        {
            Guard = new(FromAgents, host => $$"""
                sed -n 's/^[# \t]*\([A-Za-z0-9._-]*\)[ \t]*=.*/\1/p' {{Sample(host)}} 2>/dev/null > "$T/efm.names"
                U=
                for n in {{Sh.Join([.. SectionC.PropertyNames(host.Cluster)])}}; do
                    grep -qxF -- "$n" "$T/efm.names" || U="$U $n"
                done
                fact unknown "$U"
                """,
                (host, facts) => facts["unknown"].Trim() is { Length: > 0 } names
                    ? $"{names} nowhere in {host.Cluster.EfmConfigDirectory}/efm.properties.in." : null,
                "An agent refuses to start with a property that it does not know.",
                "Describe the version that is installed (New-PemCluster -EfmVersion), "
                    + "and report it with Save-PemSupportBundle."),
        },
        new("efm.property-defaults", Product.Efm,
            "By default agents fail over and the other standbys follow: "
                + "auto.failover, auto.reconfigure, promotable, enable.stop.cluster, minimum.standbys.",
            "Procedure/SectionC.cs",
            "EFM's manual, cluster properties", Verdict.Proven)
        {
            Guard = new(FromAgents,
                host => string.Join('\n', Defaults.Select(d => $"fact {d.Name} \"$({InSample(host, d.Name)})\"")),
                (_, facts) => string.Join(", ", Defaults
                    .Where(d => facts[d.Name].Trim() is { Length: > 0 } found
                        && found != d.Value
                        && !facts.Is(ProductGuard.Given + d.Name))
                    .Select(d => $"{d.Name}={facts[d.Name].Trim()}")) is { Length: > 0 } differing
                        ? $"{differing} in the sample." : null,
                "There would be no failover, or the other standbys would not follow it.",
                "Set the value that you want: New-PemEfmCluster -Property, or Install-PemCluster -EfmProperty, "
                    + "@{ 'NAME' = 'VALUE' }."),
        },
        new("efm.unit", Product.Efm,
            "The unit edb-efm-X.Y starts the agent of the cluster named by Environment=CLUSTER, as the user efm, "
                + "with /run/efm-X.Y/CLUSTER.pid as its PIDFile.",
            "Efm/EfmUnit.cs",
            "edb-ansible, template of the unit; TPA, template of the unit; an independent lab on EFM 5.4",
            Verdict.Proven)
        {
            Guard = new(FromAgents, host => $$"""
                U={{Sh.Quote(host.Cluster.EfmServiceName)}}
                fact lines "$(unit_text "$U" | grep -c .)"
                for k in User PIDFile Type; do fact $k "$(unit_text "$U" | sed -n "s/^$k=//p" | tail -n 1)"; done
                unit_text "$U" | grep -q '^Environment="*CLUSTER=' && fact named 1
                unit_text "$U" | grep '^ExecStart=' | grep -q 'CLUSTER' && fact starts 1
                """,
                (host, facts) =>
                    facts.Count("lines") == 0 ? $"no unit {host.Cluster.EfmServiceName}."
                    : !facts.Is("named") ? "no line Environment=CLUSTER= in the unit."
                    : !facts.Is("starts") ? "an ExecStart that does not use CLUSTER."
                    : facts["User"] != "efm" ? $"User={facts["User"]} in the unit."
                    : !facts["PIDFile"].Replace("/var/run/", "/run/", StringComparison.Ordinal)
                        .StartsWith($"/run/efm-{host.Cluster.EfmVersion}/", StringComparison.Ordinal)
                        ? $"PIDFile={facts["PIDFile"]} in the unit."
                    : facts["Type"] != "forking" ? $"Type={facts["Type"]} in the unit."
                    : null,
                "systemd would start the agent of another cluster or as another user, or lose track of it.",
                "Compare the unit (systemctl cat) with this assumption, and report it with Save-PemSupportBundle."),
        },
        new("efm.start-program", Product.Efm,
            "The unit runs bin/runefm.sh start CLUSTER, which returns once the agent monitors its database.",
            "Linux/ServiceRunning.cs",
            "EFM's manual, controlling the service (recorded systemctl status of 5.1); an independent lab on EFM 5.4",
            Verdict.Proven)
        {
            Guard = new(FromAgents, host => $$"""
                P={{Sh.Quote(BinOf(host))}}/runefm.sh
                [ -x "$P" ] || fact missing "$P"
                """,
                Guard.Missing((_, program) => $"no program {program}."),
                "The agents could not be started.",
                "Reinstall the package (dnf reinstall), or report it with Save-PemSupportBundle."),
        },
        new("efm.helpers", Product.Efm,
            "The helpers that the agent runs as another user are efm_db_functions, efm_root_functions and efm_address.",
            "Checks/VirtualIpRehearsal.cs",
            "EFM's manual, extending permissions", Verdict.Proven)
        {
            Guard = new(FromAgents, host => $$"""
                for p in efm_db_functions efm_root_functions efm_address; do
                    [ -x {{Sh.Quote(BinOf(host))}}/$p ] || fact missing $p
                done
                """,
                Guard.Missing((host, helper) => $"no {helper} in {BinOf(host)}."),
                "The agents could neither move the virtual IP nor promote a standby.",
                "Reinstall the package (dnf reinstall), or report it with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("efm.address-verbs", Product.Efm,
            "efm_address accepts add4, add6 and del, an interface, and an address with its prefix length.",
            "Checks/VirtualIpRehearsal.cs",
            "EFM's manual, using a virtual IP address", Verdict.Proven)
        {
            Guard = new(FromAgents, host => $$"""
                P={{Sh.Quote(BinOf(host))}}/efm_address
                script "$P" || exit 0
                for v in add4 add6 del; do grep -q -e "$v" -e 'add[*[]' "$P" || fact missing $v; done
                """,
                Guard.Missing((_, verb) => $"no verb {verb} in its text."),
                "The rehearsal of the virtual IP would prove nothing.",
                "Report what it accepts with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("efm.sudoers", Product.Efm,
            "A file in /etc/sudoers.d lets efm run the helpers as the database's owner and as root; "
                + "the package's file covers the owners postgres and enterprisedb.",
            "Procedure/SectionC.cs",
            "EFM's manual, extending permissions", Verdict.Proven)
        {
            Guard = new(FromAgents, host => $$"""
                # Ask sudo first: it knows aliases, groups and rules of a directory service. If it does not agree, the
                # text of the files may still show the rule.
                sudo -n -l -U efm -u "$PGOWNER" {{Sh.Quote(BinOf(host))}}/efm_db_functions >/dev/null 2>&1 && exit 0
                grep -hs efm_db_functions /etc/sudoers /etc/sudoers.d/* | grep -v '^ *#' > "$T/efm.sudoers"
                [ -s "$T/efm.sudoers" ] || { fact missing rule; exit 0; }
                grep -Eq "\(([^)]*, *)?($PGOWNER|ALL)( *[,:][^)]*)?\)" "$T/efm.sudoers" || fact missing "$PGOWNER"
                """,
                Guard.Missing((_, rule) =>
                    rule == "rule" ? "no rule for efm_db_functions." : $"no rule for the owner {rule}."),
                "The agent could not manage its database: it would shut down, or fail to promote it.",
                "Copy the package's rules for another owner into a file of your own in /etc/sudoers.d (visudo -f).")
            { On = Check.IsData },
        },
        new("efm.sudo", Product.Efm,
            "sudo is installed on every host and reads /etc/sudoers.d; whether EFM's package requires it is not known.",
            "Checks/HostChecks.cs",
            "An independent lab on EFM 5.4: the Debian package does not; nothing was found for the RPM package",
            Verdict.Unproven)
        {
            Guard = new(FromAgents, host => $$"""
                [ -u "$(command -v sudo)" ] || fact missing sudo
                sudo -n -l -U efm -u "$PGOWNER" {{Sh.Quote(BinOf(host))}}/efm_db_functions >/dev/null 2>&1 && exit 0
                [ ! -f /etc/sudoers ] ||
                    grep -Eq '^[#@]includedir[[:space:]]+/etc/sudoers\.d' /etc/sudoers ||
                    fact missing 'line @includedir /etc/sudoers.d in /etc/sudoers'
                """,
                Guard.Missing((_, what) => $"no {what}."),
                "The agent could do nothing as the database's owner or as root.",
                "Run Install-PemEpas, which installs sudo; restore the line with visudo.")
            { On = Check.IsData, Brought = true },
        },
        new("efm.java", Product.Efm,
            "The package does not install Java; EFM runs on any java of version 11 or newer in PATH.",
            "Procedure/SectionA.cs",
            "EFM's manual, prerequisites; TPA, role efm; recorded outputs of EFM 4.7 and 4.10", Verdict.Proven)
        {
            Guard = new(FromAgents, _ => "command -v java >/dev/null || fact missing 1",
                Guard.Missing((_, _) => "no java in PATH."),
                "None of EFM's commands would run.",
                "Run Install-PemEpas, or install Java 11 or newer.")
            { Brought = true },
        },
        new("efm.ping-command", Product.Efm,
            "The agent pings the ping server with ping.server.command, /bin/ping by default.",
            "Procedure/SectionC.cs",
            "EFM's manual, cluster properties", Verdict.Proven)
        {
            Guard = new(FromAgents, host => $$"""
                C=$({{InSample(host, "ping.server.command")}}); C=${C%% *}
                [ -z "$C" ] || command -v "$C" >/dev/null || fact missing "$C"
                """,
                (_, facts) => facts.Has("missing") && !facts.Is(ProductGuard.Given + "ping.server.command")
                    ? $"no program {facts["missing"]}." : null,
                "An agent that cannot ping refuses to start, or never fails over.",
                "Install iputils, or give New-PemEfmCluster -Property @{ 'ping.server.command' = … }."),
        },
        new("efm.helper-reading", Product.Efm,
            "The helpers search the file for db.bin, db.data.dir and db.config.dir: they take the last line that "
                + "contains the name and no '#', up to a second '='.",
            "Efm/EfmFiles.cs",
            "edb-ansible, template of efm_db_functions 4.1; nothing public was found for 5.x", Verdict.Plausible)
        {
            Guard = new(FromAgents, host => $$"""
                for n in db.bin db.data.dir db.config.dir; do
                    grep "$n" {{Sample(host)}} 2>/dev/null | grep -v '#' | grep -qv "^$n *=" && fact strange "$n"
                done
                """,
                (_, facts) => facts.Has("strange")
                    ? $"another line that contains {facts["strange"]}, which a helper could take instead." : null,
                "The helpers would work on a different directory than the agent.",
                "Comment that line out in the sample, and report it with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("efm.properties-mode", Product.Efm,
            "efm.properties may have mode 0640 and belong to efm:OWNER, so that the agent can read it, and so can the "
                + "helper that runs as the database's owner; on a witness it belongs to efm:efm.",
            "Procedure/SectionC.cs",
            "An independent lab on EFM 5.4 does so on data nodes; on a witness only the agent reads the file",
            Verdict.Plausible)
        {
            Guard = new(FromAgents,
                host => $"as_owner test -x {Sh.Quote(host.Cluster.EfmConfigDirectory)} || fact closed 1",
                (host, facts) => facts.Is("closed")
                    ? $"{host.Cluster.EfmConfigDirectory} closed to {host.Cluster.ServiceOwner}." : null,
                "The agent's helper could not read the file, and the agent would shut down.",
                "Let others enter the directory (chmod o+x); the file itself stays closed to them.")
            { On = Check.IsData },
        },
        new("efm.nodes-mode", Product.Efm,
            "The nodes file has mode 0600 and belongs to efm:efm; agents rewrite it.",
            "Efm/EfmFiles.cs",
            "EFM's manual, tutorial; recorded outputs of EFM 4.7 and 4.10", Verdict.Proven),
        new("efm.encrypt", Product.Efm,
            "efm encrypt NAME --from-env prints the encrypted text alone, hexadecimal digits in multiples of 32, "
                + "and reports a failure by its exit status.",
            "Efm/EfmFiles.cs",
            "Recorded output of EFM 4.10; edb-ansible: an error is printed on standard output", Verdict.Plausible)
        {
            ShownBy = "New-PemEfmCluster checks exit status and text before its first change, and refuses anything "
                + "else with both streams quoted.",
        },
        new("efm.allow-node", Product.Efm,
            "efm allow-node sends a signal and returns; the list contains the node a moment later.",
            "Efm/EfmAgents.cs",
            "The command's own output (signal sent to local agent); how long it takes is not public", Verdict.Plausible)
        {
            ShownBy = "New-PemEfmCluster waits until the list contains every node before it starts the other agents.",
        },
        new("efm.status-json", Product.Efm,
            "cluster-status-json prints JSON with nodes, allowednodes, membershipcoordinator, failoverpriority, "
                + "minimumstandbys, missingnodes and messages.",
            "Efm/EfmStatus.cs",
            "EFM's manual, the efm utility; TPA's tests", Verdict.Proven),
        new("efm.status-keys", Product.Efm,
            "Positions are named lsnReceive, lsn and lsnInfo in 5.x, and xlogReceive, xlog and xloginfo before; "
                + "upper and lower case may vary.",
            "Efm/EfmStatus.cs",
            "EFM's manuals 4 and 5; PEM's and TPA's own spellings differ in case", Verdict.Plausible)
        {
            ShownBy = "Names are compared without regard to case; positions are not used for decisions (F3), and the "
                + "members' states have to appear before New-PemEfmCluster ends.",
        },
        new("efm.status-addresses", Product.Efm,
            "Nodes are identified by their addresses, however an IPv6 address is spelt.",
            "Efm/EfmStatus.cs",
            "No JSON of an IPv6 cluster was found", Verdict.Unproven)
        {
            ShownBy = "Addresses are compared as addresses, not as texts; New-PemEfmCluster fails and shows the whole "
                + "status when a member does not appear within 60 s.",
        },
        new("efm.status-exit", Product.Efm,
            "The exit status of the status commands does not show whether they answered.",
            "Efm/EfmStatus.cs",
            "EFM's manual; EnterpriseDB's efm_extension notes status 1 on success", Verdict.Proven),
        new("efm.status-text", Product.Efm,
            "cluster-status prints the sections, headings and sentences of the recorded outputs of 4.7 to 4.10 and of "
                + "the manual of 5.",
            "Efm/EfmStatusText.cs",
            "Recorded outputs of EFM 4.7, 4.9 and 4.10, all parsed in a test", Verdict.Proven),
        new("efm.forgetting", Product.Efm,
            "Agents that are stopped one by one forget each other; stop-cluster clears the list of allowed nodes.",
            "Efm/EfmAgents.cs",
            "EFM's manual, starting and stopping; an independent lab on EFM 5.4", Verdict.Plausible)
        {
            ShownBy = "New-PemEfmCluster allows every node again, restarts an agent that is alone, and waits until all "
                + "agents are in one cluster.",
        },
        new("efm.down-counts", Product.Efm,
            "From 5.0 on, a node that is DOWN counts towards the quorum until reset-members.",
            "Procedure/StatusJudge.cs",
            "EFM's release notes 5.0; manual, monitoring", Verdict.Proven),
        new("efm.vip-neighbours", Product.Efm,
            "EFM announces an IPv4 address after a move, but not an IPv6 address, which is tentative for some seconds.",
            "Checks/VirtualIpRehearsal.cs",
            "An independent lab on EFM 5.4 measured 40 s", Verdict.Proven),
        new("efm.notifications", Product.Efm,
            "An agent needs user.email or script.notification; its mail goes to port 25 of its own host.",
            "Procedure/SectionC.cs",
            "EFM's manual, prerequisites and notifications; an independent lab on EFM 5.4", Verdict.Proven),
        new("efm.own-connection", Product.Efm,
            "An agent connects to its own database at bind.address or at the loopback address.",
            "Procedure/SectionC.cs",
            "An independent lab on EFM 5.4; EFM's manual lists 127.0.0.1: there are rules for both", Verdict.Proven),
        new("efm.boot-order", Product.Efm,
            "An agent that starts before its database first looks for another primary.",
            "Efm/BootOrder.cs",
            "EFM's manual, using autostart for the database servers", Verdict.Proven),
        new("efm.following", Product.Efm,
            "EFM empties the pg_wal of a standby that follows a new primary, so the other nodes must keep the WAL "
                + "that it needs: wal_keep_size 500 MB.",
            "Procedure/SectionB.cs",
            "edb-ansible, template of efm_db_functions 4.1; an independent lab on EFM 5.4 needed 512 MB",
            Verdict.Proven),
        new("efm.vip-release", Product.Efm,
            "With a virtual IP and more than one standby, a switchover needs release.vip.background off, or a wait; "
                + "application.name keeps the name of the replication stream.",
            "Procedure/SectionC.cs",
            "EFM's manual, using a virtual IP address and cluster properties; TPA sets them the same way",
            Verdict.Proven),
        new("efm.rewind", Product.Efm,
            "auto.rewind needs a database login of the replication user, and wal_log_hints or checksums, which C1 does "
                + "not have.",
            "Efm/EfmFiles.cs",
            "EFM's manual, cluster properties; PostgreSQL's manual, pg_rewind", Verdict.Proven),
        new("efm.version", Product.Efm,
            "PemHa knows EFM up to 5.4.",
            "Assumptions/EfmAssumptions.cs",
            "EFM's release notes", Verdict.Proven)
        {
            Guard = new(FromAgents, host =>
                $"fact version \"$(rpm -q --qf '%{{VERSION}}' {Sh.Quote(host.Cluster.EfmPackage)} 2>/dev/null)\"",
                (_, facts) => NewerThan(facts["version"], Newest) ? $"version {facts["version"]}." : null,
                "It is newer than any version that PemHa knows.",
                "Rehearse on a test cluster first, as docs/first-run.md describes.")
            { WarnsOnly = true },
        },
    ];

    /// <summary>Whether a version is newer, by its first two numbers; false for a text that is not one.</summary>
    internal static bool NewerThan(string version, Version known)
    {
        var numbers = version.Split('.', '-');
        return numbers.Length >= 2
            && Digits.Whole(numbers[0]) is { } major
            && Digits.Whole(numbers[1]) is { } minor
            && new Version(major, minor) > known;
    }

    static string BinOf(PemHost host) => host.Cluster.EfmCommand[..host.Cluster.EfmCommand.LastIndexOf('/')];

    static string Sample(PemHost host) => EfmProperties.SampleOf(host.Cluster, "properties");

    /// <summary>Shell that prints the value of a property in the sample.</summary>
    static string InSample(PemHost host, string name)
    {
        var pattern = name.Replace(".", "\\.", StringComparison.Ordinal);
        return $"sed -n 's/^{pattern} *= *//p' {Sample(host)} 2>/dev/null | tail -n 1";
    }
}
