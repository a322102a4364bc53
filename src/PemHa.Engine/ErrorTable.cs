namespace PemHa.Engine;

/// <summary>What is known of an error before it happens.</summary>
/// <param name="Id">Its stable name: what <c>FullyQualifiedErrorId</c> begins with.</param>
/// <param name="Category">Its category.</param>
/// <param name="Meaning">What it means.</param>
/// <param name="Remedy">What to do, in outline; the error itself says it for the case at hand.</param>
sealed record ErrorKind(string Id, Trouble Category, string Meaning, string Remedy);

/// <summary>Every error of PemHa's own. docs/error-ids.md is written from it, and tests hold it against the code: an error that is not in here fails them.</summary>
static class ErrorTable
{
    /// <summary>All of them, in the order of their names.</summary>
    public static IReadOnlyList<ErrorKind> All { get; } =
    [
        new("AddressUnfit", Trouble.InvalidArgument, "A text is no IP address, or not how that address is written.", "Write the address as the message shows it."),
        new("AddressUnknown", Trouble.ObjectNotFound, "A node was described by its host name, and which of its addresses is meant is not known.", "Connect-PemHost asks the node; otherwise give New-PemHost -Address and -HostName."),
        new("AgentNumberChanged", Trouble.InvalidArgument, "A node's PEM agent is registered under another number than the description gives it.", "Describe the data nodes in the order in which the cluster was built."),
        new("AgentSilent", Trouble.OperationTimeout, "The ssh-agent did not sign in time.", "Confirm at the agent or touch the token; give more time with -TimeoutSec."),
        new("AgentUserDiffers", Trouble.InvalidArgument, "A PEM agent logs in as another role than the description says.", "Describe it as it is (New-PemCluster -AgentUser), or register the agents anew."),
        new("AgentUserMissing", Trouble.ObjectNotFound, "The common role of the agents is not there, or may not log in.", "Run New-PemAgentUser first."),
        new("AgentUserUnfit", Trouble.InvalidArgument, "The name of the agents' common user means something else to PEM or Postgres.", "Choose another name."),
        new("AgentsRunning", Trouble.InvalidOperation, "EFM runs, so the virtual IP is its agents' and cannot be rehearsed.", "Stop the agents first, or believe Get-PemClusterStatus."),
        new("AlgorithmsTooOld", Trouble.SecurityError, "A host offers no algorithm that is safe today.", "Let its sshd offer today's algorithms."),
        new("AnswerUnfit", Trouble.InvalidResult, "A host told something that makes no sense.", "Look at the host: its shell, psql or database says what it should not."),
        new("AuthorityChanged", Trouble.SecurityError, "Certificates on a host were signed by another authority than the one given.", "Give the authority that the cluster was built with, or -Force to replace it everywhere."),
        new("AuthorityKeyLocked", Trouble.AuthenticationError, "The authority's key cannot be opened with the password given.", "Give the password with which the authority was made."),
        new("AuthorityUnusable", Trouble.InvalidArgument, "The folder or the pair of files of the certificate authority cannot be used.", "Put certificate and key back that belong together."),
        new("CertificateMissing", Trouble.ObjectNotFound, "A host has no certificate for what the step needs one for.", "Run New-PemCertificate first."),
        new("CertificatesUnfit", Trouble.InvalidArgument, "Your own certificates have faults; each is named, and nothing was changed.", "Mend each of them; docs/certificates.md tells what the folder has to hold."),
        new("ChangeFailed", Trouble.InvalidResult, "A command that changes a host failed; the host's own words are in the message.", "Mend what the host says, then run the step again: it continues where it stopped."),
        new("ClusterUnhealthy", Trouble.InvalidOperation, "A database does not run or does not stream, so nothing is restarted around it.", "Mend replication first; Get-PemClusterStatus shows it."),
        new("ConnectionLost", Trouble.ConnectionError, "The connection to a host broke, or its answer ended half-way.", "Check the host and the network, connect again and run the step again: it continues where it stopped."),
        new("DataDirectoryDiffers", Trouble.InvalidArgument, "The service has its database in another directory than the one described.", "Describe it as it is: New-PemCluster -DataDirectory."),
        new("DataDirectoryNotEmpty", Trouble.InvalidOperation, "The data directory holds files, but no database.", "Look at the files and move them away."),
        new("DataDirectoryNotMovable", Trouble.InvalidOperation, "The data directory is a mount point, so what is in it cannot be kept aside.", "Let the data directory be a plain directory below the mount point."),
        new("DataNotDisposable", Trouble.InvalidOperation, "A data directory may hold data that is nowhere else.", "Look at it; Initialize-PemReplica -Force replaces it and keeps the old one aside."),
        new("DatabaseDown", Trouble.InvalidOperation, "The database on a host does not run.", "Run Install-PemEpas (primary) or Initialize-PemReplica (standby) first, or start the service."),
        new("DatabaseMissing", Trouble.ObjectNotFound, "There is no database on the host yet.", "Run Install-PemEpas (primary) or Initialize-PemReplica (standby) first."),
        new("EfmClusterDiffers", Trouble.InvalidArgument, "EFM's service runs the agent of a cluster with another name.", "Describe the cluster under that name, or take the other's files away."),
        new("EfmEncryptFailed", Trouble.InvalidResult, "efm encrypt gave no encrypted password.", "Run it by hand on the host; EFM needs Java."),
        new("EfmMissing", Trouble.ObjectNotFound, "EFM is not installed on the host.", "Run Install-PemEpas first."),
        new("EfmStatusUnreadable", Trouble.InvalidArgument, "A text is no report of EFM's status; the line is named.", "Give the whole output of efm cluster-status or efm cluster-status-json."),
        new("FileExists", Trouble.InvalidArgument, "A file that is to be written is there already.", "Give -Force to replace it, or another path."),
        new("FileUnreadable", Trouble.InvalidArgument, "A file on this machine cannot be read.", "Check the path and its permissions."),
        new("FileUnwritable", Trouble.InvalidArgument, "A file on this machine cannot be written.", "Check the folder, its permissions and its space."),
        new("FirewallZoneMissing", Trouble.InvalidArgument, "firewalld does not know the zone described.", "Give New-PemCluster -FirewallZone the zone of the cluster's interface."),
        new("HbaMissing", Trouble.ObjectNotFound, "A host has no HBA rules for PEM yet.", "Run Set-PemHba first."),
        new("HbaShadowed", Trouble.InvalidOperation, "A rule above PemHa's keeps out whom PemHa's rule lets in.", "Move that line below PemHa's blocks, or make it narrower."),
        new("HbaWouldLockOut", Trouble.InvalidOperation, "A node that is not described any more would lose its HBA rules.", "Describe every node of the cluster."),
        new("HostConflict", Trouble.InvalidArgument, "Two nodes have the same address or name, or there would be two primaries.", "Describe each node once, by a name and an address of its own."),
        new("HostKeyChanged", Trouble.SecurityError, "A host's SSH key is not the known one. Somebody may be in between.", "Compare the fingerprint on the host itself; remove the old line only then."),
        new("HostKeyRevoked", Trouble.SecurityError, "A host's SSH key is marked as revoked.", "Do not connect; find out why it was revoked."),
        new("HostKeyUnknown", Trouble.SecurityError, "A host's SSH key is in no known_hosts file.", "Compare its fingerprint on the host, then add it, or give -AcceptHostKey."),
        new("HostLocked", Trouble.ResourceBusy, "Another run of PemHa works on the host.", "Wait until it is finished, then run the step again."),
        new("HostSilent", Trouble.OperationTimeout, "A host did not answer in time.", "Look at the host, then run it again."),
        new("InterfaceUnfit", Trouble.InvalidArgument, "No interface of the node can carry the virtual IP as described.", "Give New-PemCluster -VirtualIpInterface, and New-PemHost the node's own address."),
        new("JournalUnwritable", Trouble.InvalidOperation, "The journal on this machine cannot be written, so nothing is changed.", "Make room, or give another -JournalPath."),
        new("JumpHostUnfit", Trouble.InvalidArgument, "A text is no jump host.", "Write user@host:port, several with commas, the nearest first."),
        new("JumpRefused", Trouble.ConnectionError, "A jump host opened no connection to the node behind it.", "Check its AllowTcpForwarding and PermitOpen, and that it reaches the node."),
        new("KeyFileUnreadable", Trouble.InvalidArgument, "A key file cannot be used.", "Give a private key in OpenSSH, PEM or PuTTY format."),
        new("KeyPassphraseWrong", Trouble.AuthenticationError, "A key file cannot be opened with the passphrase given.", "Give -KeyPassphrase, or load the key into ssh-agent."),
        new("LoginRefused", Trouble.AuthenticationError, "A host refused the login; the message says what was offered.", "Check the user, its key and its password."),
        new("NoCredential", Trouble.InvalidArgument, "There is no key and no password to offer.", "Give -KeyFile, -Credential or both, or load a key into ssh-agent."),
        new("NotConnected", Trouble.InvalidOperation, "There is no connection to the host.", "Run Connect-PemHost first."),
        new("NotConverged", Trouble.InvalidResult, "A thing is not as wanted after it was changed.", "Something else changes it back or overrides it: look at it on the host."),
        new("NotPrimary", Trouble.InvalidOperation, "The node is a standby now; the roles changed meanwhile.", "Run the step again."),
        new("PasswordUnfit", Trouble.InvalidArgument, "The products would misread the password.", "Choose another one."),
        new("PingServerInCluster", Trouble.InvalidArgument, "The ping server is part of the cluster.", "Give New-PemCluster -PingServer an address outside the cluster."),
        new("PingServerSilent", Trouble.ConnectionError, "The ping server does not answer a node; EFM would never fail over.", "Give New-PemCluster -PingServer an address that answers every node."),
        new("PlanIncomplete", Trouble.InvalidResult, "Not every host could be planned for, so nothing was written.", "Mend what the errors before this one say, then export again."),
        new("PortDiffers", Trouble.InvalidArgument, "The database listens on another port than the one described.", "Describe it as it is: New-PemCluster -Port."),
        new("PrimaryMissing", Trouble.InvalidArgument, "No primary is described, or it is not among the hosts given.", "Give every host of the cluster to the step."),
        new("PrimaryUnknown", Trouble.InvalidOperation, "No node takes writes, and nobody can tell which was the primary last.", "Start the one that was, or promote a standby, then run the step again."),
        new("PrimaryUnreachable", Trouble.ConnectionError, "The primary is not connected or does not answer.", "Bring it back, or promote a standby, then connect again."),
        new("ProbeFailed", Trouble.InvalidResult, "A thing on a host could not be looked at; the host's own words are in the message.", "Look at the host."),
        new("PropertyUnfit", Trouble.InvalidArgument, "A name or value cannot stand in efm.properties.", "Give names and values as efm.properties holds them; secrets belong in a secret store."),
        new("PropertyUnknown", Trouble.InvalidArgument, "This version of EFM knows no property of that name.", "See efm.properties.in for the names; they are case-sensitive."),
        new("RevocationListMissing", Trouble.SecurityError, "A host has revocation lists, and what is given has none.", "Put root.crl into the folder, or give -Force to do without."),
        new("ScriptFailed", Trouble.InvalidResult, "A host answered nothing to a script.", "Look at the host: POSIX sh, flock and coreutils are needed there."),
        new("SecretFileUnusable", Trouble.InvalidArgument, "The file that keeps a password cannot be read or written.", "Check the folder given with -Path."),
        new("SecretNameUnfit", Trouble.InvalidArgument, "A text is no name of a secret; what was given is not repeated.", "Give the secret's name in your store, never the secret."),
        new("ServiceDiffers", Trouble.InvalidOperation, "The database runs, but not as the service described.", "Start it as the service, or give New-PemCluster -ServiceName the one that it is."),
        new("SettingOverridden", Trouble.InvalidResult, "A setting has another value than PemHa's, set at a place that comes later.", "Remove it there; the message names the place."),
        new("SshConfigInvalid", Trouble.InvalidArgument, "A line of an ssh_config file cannot be understood.", "Mend that line; ssh -G HOST shows what ssh makes of the file."),
        new("SshConfigUnreadable", Trouble.ObjectNotFound, "An ssh_config file cannot be read.", "Give -SshConfigFile a file that can be read, or none."),
        new("SshConfigUnsafe", Trouble.SecurityError, "An ssh_config file can be written to by others.", "chmod go-w it, after a look at what is in it."),
        new("SshConfigUnsupported", Trouble.InvalidArgument, "An ssh_config file asks for something that PemHa does not do.", "Give what is needed by parameters and -SshConfigFile none."),
        new("SslModelDiffers", Trouble.InvalidArgument, "What is given, or what the agents have, does not go with the cluster's SSL model.", "Give what the model takes, or describe the model as it is."),
        new("SslOff", Trouble.InvalidOperation, "The database has no TLS yet.", "Run New-PemCertificate and Set-PemSsl first."),
        new("SslUtilsMissing", Trouble.ObjectNotFound, "A host has no sslutils package.", "Run Install-PemEpas for a cluster described with -SslModel SslUtils."),
        new("StepsUnfit", Trouble.InvalidArgument, "There are no steps from the one named to the other.", "Give names of steps in their order; both complete with Tab."),
        new("SubnetUnfit", Trouble.InvalidArgument, "A text is no network.", "Write it in CIDR form, with all bits behind its prefix zero."),
        new("SudoRefused", Trouble.AuthenticationError, "sudo refused the login user.", "Give the user's password with -Credential, or allow sudo without one; docs/security.md has the lines."),
        new("TopologyUnfit", Trouble.InvalidArgument, "A topology file has faults, each with line and column, or hosts of several clusters were given.", "Mend the file where the message says; give hosts of one cluster."),
        new("TwoPrimaries", Trouble.SecurityError, "Two nodes take writes for the same database.", "Stop the one that does not hold the virtual IP, and find out which rows it took."),
        new("Unexpected", Trouble.NotSpecified, "Something that PemHa did not foresee; the exception is kept.", "Look at the host and at Get-PemClusterStatus, run the step again, and report it with $Error[0].Exception.InnerException.ToString()."),
        new("Unreachable", Trouble.ConnectionError, "A host cannot be reached.", "Check that the host is up, its address and SSH port, and the firewall in between."),
        new("UserNameUnfit", Trouble.InvalidArgument, "The products would misread the user's name.", "Choose another one."),
        new("UserSettingsRefused", Trouble.AuthenticationError, "The web application's role cannot log in through the virtual IP.", "Look at the rules above PemHa's in pg_hba.conf, and whether the host reaches the virtual IP."),
        new("VirtualIpHeld", Trouble.ResourceBusy, "A node holds the virtual IP already, so it cannot be rehearsed.", "Take it away there, or stop what holds it."),
        new("VirtualIpMissing", Trouble.InvalidOperation, "The primary does not hold the virtual IP.", "Run New-PemEfmCluster first."),
        new("VirtualIpNotReleased", Trouble.InvalidResult, "A node did not give the virtual IP back after the rehearsal.", "Take it away there by hand, as the message says."),
        new("VirtualIpTaken", Trouble.ResourceBusy, "Somebody outside the cluster answers for the virtual IP.", "Free the address or choose another."),
        new("WebMissing", Trouble.ObjectNotFound, "The PEM web application is not configured on the host.", "Run Install-PemServer first."),
        new("WebSilent", Trouble.ConnectionError, "The PEM web application does not answer through the virtual IP.", "See whether the primary holds the virtual IP, and look at nginx's log there."),
    ];

    static readonly Dictionary<string, ErrorKind> ById = All.ToDictionary(k => k.Id, StringComparer.Ordinal);

    /// <summary>What is known of an error; a name that is not in the table is a mistake of ours.</summary>
    public static ErrorKind Of(string id) => ById[id];
}
