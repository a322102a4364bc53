namespace PemHa.Lab.Faults;

/// <summary>What goes wrong from outside while a step runs.</summary>
enum Fault
{
    ConnectionCut,
    PowerOff,
    Frozen,
    ControllerKilled,
    ControlC,
    DataDirectoryFull,
    EtcFull,
    DnfLocked,
    PackageMissing,
    SudoPassword,
    DatabasePassword,
    PortBlocked,
    VirtualIpTaken,
    SecondOperator,
    ClockOff,
}

/// <summary>A fault as people read of it.</summary>
/// <param name="Title">In a few words.</param>
/// <param name="Struck">How the lab brings it about.</param>
/// <param name="Healed">How it goes away again.</param>
sealed record FaultKind(Fault Fault, string Title, string Struck, string Healed);

/// <summary>A step of the runbook, and where and when a fault meets it.</summary>
/// <param name="Name">The cmdlet.</param>
/// <param name="Host">The host that faults in the middle of the step are struck on.</param>
/// <param name="When">What that host is at then.</param>
sealed record FaultStep(string Name, string Host, string When)
{
    /// <summary>A part of the command line of what the host runs then, where that takes long enough to be met.</summary>
    public string? Runs { get; init; }

    /// <summary>Otherwise: the tool at which the host is held, and what its arguments look like then (a pattern of the shell's, without blanks).</summary>
    public (string Tool, string Arguments) Hold { get; init; }

    /// <summary>The host whose data directory runs full.</summary>
    public string DataHost { get; init; } = Host;

    /// <summary>The role whose password somebody changes.</summary>
    public string? Role { get; init; }

    /// <summary>The port that a firewall shuts, and on which host.</summary>
    public (string Host, int Port) Port { get; init; }
}

/// <summary>One step with one fault: struck on the lab, or the reason why it need not be.</summary>
/// <param name="Reason">"cannot happen: …" or "same as STEP: …"; null when it is struck.</param>
sealed record FaultCell(FaultStep Step, FaultKind Kind, string? Reason)
{
    public Fault Fault => Kind.Fault;

    /// <summary>What a person has to do before the next run can go on, where that is so; the error of that run says it.</summary>
    public string? Person => FaultTable.Persons.GetValueOrDefault((Step.Name, Fault));

    /// <summary>The seconds within which the error must come.</summary>
    public int Within => FaultTable.Waits.GetValueOrDefault((Step.Name, Fault), 60);

    public override string ToString() => $"{Step.Name} × {Fault}";
}

/// <summary>The matrix: every step of the runbook times every fault.</summary>
static class FaultTable
{
    public const string Connect = "Connect-PemHost", Packages = "Install-PemEpas", Replication = "Enable-PemReplication", PassFile = "Set-PemPassFile",
        Replica = "Initialize-PemReplica", Certificate = "New-PemCertificate", Ssl = "Set-PemSsl", Hba = "Set-PemHba", Restart = "Invoke-PemRollingRestart",
        Efm = "New-PemEfmCluster", AgentUser = "New-PemAgentUser", Server = "Install-PemServer", Web = "Set-PemWebApplication",
        UserSettings = "Enable-PemUserSettings";

    /// <summary>The steps in the runbook's order.</summary>
    public static readonly IReadOnlyList<FaultStep> Steps =
    [
        new(Connect, "node2", "") { Port = ("node2", 22) },
        new(Packages, "node2", "dnf installs the server") { Runs = "-qy install edb-as17", DataHost = "node1" },
        new(Replication, "node1", "postgresql.conf is written, the role is there") { Hold = ("sync", "*/data/.pemha.*"), Role = "repl" },
        new(PassFile, "node2", ".pgpass is written") { Hold = ("sync", "/var/lib/edb/.pemha.*") },
        new(Replica, "node2", "the base backup runs") { Runs = "pg_basebackup", Role = "repl", Port = ("node1", 5444) },
        new(Certificate, "node2", "the server's certificate is written, its key is there") { Hold = ("mv", "*/data/server.crt") },
        new(Ssl, "node2", "postgresql.conf is written") { Hold = ("sync", "*/data/.pemha.*") },
        new(Hba, "node2", "pg_hba.conf is written") { Hold = ("sync", "*/data/.pemha.*"), Role = "repl", Port = ("node1", 5444) },
        new(Restart, "node2", "the server is about to be restarted (with -Force, since nothing waits for it)")
        { Hold = ("systemctl", "restart?edb-as-17"), Role = "repl", Port = ("node1", 5444) },
        new(Efm, "node2", "efm.properties is written, the first agent runs on node1") { Hold = ("sync", "/etc/edb/*"), Role = "efm", Port = ("node1", 7800) },
        new(AgentUser, "node1", ""),
        new(Server, "node2", "configure-pem-server.sh runs, node1 is configured")
        { Runs = "configure-pem-server.sh -t", DataHost = "node1", Role = "pemsuper", Port = ("node1", 5444) },
        new(Web, "node2", "the web server's new key is in place, its certificate not yet")
        { Hold = ("install", "*/server-pem.crt"), Port = ("node1", 8443) },
        new(UserSettings, "node2", "config_local.py is written")
        { Hold = ("sync", "/usr/edb/pem/web/.pemha.*"), DataHost = "node1", Role = "pem_user_settings", Port = ("node1", 5444) },
    ];

    /// <summary>The faults in the order.</summary>
    public static readonly IReadOnlyList<FaultKind> Kinds =
    [
        new(Fault.ConnectionCut, "SSH connection cut", "the host's cable is pulled in the middle of the step; the host goes on", "the cable is put in again"),
        new(Fault.PowerOff, "host powered off", "the host's plug is pulled in the middle of the step", "it is switched on and has booted; EFM's agent, if there is one, is started again, as one that met no database stays idle"),
        new(Fault.Frozen, "host frozen", "every process of the host is stopped in the middle of the step; its kernel answers pings", "they go on"),
        new(Fault.ControllerKilled, "controller killed with -9", "the process that runs the step gets signal 9 in its middle", "nothing; the host ends its command by itself"),
        new(Fault.ControlC, "Ctrl-C", "the process that runs the step gets SIGINT in its middle", "nothing; the host ends its command by itself"),
        new(Fault.DataDirectoryFull, "disk full in the data directory", "/var/lib/edb lies on a small file system of its own (tmpfs) and is filled to the last byte before the step", "the filling is removed, and a server that died of it is started again, as PostgreSQL stops when it cannot write its WAL; where the next run is to say so, it is not"),
        new(Fault.EtcFull, "disk full in /etc", "/etc lies on a small file system of its own (tmpfs) and is filled to the last byte before the step", "the filling is removed"),
        new(Fault.DnfLocked, "dnf locked by another process", "another process holds dnf's lock, by dnf's own code, before the step and for longer than the step", "it ends"),
        new(Fault.PackageMissing, "package missing from the repository", "the package is taken out of the repository's index before the step", "it is back"),
        new(Fault.SudoPassword, "wrong sudo password", "the login is a user with sudo and a key; the password given is wrong (Connect-PemHost), or is changed on the host after the connection was made", "the right password is given"),
        new(Fault.DatabasePassword, "database password changed underneath", "somebody alters the role's password: for Initialize-PemReplica and Set-PemHba before the step, otherwise in its middle", "nothing: PemHa has to set its own password again"),
        new(Fault.PortBlocked, "port blocked by the firewall", "a table of somebody else's in nftables drops what comes to the port, before the step", "the table is deleted"),
        new(Fault.VirtualIpTaken, "VIP taken by a stranger", "the controller's machine takes the virtual IP too, before the step", "it gives the address back"),
        new(Fault.SecondOperator, "second operator running the same step", "while the host is in the middle of the step, the same step is started in a second process", "nothing"),
        new(Fault.ClockOff, "clock two hours off", "SIMULATED, as a lab's hosts cannot have clocks of their own: the process that runs the step sees a time two hours ahead (faketime), so that to it all hosts are two hours behind, and to them what it makes is two hours in the future", "the next run sees the right time"),
    ];

    /// <summary>Cells after which a person has to do one thing, and what.</summary>
    public static readonly IReadOnlyDictionary<(string Step, Fault Fault), string> Persons = new Dictionary<(string, Fault), string>
    {
        [(Efm, Fault.DatabasePassword)] = "start the primary's database, which EFM has stopped as failed (stop.failed.primary): systemctl start edb-as-17",
        [(Restart, Fault.DataDirectoryFull)] = "start the database on node2: systemctl start edb-as-17",
        [(Replica, Fault.DatabasePassword)] = "run the step before: Enable-PemReplication sets the password again",
        [(Restart, Fault.DatabasePassword)] = "mend replication: Enable-PemReplication sets the password again",
    };

    /// <summary>Cells in which the documented timeout is longer than a minute, in seconds.</summary>
    public static readonly IReadOnlyDictionary<(string Step, Fault Fault), int> Waits = new Dictionary<(string, Fault), int>
    {
        [(Hba, Fault.DatabasePassword)] = 75,
        [(Hba, Fault.PortBlocked)] = 75,
        [(Restart, Fault.DatabasePassword)] = 135,
        [(Restart, Fault.PortBlocked)] = 135,
        [(Efm, Fault.PortBlocked)] = 90,
        [(Efm, Fault.DatabasePassword)] = 90,
        [(Server, Fault.DatabasePassword)] = 90,
    };

    /// <summary>All of them, fault by fault.</summary>
    public static IReadOnlyList<FaultCell> Cells { get; } = [.. from kind in Kinds from step in Steps select new FaultCell(step, kind, Reason(step.Name, kind.Fault))];

    /// <summary>The cells that the lab strikes.</summary>
    public static IEnumerable<FaultCell> Struck => Cells.Where(c => c.Reason is null);

    static string? Reason(string step, Fault fault)
    {
        if (step == AgentUser)
            return "cannot happen: without -AgentUser the step does nothing; with it, it is one role on the primary, as in Enable-PemReplication";
        return fault switch
        {
            Fault.ConnectionCut or Fault.PowerOff or Fault.Frozen or Fault.ControllerKilled when step == PassFile =>
                "same as Enable-PemReplication: one file written by the one function that writes files, met in that function",
            Fault.ConnectionCut or Fault.PowerOff or Fault.Frozen or Fault.ControllerKilled when step == Ssl =>
                "same as Set-PemHba: a file of the server's written by the one function that writes files, met in that function, and a reload",
            Fault.ControllerKilled or Fault.ControlC or Fault.SecondOperator or Fault.ClockOff when step == Connect =>
                "cannot happen: it changes nothing, holds no lock, and compares no time",
            Fault.ControlC when step is not (Packages or Replication or Replica or Restart or Efm or Server) =>
                "same as Enable-PemReplication: the commands' one pump stops them, and the hosts see what they see of a killed controller",
            Fault.SecondOperator when step is not (Packages or Replication or Replica or Restart or Efm or Server) =>
                "same as Enable-PemReplication: the lock and the comparison behind it are the runner's, and the change is short as there",
            Fault.DataDirectoryFull when step is Connect or PassFile or Web => "cannot happen: the step writes nothing in the data directory",
            Fault.EtcFull when step is not (Packages or Certificate or Efm or Server or Web) => "cannot happen: the step writes nothing below /etc",
            Fault.DnfLocked or Fault.PackageMissing when step is not (Packages or Server) => "cannot happen: the step does not call dnf",
            Fault.SudoPassword when step is not (Connect or Packages) =>
                "same as Install-PemEpas: every script of every step goes through the one command line of sudo's, which is asked before any of it runs",
            Fault.DatabasePassword when step is not (Replication or Replica or Hba or Restart or Efm or Server or UserSettings) =>
                "cannot happen: nothing in the step logs in with a password",
            Fault.PortBlocked when step is Packages or Replication or PassFile or Certificate or Ssl =>
                "cannot happen: no port between hosts is used; for SSH's own see Connect-PemHost",
            Fault.VirtualIpTaken when step is not (Efm or Server or Web or UserSettings) => "cannot happen: the step neither takes nor uses the virtual IP",
            _ => null,
        };
    }
}
