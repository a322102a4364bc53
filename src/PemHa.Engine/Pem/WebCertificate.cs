using System.Text.RegularExpressions;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Pem;

/// <summary>The web server shows a certificate that our authority signed, instead of the one it made itself; proven by a request that checks it (P37).</summary>
sealed class WebCertificate(PemHost host) : Resource
{
    /// <summary>Where Apache's pair lies, and nginx's where its configuration does not say.</summary>
    const string Resources = "/usr/edb/pem/resources/server-pem";

    /// <summary>
    /// Where nginx reads its pair from is on no page (B21), so its configuration is asked; in shell variables, for a
    /// change as for a probe.
    /// </summary>
    const string Files = $$"""
        # a path may stand in quotes of either kind, and blanks before the semicolon
        nginx_file() {
            sed -En "s/^[[:space:]]*$1[[:space:]]+[\"']?([^\"';[:space:]]*)[\"']?[[:space:]]*;.*/\1/p" \
                {{Configuration}} 2>/dev/null | head -n 1
        }
        CRT=$(nginx_file ssl_certificate); CRT=${CRT:-{{Resources}}.crt}
        KEY=$(nginx_file ssl_certificate_key); KEY=${KEY:-{{Resources}}.key}
        """;

    const string Configuration = "/etc/nginx/conf.d/edb-pem.conf";

    public override string Name => $"web application at {Url}";

    public override Facts? Blank =>
        Facts.Of(("configured", "1"), ("ours", "1"), ("crt", $"{Resources}.crt"), ("key", $"{Resources}.key"));

    public override string Probe => $$"""
        {{Files}}
        fact crt "$CRT"; fact key "$KEY"
        [ -f {{SectionD.PkiFolder}}/web.crt ] && fact ours 1
        [ -f "$CRT" ] && fact configured 1
        cmp -s {{SectionD.PkiFolder}}/web.crt "$CRT" && cmp -s {{SectionD.PkiFolder}}/web.key "$KEY" && fact same 1
        fact code "$({{Request}} 2>"$T/curl")"; fact64 said < "$T/curl"
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (!facts.Is("configured"))
            throw new PemException("WebMissing", Trouble.ObjectNotFound, $"The PEM web application is not configured on {host.Name}.", "Run Install-PemServer first.");
        if (!facts.Is("ours"))
            throw new PemException("CertificateMissing", Trouble.ObjectNotFound, $"{host.Name} has no certificate for the web server.", "Run New-PemCertificate first.");
        foreach (var path in new[] { facts["crt"], facts["key"] })
            if (!Regex.IsMatch(path, $@"\A{PemServerOptions.PlainPath}\z", RegexOptions.CultureInvariant))
                throw new PemException("AnswerUnfit", Trouble.InvalidResult,
                    $"{host.Name}'s {Configuration} names '{path}' for nginx's certificate or key; it has to be "
                        + $"{PemServerOptions.PlainPathForm}.",
                    "Put plain paths into that file.");
        if (facts.Is("same") && facts["code"] is ['2' or '3', ..]) return null;
        var difference = $"{SectionD.PkiFolder}/web.crt -> {facts["crt"]}\nsystemctl restart nginx";
        return new Change(facts.Is("same") ? "restart" : "install", difference, $$"""
            {{Files}}
            install -m 600 -o root -g root {{SectionD.PkiFolder}}/web.key "$KEY"
            install -m 644 -o root -g root {{SectionD.PkiFolder}}/web.crt "$CRT"
            # not a reload: the old workers would answer with the old certificate for a while yet
            systemctl restart nginx
            answers() { case "$({{Request}} 2>"$T/curl")" in 2??|3??) ;; *) return 1;; esac; }
            wait_for 20 answers || fail "{{Url}} does not answer with that certificate: $(cat "$T/curl")"
            """);
    }

    /// <summary>The login page is there at the virtual IP too, as a node sees it: under the address that everybody uses, wherever that is now.</summary>
    public static Requirement AtVirtualIp(PemHost host)
    {
        var url = UrlAt(host, host.Cluster.VirtualIp);
        return new($"web application at {url}", $"fact code \"$({RequestOf(url)} 2>\"$T/curl\")\"; fact64 said < \"$T/curl\"", facts => facts["code"] is ['2' or '3', ..] ? null
            : new PemException("WebSilent", Trouble.ConnectionError, $"{url} does not answer {host.Name}: {facts["code"]} {facts["said"].Trim()}",
                $"See whether the primary holds {host.Cluster.VirtualIp} (Get-PemClusterStatus), and look at the log of nginx and {UserSettings.Service} there."));
    }

    string Url => UrlAt(host, host.Address);

    string Request => RequestOf(Url);

    static string UrlAt(PemHost host, string address) => $"https://{NodeAddress.At(address, host.Cluster.WebPort)}/pem";

    static string RequestOf(string url) => $"curl -sS -m 10 -o /dev/null -w '%{{http_code}}' --cacert {SectionD.PkiFolder}/root.crt {Sh.Quote(url)}";
}

/// <summary>SELinux lets the web application reach its database (P37); nothing to do where SELinux is off.</summary>
sealed class SelinuxPolicy : Resource
{
    public override string Name => "SELinux policy for PEM";

    public override string Probe => """
        case "$(getenforce 2>/dev/null)" in Enforcing|Permissive) fact on 1; getsebool httpd_can_network_connect 2>/dev/null | grep -q 'on$' && fact allowed 1;; esac
        :
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        const string Command = "USE_NGINX=1 /usr/edb/pem/bin/configure-selinux.sh";
        return !facts.Is("on") || facts.Is("allowed") ? null : new Change("configure", Command, Command);
    }
}
