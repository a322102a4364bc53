using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The tests on whole clusters run one after another; the undisturbed cluster is what the others are compared with.</summary>
[CollectionDefinition(Name)]
public sealed class ProcedureTests : ICollectionFixture<ProcedureCluster>, ICollectionFixture<InterruptedCluster>
{
    public const string Name = "The procedure";
}

/// <summary>
/// Three data nodes and a witness: previewed, deployed and deployed again by the runbook when a test first asks for it; by an operator who may
/// do no more on the hosts than docs/security.md says, through a jump host, with secrets that are looked for everywhere. Tests leave it as it is.
/// </summary>
public sealed class ProcedureCluster : ProcedureLab
{
    const string Jump = "172.16.161.203";

    static readonly string[] Secret =
        ["repl", "efm", "pemsuper", "pem_user_settings", "authority", LeastPrivilege.User, "jumper", "passphrase", "strayed", "planted"];

    Task<ProcedureRecord>? _deployed;

    /// <summary>A secret for each user, and one that a test puts where the search must find it.</summary>
    internal Canaries Canaries { get; } = new();

    internal override string Login => $$"""
        @{
            Credential = New-PemCredential {{LeastPrivilege.User}} -Path '{{StateFolder}}'
            KeyFile = '{{StateFolder}}/operator/key'
            KeyPassphrase = (New-PemCredential passphrase -Path '{{StateFolder}}').Password
            JumpHost = '{{Jump}}'; JumpCredential = New-PemCredential jumper -Path '{{StateFolder}}'
            KnownHostsFile = $env:PEMHA_LAB_KNOWN_HOSTS
        }
        """;

    /// <summary>What the first asker caused; the same for all.</summary>
    internal async Task<ProcedureRecord> DeployedAsync()
    {
        await LabAsync();
        return await (_deployed ??= RecordAsync());
    }

    async Task<ProcedureRecord> RecordAsync()
    {
        await PrepareAsync();
        var began = DateTime.UtcNow;
        var untouched = await SnapshotAsync();
        var preview = await DeployAsync("-WhatIf");
        var previewed = await SnapshotAsync();

        using var watch = new ProcessWatch(Options.Name, Canaries);
        var first = await DeployAsync("-Verbose", "-Debug");
        // The shortest-lived of what is looked for lives longer than this.
        await RootAsync("node1", $"PLANTED='{Secrets()["planted"]}' sh -c 'sleep 0.3; :' '{Secrets()["planted"]}'");
        watch.Dispose();

        var deployed = await SnapshotAsync();
        var second = await DeployAsync();
        return new ProcedureRecord(untouched, preview, previewed, first, deployed, second, await SnapshotAsync(), watch, began);
    }

    async Task PrepareAsync()
    {
        Directory.CreateDirectory(StateFolder);
        foreach (var user in Secret)
        {
            // Who plants one need not quote it.
            // The web application reads the password of pem_user_settings from a URI.
            var secret = user switch
            {
                "planted" => Canaries.Make(""),
                "pem_user_settings" => Canaries.Make("._~-"),
                _ => Canaries.Make(),
            };
            Canaries.Add(user, secret);
            var file = Path.Combine(StateFolder, user + ".secret");
            await File.WriteAllTextAsync(file, secret, Cancellation);
        }
        var secrets = Secrets();
        await LeastPrivilege.MakeAsync(this, SudoForm.WithPassword, Path.Combine(StateFolder, "operator", "key"), secrets["passphrase"],
            secrets[LeastPrivilege.User], from: Jump);
        await RootAsync("witness1", $"useradd -m jumper; chpasswd <<'E'\njumper:{secrets["jumper"]}\nE");
        // Every server logs whatever it is told, from its first start on.
        var lab = await LabAsync();
        foreach (var host in lab.Hosts.Where(h => !h.IsWitness))
            await RootAsync(host.Name, """
                install -D -m 644 /dev/stdin /etc/systemd/system/edb-as-17.service.d/lab.conf <<'E'
                [Service]
                ExecStartPost=/bin/sh -c 'cd /var/lib/edb/as17/data; grep -q ^log_statement postgresql.auto.conf || echo "log_statement = all" >> postgresql.auto.conf; kill -HUP $MAINPID'
                E
                """);
    }
}

/// <summary>The runs of the runbook on one lab, what was on the hosts before and after each, and what could be seen during the first.</summary>
/// <param name="Began">When the first run of all began.</param>
sealed record ProcedureRecord(
    IReadOnlyDictionary<string, string[]> Untouched,
    ProcedureRun Preview,
    IReadOnlyDictionary<string, string[]> Previewed,
    ProcedureRun First,
    IReadOnlyDictionary<string, string[]> Deployed,
    ProcedureRun Second,
    IReadOnlyDictionary<string, string[]> Redeployed,
    ProcessWatch Watch,
    DateTime Began);
