using System.Collections;
using System.Management.Automation;
using PemHa.Engine.Efm;

namespace PemHa.Commands;

/// <summary>Describes a cluster.</summary>
[Cmdlet(VerbsCommon.New, "PemCluster")]
[OutputType(typeof(PemCluster))]
public sealed class NewPemClusterCommand : PSCmdlet
{
    // A local part as mail systems take it without quotes, of characters that mean nothing to a shell or a properties file; and perhaps a domain.
    const string Mail = @"[\p{L}\p{N}_][\p{L}\p{N}_.+=%'-]*(@[\p{L}\p{N}]([\p{L}\p{N}.-]*[\p{L}\p{N}])?)?";

    /// <summary>The EFM cluster name; the names of EFM's files follow it (P17).</summary>
    [Parameter(Position = 0)]
    [ValidateForm("[A-Za-z][A-Za-z0-9_-]{0,62}", "of letters, digits, '_' and '-', a letter first, 63 at most")]
    public string Name { get; set; } = "efm";

    /// <summary>The virtual IP, with its prefix length (172.16.161.245/24) when it differs from that of the nodes' own addresses.</summary>
    [Parameter(Mandatory = true)]
    [ValidateForm("[0-9a-fA-F.:]+(/[0-9]{1,3})?", "an IP address, perhaps with /PREFIX")]
    public string VirtualIp { get; set; } = "";

    /// <summary>The interface that carries the virtual IP on every data node; when left out, the one that carries the node's own address.</summary>
    [Parameter]
    [ValidateForm("[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}", "the name of an interface, 15 characters at most")]
    public string? VirtualIpInterface { get; set; }

    /// <summary>An address outside the cluster that answers pings of every node, such as the gateway.</summary>
    [Parameter(Mandatory = true)]
    [ValidateForm(Addresses.Pattern, Addresses.Form)]
    public string PingServer { get; set; } = "";

    /// <summary>Networks of the servers that PEM monitors, in CIDR form.</summary>
    [Parameter]
    [ValidateForm("[0-9a-fA-F.:]+/[0-9]{1,3}", "a network, ADDRESS/PREFIX")]
    public string[] MonitoredSubnet { get; set; } = [];

    /// <summary>Where EFM sends its notifications; several addresses are separated by commas or blanks.</summary>
    [Parameter]
    [ValidateForm(Mail + "( *, *" + Mail + "| +" + Mail + ")*", "a mail address, or several with commas between them")]
    public string UserEmail { get; set; } = "root@localhost";

    /// <summary>Major version of EDB Postgres Advanced Server.</summary>
    [Parameter]
    [ValidateRange(12, 99)]
    [ArgumentCompleter(typeof(UsualCompleter))]
    public int PostgresVersion { get; set; } = 17;

    /// <summary>Version of EDB Failover Manager.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(UsualCompleter))]
    public Version EfmVersion { get; set; } = new(5, 2);

    /// <summary>TCP port of the database servers.</summary>
    [Parameter]
    [ValidateRange(1025, 65535)]
    public int Port { get; set; } = 5444;

    /// <summary>TCP port of the EFM agents.</summary>
    [Parameter]
    [ValidateRange(1025, 65535)]
    public int EfmPort { get; set; } = 7800;

    /// <summary>The database that EFM connects to.</summary>
    [Parameter]
    [ValidateForm("[A-Za-z_][A-Za-z0-9_-]{0,62}", "of letters, digits, '_' and '-', no digit first, 63 at most")]
    public string Database { get; set; } = "edb";

    /// <summary>The data directory on every data node; the package's when left out.</summary>
    [Parameter]
    [ValidateForm("(/[A-Za-z0-9_.-]+)+", "an absolute path of letters, digits, '_', '.' and '-'")]
    public string? DataDirectory { get; set; }

    /// <summary>The database server's service; the package's when left out. One that is not there yet is made from the package's.</summary>
    [Parameter]
    [ValidateForm("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", "the name of a service, without .service")]
    public string? ServiceName { get; set; }

    /// <summary>Where the certificates come from: an authority of our own, yours, or PEM's sslutils (P23).</summary>
    [Parameter]
    public PemSslModel SslModel { get; set; }

    /// <summary>A role that all PEM agents share (common_agent_user on the vendor's page); left out, each agent has a role and a certificate of its own.</summary>
    [Parameter]
    [AllowEmptyString]
    [ValidateForm("([A-Za-z_][A-Za-z0-9_]{0,62})?", "of letters, digits and '_', no digit first, 63 at most")]
    [ArgumentCompleter(typeof(UsualCompleter))]
    public string? AgentUser { get; set; }

    /// <summary>The firewalld zone of the cluster's interface.</summary>
    [Parameter]
    [ValidateForm("[A-Za-z0-9_][A-Za-z0-9_-]*", "the name of a zone: letters, digits, '_' and '-'")]
    [ArgumentCompleter(typeof(UsualCompleter))]
    public string FirewallZone { get; set; } = "public";

    /// <summary>A file on this machine to which every change is appended, as JSON lines.</summary>
    [Parameter]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string? JournalPath { get; set; }

    /// <summary>Further properties of efm.properties by name, such as <c>@{ 'node.timeout' = '20' }</c>, for every command that sets up EFM.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable EfmProperty { get; set; } = [];

    /// <summary>Names of secrets in your secret store, such as <c>@{ Replication = 'pem-repl' }</c>; never the secrets themselves.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable SecretName { get; set; } = [];

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var (properties, secrets) = (TextTable.Of(EfmProperty), TextTable.Of(SecretName));
        foreach (var (name, value) in properties)
        {
            var why = TextTable.IsSecret(name)
                ? TextTable.NoSecrets(name)
                : PropertyRules.Refusal(EfmVersion, name, value);
            if (why is not null)
                ThrowTerminatingError(Errors.Input("PropertyUnfit", $"-EfmProperty will not do: {why}.", name));
        }
        // The refusal does not repeat what was given: it may be the secret itself.
        foreach (var (name, value) in secrets)
            if (!TextTable.IsName(name) || !TextTable.IsName(value))
                ThrowTerminatingError(Errors.Input("SecretNameUnfit",
                    $"-SecretName will not do: {name} does not hold a name of letters, digits, '.', '_', '/' and '-', 64 at most.", name));
        var parts = VirtualIp.Split('/');
        if (Addresses.Refusal(parts[0], parts.ElementAtOrDefault(1)) is { } refusal) ThrowTerminatingError(Errors.Input("AddressUnfit", refusal, VirtualIp));
        // An empty text, as a script's own parameter that nobody gave, says nothing.
        if (AgentUser?.Length == 0) AgentUser = null;
        if (SslModel == PemSslModel.SslUtils && AgentUser is not null)
            ThrowTerminatingError(Errors.Input("AgentUserUnfit", "With sslutils PEM makes a role and a certificate for each agent; -AgentUser is for the other models.", AgentUser));
        if (AgentUser is not null && AgentUserRefusal(AgentUser) is { } unfit) ThrowTerminatingError(Errors.Input("AgentUserUnfit", $"-AgentUser {AgentUser} will not do: {unfit}.", AgentUser));
        if (DataDirectory is not null && DirectoryRefusal(DataDirectory) is { } misplaced)
            ThrowTerminatingError(Errors.Input("DataDirectoryUnfit", $"-DataDirectory {DataDirectory} will not do: {misplaced}.", DataDirectory));
        if (ServiceName is not null && ServiceName.EndsWith(".service", StringComparison.Ordinal))
            ThrowTerminatingError(Errors.Input("ServiceNameUnfit", $"-ServiceName {ServiceName} will not do: it is given without .service.", ServiceName));
        foreach (var subnet in MonitoredSubnet.Where(s => !System.Net.IPNetwork.TryParse(s, out var n) || n.ToString() != s))
            ThrowTerminatingError(Errors.Input("SubnetUnfit", $"{subnet} is no network, with all bits behind its prefix zero.", subnet));
        WriteObject(new PemCluster(Name, parts[0])
        {
            VirtualIpPrefix = parts.Length > 1 ? int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) : null,
            VirtualIpInterface = VirtualIpInterface,
            PingServer = PingServer,
            MonitoredSubnet = MonitoredSubnet,
            UserEmail = UserEmail,
            PostgresVersion = PostgresVersion,
            EfmVersion = EfmVersion,
            Port = Port,
            EfmPort = EfmPort,
            Database = Database,
            DataDirectory = DataDirectory,
            ServiceName = ServiceName,
            SslModel = SslModel,
            AgentUser = AgentUser,
            FirewallZone = FirewallZone,
            EfmProperty = properties,
            SecretName = secrets,
            JournalPath = JournalPath is null ? null : GetUnresolvedProviderPathFromPSPath(JournalPath),
        });
    }

    /// <summary>Paths that lead elsewhere, are the system's own, or are gone with the next boot.</summary>
    static string? DirectoryRefusal(string path)
    {
        var parts = path.Split('/')[1..];
        string[] system = ["bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys"], tops = ["home", "media", "mnt", "opt", "root", "srv", "tmp", "usr", "var"];
        return parts.Any(p => p is "." or "..") ? "it has to be the path itself, without . and .."
            : system.Contains(parts[0]) || (parts.Length == 1 && tops.Contains(parts[0])) ? "that folder is the system's own"
            : path.Length > 200 ? "it is longer than 200 characters" : null;
    }

    /// <summary>Names that mean something else to PEM, or to the files that bear them.</summary>
    static string? AgentUserRefusal(string user) =>
        user.Any(char.IsAsciiLetterUpper) ? "it has to be of lower-case letters, as Postgres takes names that nobody quotes"
        : user is "root" or "web" ? "its certificate would be taken for another file"
        : user is "pem_agent" or "pem_admin" or "pem_user" || user.StartsWith("pg_", StringComparison.Ordinal) ? "it is a role of PEM's or Postgres's own"
        : user is "enterprisedb" or "postgres" ? "it is the superuser that owns the database"
        : user.StartsWith("agent", StringComparison.Ordinal) && user[5..].All(char.IsAsciiDigit) ? "PEM gives such names to agents that have a role of their own" : null;
}
