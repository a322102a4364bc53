namespace PemHa.Lab.Tests;

/// <summary>Two data nodes and a witness: looked at bare, with faults of many kinds, half built; then the virtual IP is rehearsed on them.</summary>
public sealed class PrerequisiteLab : ProcedureLab
{
    /// <summary>Writes one line for each check that is not passed, and their number.</summary>
    const string Look = """
        function Look($nodes) {
            Report {
                $checks = @($nodes | Test-PemPrerequisite)
                "$($checks.Count) checks"
                $checks | Where-Object State -ne Passed | ForEach-Object { "$($_.HostName)|$($_.Check)|$($_.State)|$($_.Why)|$($_.Remedy)" }
            }
        }

        """;

    Task<PrerequisiteRecord>? _record;

    internal override LabOptions Options => base.Options with { DataNodes = 2, Witnesses = 1 };

    /// <summary>What the first asker caused; the same for all.</summary>
    internal async Task<PrerequisiteRecord> RecordAsync()
    {
        await LabAsync();
        return await (_record ??= LookAsync());
    }

    /// <summary>Checks after the description of the cluster.</summary>
    internal Task<ProcedureReport> CheckAsync(string nodes = "($hosts | Connect-PemHost @login)") => PowerShellAsync($"{Look}Look {nodes}");

    async Task<PrerequisiteRecord> LookAsync()
    {
        var lab = await LabAsync();
        var before = await SnapshotAsync();
        var untouched = await CheckAsync();
        var after = await SnapshotAsync();

        // As a person has them who did not look first. Nodes are described by their names, and the ping server is nobody.
        const string named = """
            $c = New-PemCluster efm -VirtualIp 172.16.161.245 -PingServer 172.16.161.99
            $n = @(
                New-PemHost node1.lab Primary -Cluster $c -Name node1
                New-PemHost node2.lab Standby -Cluster $c -Name node2
                New-PemHost witness1.lab Witness -Cluster $c -Name witness1
            )
            """;
        (await lab.EnterAsync(["ip", "addr", "add", $"{VirtualIp}/24", "dev", "br0"], cancellation: Cancellation)).Check("A stranger's address");
        await RootAsync("node1", """
            dnf -q config-manager --set-disabled enterprisedb-enterprise
            mkdir -p /var/lib/edb/as17/data.pemha-part
            systemd-run -q --unit stranger python3 -c 'import socket; s = socket.socket(); s.bind(("", 5444)); s.listen(); s.accept()'
            for n in $(seq 50); do ss -Hltn sport = :5444 | grep -q . && break; sleep 0.1; done
            """);
        await RootAsync("node2", """
            firewall-cmd -q --add-rich-rule='rule family="ipv4" port port="7800" protocol="tcp" drop'
            mkdir -p /var/lib/edb; mount -t tmpfs -o size=64m tmpfs /var/lib/edb
            mkdir -p /var/lib/edb/as17/data; echo mine > /var/lib/edb/as17/data/diary
            """);
        await RootAsync("witness1", """
            printf '#!/bin/sh\nexec /usr/bin/date -d "+90 seconds" "$@"\n' > /usr/local/sbin/date; chmod 755 /usr/local/sbin/date
            cp /etc/hosts /etc/hosts.kept; grep -v 'node2\.lab' /etc/hosts.kept > /etc/hosts
            firewall-cmd -q --zone=internal --change-interface=eth0
            """);
        var faulty = await CheckAsync($"$(\n{named}\n$n | Connect-PemHost @login)");
        (await lab.EnterAsync(["ip", "addr", "del", $"{VirtualIp}/24", "dev", "br0"], cancellation: Cancellation)).Check("The stranger's address");
        await RootAsync("node1", """
            dnf -q config-manager --set-enabled enterprisedb-enterprise
            rm -r /var/lib/edb; systemctl stop stranger
            """);
        await RootAsync("node2", "firewall-cmd -q --reload; umount /var/lib/edb; rmdir /var/lib/edb");
        await RootAsync("witness1", "rm /usr/local/sbin/date; cp /etc/hosts.kept /etc/hosts; rm /etc/hosts.kept; firewall-cmd -q --zone=public --change-interface=eth0");

        await lab.LinkAsync("node2", up: false, Cancellation);
        var dark = await CheckAsync("@($hosts | Connect-PemHost @login -TimeoutSec 3 -ErrorAction SilentlyContinue)");
        await lab.LinkAsync("node2", up: true, Cancellation);

        var built = await PowerShellAsync("Report { $hosts | Connect-PemHost @login | Install-PemEpas }");
        var half = await CheckAsync();
        // Somebody went on by hand.
        await SqlAsync("node1", "ALTER SYSTEM SET listen_addresses = 'localhost'");
        await RootAsync("node1", """
            systemctl restart edb-as-17
            mkdir -p /usr/edb/pem/share; echo PORT=5444 > /usr/edb/pem/share/.install-config
            sed -i '1i hostssl edb efm 172.16.161.202/32 scram-sha-256' /var/lib/edb/as17/data/pg_hba.conf
            """);
        await RootAsync("node2", $"""
            PGSETUP_INITDB_OPTIONS='-E UTF-8' /usr/edb/as17/bin/edb-as-17-setup initdb >/dev/null; systemctl start edb-as-17
            echo 'CREATE TABLE treasure ()' | runuser -u enterprisedb -- /usr/edb/as17/bin/psql -XAtq -p 5444 -d edb
            ip addr add {VirtualIp}/24 dev eth0
            systemctl -q enable edb-as-17 edb-efm-5.2
            """);
        var meddled = await CheckAsync();
        await SqlAsync("node1", "ALTER SYSTEM RESET listen_addresses");
        await RootAsync("node1", "systemctl restart edb-as-17; rm -r /usr/edb/pem; sed -i 1d /var/lib/edb/as17/data/pg_hba.conf");
        await RootAsync("node2", $"""
            systemctl stop edb-as-17; systemctl -q disable edb-as-17 edb-efm-5.2; rm -r /var/lib/edb/as17/data
            ip addr del {VirtualIp}/24 dev eth0
            """);
        return new PrerequisiteRecord(before, untouched, after, faulty, dark, built, half, meddled);
    }
}

/// <summary>What was said of the hosts in each state, and what was on them before and after the first look.</summary>
sealed record PrerequisiteRecord(
    IReadOnlyDictionary<string, string[]> Before,
    ProcedureReport Untouched,
    IReadOnlyDictionary<string, string[]> After,
    ProcedureReport Faulty,
    ProcedureReport Dark,
    ProcedureReport Built,
    ProcedureReport Half,
    ProcedureReport Meddled);
