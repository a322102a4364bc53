using PemHa.Engine.Pem;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests.Pem;

/// <summary>What PEM stores about its own servers and jobs, and where nginx reads its certificate from.</summary>
public class PemBackendTests
{
    readonly Example _c1 = new();

    [Fact]
    [Spec("P33", "P34")]
    public void Every_data_nodes_row_is_flagged_as_a_server_of_PEM()
    {
        var flagged = Example.The<PemServersFlagged>(Step(_c1), _c1.Primary);
        Assert.Equal("SELECT pem.register_pem_server(2);\nSELECT pem.register_pem_server(3);",
            flagged.Compare(Rows("true", "false", "false"), false)!.Difference);
        Assert.Null(flagged.Compare(Rows("true", "true", "true"), false));
        // Before 10.1 there is nothing to flag; and where the flag cannot be read, the change is not repeated.
        Assert.Null(flagged.Compare(Facts.Of(("row.1", "false")), false));
        Assert.Null(flagged.Compare(Facts.Of(("function", "1"), ("row.1", "unknown")), false));
        // No answer of a host becomes part of a statement.
        Assert.Null(flagged.Compare(Facts.Of(("function", "1"), ("row.1); DROP TABLE x; --", "false")), false));
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void A_data_node_without_a_row_is_told_of(int rows, bool told)
    {
        var facts = Rows([.. Enumerable.Repeat("true", rows)]);
        var remark = Example.The<PemServersFlagged>(Step(_c1), _c1.Primary).Remark(facts);
        Assert.Equal(told, remark?.Contains("2 rows of this cluster for 3", StringComparison.Ordinal) ?? false);
    }

    [Theory]
    [InlineData(PemSslModel.LocalCA, true)]
    [InlineData(PemSslModel.ExternalCA, true)]
    [InlineData(PemSslModel.SslUtils, false)]
    [Spec("P23")]
    public void PEMs_certificate_job_is_disabled_for_certificates_that_are_not_its_own(PemSslModel model, bool disabled)
    {
        var c1 = new Example(model: model);
        var job = Example.The<CertificateJob>(Step(c1), c1.Primary);
        var enabled = Facts.Of(("enabled", "1"));
        Assert.Equal(
            disabled
                ? "UPDATE pem.job SET jobenabled = false WHERE jobname = 'Check CA certificate expiry' AND jobenabled;"
                : null,
            job.Compare(enabled, false)?.Difference);
        Assert.Equal(disabled, job.Remark(enabled) is null);
        Assert.Null(job.Compare(Facts.Of(), false));
        Assert.Null(job.Remark(Facts.Of()));
    }

    [Theory]
    [InlineData("ssl_certificate '/etc/x.crt' ;\n\tssl_certificate_key\t/etc/x.key ;\n", "/etc/x.crt /etc/x.key")]
    [InlineData(
        "    ssl_certificate /etc/nginx/pem/x.crt;\n    ssl_certificate_key \"/etc/nginx/pem/x.key\";\n",
        "/etc/nginx/pem/x.crt /etc/nginx/pem/x.key")]
    [InlineData("server {}\n", "/usr/edb/pem/resources/server-pem.crt /usr/edb/pem/resources/server-pem.key")]
    [InlineData(null, "/usr/edb/pem/resources/server-pem.crt /usr/edb/pem/resources/server-pem.key")]
    [Spec("P37")]
    public void Where_nginx_reads_its_certificate_is_asked(string? configuration, string paths)
    {
        using var folder = new TemporaryFolder();
        if (configuration is not null) System.IO.File.WriteAllText(folder["edb-pem.conf"], configuration);
        var web = Example.The<WebCertificate>(SectionE.Web(_c1.Cluster, _c1.Cluster.Hosts), _c1.Standby);
        var files = web.Probe[..web.Probe.IndexOf("fact crt", StringComparison.Ordinal)]
            .Replace("/etc/nginx/conf.d/edb-pem.conf", folder["edb-pem.conf"], StringComparison.Ordinal);
        Assert.Equal(paths, Shell.Sh($"{files}\necho \"$CRT $KEY\"").Output.Trim());
    }

    [Fact]
    [Spec("P37")]
    public void A_path_of_nginxs_that_is_none_is_not_used()
    {
        var web = Example.The<WebCertificate>(SectionE.Web(_c1.Cluster, _c1.Cluster.Hosts), _c1.Standby);
        var facts = Read("/etc/nginx/$ssl_server_name.crt", "/k");
        Assert.Equal("AnswerUnfit", Assert.Throws<PemHa.Engine.PemException>(() => web.Compare(facts, false)).Id);
        var change = web.Compare(Read("/etc/nginx/x.crt", "/etc/nginx/x.key"), false)!;
        Assert.Contains("web.crt -> /etc/nginx/x.crt", change.Difference, StringComparison.Ordinal);
        Assert.DoesNotContain("/etc/nginx/x", change.Apply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.4.1", 10, 4, 1)]
    [InlineData("10.6", 10, 6, 0)]
    [InlineData("9.8.0.1", 9, 8, 0)]
    public void A_version_is_read_as_rpm_tells_it(string text, int major, int minor, int patch) =>
        Assert.Equal(new PemVersion(major, minor, patch), PemVersion.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("10.x")]
    [InlineData("10\0.4.1")]
    [InlineData("package edb-pem is not installed")]
    [InlineData("10.4.0.0.1")]
    public void What_is_not_a_version_is_not_known(string text) => Assert.Null(PemVersion.Parse(text));

    [Fact]
    public void Versions_are_compared_by_their_numbers()
    {
        string[] ordered = ["9.8.0", "10.4.0", "10.4.2", "10.5.0", "10.10.0", "11.0.0"];
        Assert.Equal(ordered, ordered.Reverse().OrderBy(v => PemVersion.Parse(v)!.Value));
        string[] versions = ["10.4.2", "10.5.0", ""];
        Assert.Equal([true, false, false], versions.Select(v => PemVersion.StaysBroken(PemVersion.Parse(v))));
    }

    [Theory]
    [InlineData("10.4.2", "edb-uwsgi")]
    [InlineData("10.5.0", "")]
    [InlineData("", "")]
    [Spec("P21")]
    public void A_service_that_is_older_than_the_last_failover_is_found_where_PEM_does_not_heal(
        string version, string found)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["pg_wal"]);
        System.IO.File.WriteAllText(folder["pg_wal/00000002.history"], "");
        // The application was started with this machine, long before the file; the agent reports an hour from now.
        var probe = PemSessions.Probe.Replace(PemVersion.Probe, "", StringComparison.Ordinal);
        var told = Shell.Sh($$"""
            fact() { printf '%s\t=%s\n' "$1" "$2"; }
            systemctl() {
                case "$*" in
                    *edb-uwsgi) echo 1;;
                    *) read -r u _ < /proc/uptime; echo $(((${u%.*} + 3600) * 1000000));;
                esac
            }
            PGDATA='{{folder[""]}}'
            {{probe}}
            """);
        Assert.Equal("outlived.edb-uwsgi\t=1\n", told.Output);
        var facts = Facts.Of(("version", version)).Or(Facts.Parse(told.Output));
        Assert.Equal(found, string.Join(' ', PemSessions.Broken(facts)));
    }

    [Fact]
    public void Without_a_failover_no_service_is_too_old()
    {
        using var folder = new TemporaryFolder();
        var probe = PemSessions.Probe.Replace(PemVersion.Probe, "", StringComparison.Ordinal);
        Assert.Equal("", Shell.Sh($"fact() {{ echo \"$1\"; }}\nPGDATA='{folder[""]}'\n{probe}").Output);
    }

    /// <summary>The facts about the data nodes' rows, by their flags.</summary>
    static Facts Rows(params string[] flags) =>
        Facts.Of([("function", "1"), .. flags.Select((flag, i) => ($"row.{i + 1}", flag))]);

    /// <summary>The facts about the paths in nginx's configuration.</summary>
    static Facts Read(string certificate, string key) =>
        Facts.Of(("ours", "1"), ("configured", "1"), ("crt", certificate), ("key", key));

    static Step Step(Example c1) => SectionE.Server(c1.Cluster, c1.Cluster.Hosts, c1.Primary, "pemsuper", "s3cret");
}
