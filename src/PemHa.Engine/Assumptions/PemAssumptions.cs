using PemHa.Engine.Checks;
using PemHa.Engine.Pem;
using PemHa.Engine.Remote;

namespace PemHa.Engine.Assumptions;

/// <summary>What PemHa assumes about Postgres Enterprise Manager.</summary>
static class PemAssumptions
{
    /// <summary>The newest version that PemHa knows.</summary>
    static readonly Version Newest = new(10, 6);

    const string Base = "/usr/edb/pem";
    const string Script = $"{Base}/bin/configure-pem-server.sh";
    const string Web = $"{Base}/web";
    const string NginxSite = "/etc/nginx/conf.d/edb-pem.conf";

    static readonly string[] FromServer = ["Install-PemServer"];

    static readonly string[] FromWeb = ["Set-PemWebApplication"];

    public static IReadOnlyList<Assumption> All { get; } =
    [
        new("pem.programs", Product.Pem,
            "The package installs bin/configure-pem-server.sh and agent/bin/pemworker in /usr/edb/pem.",
            "Pem/PemServer.cs",
            "PEM's manual, configuring the server and registering agents", Verdict.Proven)
        {
            Guard = new(FromServer,
                _ => $"for p in {Script} {Base}/agent/bin/pemworker; do [ -x $p ] || fact missing $p; done",
                Guard.Missing((_, program) => $"no program {program}."),
                "PEM could not be configured.",
                "Find out where the package put them (rpm -ql edb-pem), and report it with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("pem.options", Product.Pem,
            "configure-pem-server.sh accepts every option that PemHa passes to it.",
            "Pem/PemServer.cs",
            "PEM's manual, table of the script's options", Verdict.Proven)
        {
            Guard = new(FromServer, host => $$"""
                script {{Script}} || exit 0
                {{PemServer.Configured}} && exit 0
                # How and in which file it parses its options may vary: only the names have to be there.
                for o in {{string.Join(' ', PemServer.LongOptions(host.Cluster))}}; do
                    grep -rqsF -e "${o#--}" {{Base}}/bin {{Base}}/share || fact missing "$o"
                done
                """,
                Guard.Missing((_, option) => $"no option {option} in its text."),
                "The script would stop, or configure something else, with exit status 0.",
                "PemHa needs PEM 10.4 or newer; see the script's own --help, and report it with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("pem.user", Product.Pem,
            "The package creates the user pem, as which the web application runs.",
            "Pem/UserSettings.cs",
            "PEM's manual, web server", Verdict.Proven)
        {
            Guard = new(FromServer, _ => "getent passwd pem >/dev/null || fact missing 1",
                Guard.Missing((_, _) => "no user pem."),
                "The web application could not read its own configuration.",
                "Reinstall the package (dnf reinstall edb-pem).")
            { On = Check.IsData },
        },
        new("pem.units", Product.Pem,
            "The package installs the unit pemagent.",
            "Pem/PemServer.cs",
            "PEM's manual, agents; TPA, roles pem", Verdict.Proven)
        {
            Guard = new(FromServer, _ => "[ -n \"$(unit_text pemagent)\" ] || fact missing pemagent",
                Guard.Missing((_, unit) => $"no unit {unit}."),
                "PEM would be configured, but nothing would keep its agent running.",
                "List the package's units (rpm -ql edb-pem | grep service), "
                    + "and report them with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("pem.web-unit", Product.Pem,
            "Once PEM is configured, the unit edb-uwsgi runs the web application.",
            "Pem/UserSettings.cs",
            "PEM's manual, switching the web server and upgrading; whether the package or the script creates the unit "
                + "is not public",
            Verdict.Proven)
        {
            Guard = new(FromWeb, _ => $"""
                [ ! -f {PemServer.AgentConfig} ] || [ -n "$(unit_text edb-uwsgi)" ] || fact missing edb-uwsgi
                """,
                Guard.Missing((_, unit) => $"no unit {unit}."),
                "Nothing would keep the web application running.",
                "If PEM runs behind Apache (USE_NGINX=0), switch with switch-web-server.sh; "
                    + "otherwise report it with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("pem.web-folder", Product.Pem,
            "The web application is in /usr/edb/pem/web, and the last file that it reads there is config_local.py.",
            "Pem/UserSettings.cs",
            "PEM's manual, central user settings; TPA, template of config_setup.py", Verdict.Proven)
        {
            Guard = new([.. FromServer, "Enable-PemUserSettings"], _ => $"[ -d {Web} ] || fact missing {Web}",
                Guard.Missing((_, path) => $"no {path}."),
                "The web application would not read its settings.",
                "Find out where the package put it (rpm -ql edb-pem), and report it with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("pem.question", Product.Pem,
            "The script reads the superuser's password from standard input with a plain read, which removes "
                + "backslashes; its other questions have defaults.",
            "Pem/PemServer.cs",
            "A public copy of PEM 8's script and a recorded dialogue of PEM 9; nothing public was found for 10",
            Verdict.Plausible)
        {
            Guard = new(FromServer, _ => $"""
                grep -Es '(^|[;& ])read +-[bdeinpsu]*r[bdeinpsu]* ' {Script} | grep -vq while && fact raw 1
                """,
                (_, facts) => facts.Is("raw") ? "a script that uses read -r somewhere." : null,
                "A backslash in the superuser's password would reach the database doubled, and the script would fail.",
                "Give pemsuper a password without a backslash.")
            { On = Check.IsData, WarnsOnly = true },
        },
        new("pem.failure", Product.Pem,
            "On a fatal error the script prints CRITICAL ERROR or [Error] and ends with exit status 0.",
            "Pem/PemServer.cs",
            "A public copy of PEM 8's script; recorded output of PEM 9", Verdict.Plausible)
        {
            ShownBy = "Install-PemServer accepts only proof, whatever the script prints: agent row, heartbeat, HTTPS; "
                + "on the primary before any standby.",
        },
        new("pem.last-words", Product.Pem,
            "The newest log of a configured server contains \"PEM server can be accessed at\".",
            "Pem/PemServer.cs",
            "Recorded output of PEM 9; in upgrade mode it may be missing", Verdict.Plausible)
        {
            ShownBy = "Where these words are missing, Install-PemServer accepts agent.cfg with a live row in the "
                + "database instead.",
        },
        new("pem.agent-configuration", Product.Pem,
            "agent/etc/agent.cfg contains agent_id, agent_ssl_crt, agent_ssl_key and pem_host, one setting per line.",
            "Pem/PemServer.cs",
            "PEM's manual, agent configuration; TPA, template of agent.cfg", Verdict.Proven)
        {
            Guard = new(FromWeb, _ => $"""
                A={PemServer.AgentConfig}; [ -f $A ] || exit 0
                for k in agent_id agent_ssl_crt agent_ssl_key pem_host; do
                    grep -q "^ *$k *=" $A || fact missing $k
                done
                """,
                Guard.Missing((_, setting) => $"no setting {setting} in {PemServer.AgentConfig}."),
                "PemHa could not identify the agent or replace its certificates.",
                "Report what the file contains with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("pem.agent-number", Product.Pem,
            "-aro agent_id=N gives the agent its number; a number that is in use is an error.",
            "Pem/PemServer.cs",
            "PEM's manual: the pages on high availability and on registering agents", Verdict.Proven),
        new("pem.common-user", Product.Pem,
            "From 10.5 on, the agents' common user has to be a superuser while the primary is configured; 10.4 needs "
                + "CONNECT on template1.",
            "Pem/PemVersion.cs",
            "PEM's manual, both forms of the page; whether 10.5 fails without it is not public", Verdict.Plausible)
        {
            ShownBy = "Install-PemServer decides by the installed version, revokes the attribute however it ends, and "
                + "verifies the agent; -TemporarySuperUser overrides the decision either way.",
        },
        new("pem.strict-options", Product.Pem,
            "From 10.5 on, the script refuses options that do not go together; it accepts those that the page gives "
                + "for a role and SSL model.",
            "Pem/PemServer.cs",
            "PEM's release notes 10.5; which combinations are refused is not public", Verdict.Plausible)
        {
            ShownBy = "Install-PemServer passes only the page's options, starts with the primary, and verifies each "
                + "node before the next.",
        },
        new("pem.server-rows", Product.Pem,
            "Each data node's row in pem.server has a flag, set by pem.register_pem_server(id), without which PEM's "
                + "jobs stop after a failover.",
            "Pem/PemBackend.cs",
            "PEM's manual before 10.4; no page names the flag, and whether the script sets it is not public",
            Verdict.Unproven)
        {
            ShownBy = "Install-PemServer looks for the function and for a column of that kind, sets the flags that it "
                + "finds unset, and warns where rows are missing.",
        },
        new("pem.healing", Product.Pem,
            "Before 10.5, the web application's connection pool and the agents' probes do not recover from a failover.",
            "Pem/PemSessions.cs",
            "PEM's release notes 10.5", Verdict.Proven),
        new("pem.answers", Product.Pem,
            "share/.install-config holds the answers of the last run, which the next run reuses.",
            "Pem/PemServer.cs",
            "PEM's manual, upgrading; a public copy of PEM 8's script", Verdict.Proven),
        new("pem.schema", Product.Pem,
            "pem.agent has the columns id and active; pem.agent_heartbeat has agent_id and last_heartbeat.",
            "Pem/PemServer.cs",
            "PEM's manual, certificates; excerpts of the schema", Verdict.Proven)
        {
            Guard = new(FromServer, _ => """
                up || exit 0
                [ "$(echo "SELECT 1 FROM pg_database WHERE datname = 'pem'" | sql postgres 2>/dev/null)" = 1 ] || exit 0
                S=$(sql pem 2>/dev/null <<'SQL'
                SELECT string_agg(c, ', ')
                FROM (VALUES ('agent', 'id'), ('agent', 'active'),
                  ('agent_heartbeat', 'agent_id'), ('agent_heartbeat', 'last_heartbeat')) w(t, c)
                WHERE EXISTS (SELECT FROM pg_namespace WHERE nspname = 'pem')
                  AND NOT EXISTS (SELECT FROM information_schema.columns i
                    WHERE i.table_schema = 'pem' AND i.table_name = w.t AND i.column_name = w.c)
                  AND EXISTS (SELECT FROM pg_tables WHERE schemaname = 'pem' AND tablename = 'agent')
                SQL
                ) || exit 0
                fact missing "$S"
                """,
                (_, facts) => facts["missing"] is { Length: > 0 } columns ? $"no column {columns}." : null,
                "PemHa could not verify that an agent is registered or alive.",
                "Report the version with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("pem.heartbeat", Product.Pem,
            "A new agent's first heartbeat arrives within 120 s; agents send one every 15 to 30 s.",
            "Pem/PemServer.cs",
            "PEM's manual and release notes 10.6", Verdict.Plausible)
        {
            ShownBy = "Install-PemServer waits up to 120 s for it on each node before it goes on to the next.",
        },
        new("pem.standby-acts", Product.Pem,
            "Each data node's agent evaluates alerts and sends notifications once its node is the primary: "
                + "alert_threads and enable_* in agent.cfg.",
            "Pem/PemServer.cs",
            "PEM's manual before 10.4 sets them by hand; whether --replication-role standby sets them is not public",
            Verdict.Unproven)
        {
            ShownBy = "Install-PemServer reads the settings on every data node after the script, and sets those that "
                + "are missing.",
        },
        new("pem.efm-path", Product.Pem,
            "--efm-install-path is EFM's version directory, /usr/edb/efm-X.Y/.",
            "Pem/PemServer.cs",
            "PEM's manual says so; TPA and edb-ansible pass its subdirectory bin", Verdict.Unproven)
        {
            ShownBy = "Install-PemServer first looks for efm below the path on every data node (EfmPathUnfit). PEM's "
                + "dashboard shows whether PEM's probe \"Failover Manager Node Status\" finds it too; -EfmInstallPath "
                + "gives the other directory. Nothing else depends on it.",
        },
        new("pem.nginx-site", Product.Pem,
            "/etc/nginx/conf.d/edb-pem.conf names the certificate and the key with which nginx serves PEM.",
            "Pem/WebCertificate.cs",
            "PEM's manual names the file; the location of the certificate is documented for Apache only",
            Verdict.Unproven)
        {
            Guard = new(FromWeb, _ => $"""
                [ -f {PemServer.AgentConfig} ] || exit 0
                [ -f {NginxSite} ] || fact missing {NginxSite}
                for k in ssl_certificate ssl_certificate_key; do
                    grep -Eqs "^[[:space:]]*$k[[:space:]]" {NginxSite} || fact unset $k
                done
                """,
                (_, facts) => facts.Has("missing") ? $"no {facts["missing"]}."
                    : facts.Has("unset") ? $"no {facts["unset"]} in {NginxSite}." : null,
                "The web server would keep a certificate other than the one that PemHa installs.",
                "If PEM runs behind Apache (USE_NGINX=0), switch with switch-web-server.sh, "
                    + "or leave the certificate to the script.")
            { On = Check.IsData },
        },
        new("pem.selinux", Product.Pem,
            "bin/configure-selinux.sh with USE_NGINX=1 sets the boolean httpd_can_network_connect.",
            "Pem/WebCertificate.cs",
            "PEM's manual names the script; the boolean is inferred", Verdict.Unproven)
        {
            Guard = new(FromWeb, _ => $"""
                [ "$(getenforce 2>/dev/null)" = Enforcing ] || exit 0
                [ -x {Base}/bin/configure-selinux.sh ] || fact missing {Base}/bin/configure-selinux.sh
                getsebool httpd_can_network_connect >/dev/null 2>&1 || fact missing httpd_can_network_connect
                """,
                Guard.Missing((_, what) => $"no {what}."),
                "The web application could not reach the database.",
                "Install policycoreutils, or reinstall the package (dnf reinstall edb-pem).")
            { On = Check.IsData },
        },
        new("pem.settings-uri", Product.Pem,
            "CONFIG_DATABASE_URI has SQLAlchemy's form, postgresql+psycopg://; nothing in it needs percent-encoding, "
                + "as PemHa refuses passwords that would.",
            "Pem/UserSettings.cs",
            "pgAdmin's manual; which driver PEM's web application contains is not public", Verdict.Unproven)
        {
            Guard = new(["Enable-PemUserSettings"], _ => """
                find /usr/edb -maxdepth 9 -type d -path '*site-packages/psycopg*' 2>/dev/null |
                    sed 's|.*site-packages/||; s|/.*||' > "$T/drivers"
                grep -qx psycopg2 "$T/drivers" && ! grep -qx psycopg "$T/drivers" && fact driver psycopg2
                """,
                (_, facts) => facts.Has("driver") ? $"only {facts["driver"]} in its Python." : null,
                "The web application would not start with this URI, on one node after the other.",
                "Keep the user settings on each host for now, and report it with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("pem.certificate-job", Product.Pem,
            "PEM's job \"Check CA certificate expiry\" would renew certificates and restart the server; it has to be "
                + "off where the certificates are not from sslutils.",
            "Pem/PemServer.cs",
            "PEM's manual, certificates; what it does to a highly available backend is not public", Verdict.Unproven)
        {
            ShownBy = "Install-PemServer looks for the job after the configuration and disables it; with sslutils it "
                + "warns about it.",
        },
        new("pem.one-by-one", Product.Pem,
            "Nodes have to be configured one after another: parallel registrations break each other.",
            "Procedure/SectionE.cs",
            "TPA and edb-ansible run them one at a time", Verdict.Proven),
        new("pem.certificate-login", Product.Pem,
            "Agents log in with a certificate whose CN is a member of pem_agent.",
            "Procedure/SectionD.cs",
            "PEM's manual; TPA, template of pg_hba.conf", Verdict.Proven),
        new("pem.version", Product.Pem,
            "PemHa knows PEM 10.4 to 10.6.",
            "Assumptions/PemAssumptions.cs",
            "PEM's release notes", Verdict.Proven)
        {
            Guard = new(FromServer, _ => "fact version \"$(rpm -q --qf '%{VERSION}' edb-pem 2>/dev/null)\"",
                (_, facts) => EfmAssumptions.NewerThan(facts["version"], Newest)
                    ? $"version {facts["version"]}." : null,
                "It is newer than any version that PemHa knows.",
                "Rehearse on a test cluster first, as docs/first-run.md describes.")
            { On = Check.IsData, WarnsOnly = true },
        },
    ];
}
