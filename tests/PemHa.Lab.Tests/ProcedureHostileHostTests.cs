using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Hosts that answer with anything but what they were asked for: each is refused by name and in time, and the others go on.</summary>
[Collection(UndeployedTests.Name)]
public sealed class ProcedureHostileHostTests(UndeployedCluster cluster)
{
    /// <summary>What a host does with a script, and the error that comes of it.</summary>
    static readonly (string Kind, string Does, string Error)[] Hosts =
    [
        ("endless", "exec yes \"$(head -c 500 /dev/zero | tr '\\0' A)\"", "AnswerTooLong"),
        ("errors", "exec yes \"$(head -c 500 /dev/zero | tr '\\0' A)\" >&2", "AnswerTooLong"),
        ("large", "head -c 104857600 /dev/zero", "AnswerTooLong"),
        ("binary", "head -c 1000000 /dev/urandom", "ScriptFailed"),
        ("escapes", "printf '\\033]0;owned\\a\\033[2J\\033[31m\\233m'; printf 'see\\033[1A\\033[2K\\r\\ahere' >&2; exit 3", "ScriptFailed"),
        ("half", "printf %s \"$IN\" | sudo sh | head -c 100", "ScriptFailed"),
        ("nothing", "exit 0", "ScriptFailed"),
        ("hangs", "exec sleep 1000", "AnswerOverdue"),
    ];

    [Fact]
    public async Task A_host_that_answers_with_garbage_floods_or_nothing_is_refused_and_the_others_go_on()
    {
        await MakeAsync([.. Hosts.Select(h => (h.Kind, h.Does))]);
        try
        {
            var watch = Stopwatch.StartNew();
            var report = await cluster.PowerShellAsync($$"""
                {{Described([.. Hosts.Select(h => h.Kind)])}}
                Report { $bad + $good | Connect-PemHost @bent -TimeoutSec 4 | Set-PemPassFile -Credential (New-PemCredential repl) -WhatIf }
                "peak $([Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64 -shr 20)"
                """);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(90), $"It took {watch.Elapsed.TotalSeconds:0.0} s.");
            Assert.Equal(Hosts.Select(h => $"{h.Kind} {h.Error}").Order(StringComparer.Ordinal), report.Errors.Select(e => $"{e.Host} {e.Id}").Order(StringComparer.Ordinal));
            Assert.All(report.Errors, e =>
            {
                Assert.Contains(e.Host, e.Message, StringComparison.Ordinal);
                Assert.StartsWith("Set-PemPassFile: ", e.Message, StringComparison.Ordinal);
                Assert.NotEqual("", e.Remedy);
                Assert.True(e.Message.Length < 20_000, $"{e.Message.Length} characters of {e.Host}");
            });
            Assert.Contains("good", report.Lines);
            // What a terminal would obey shows as what it is.
            Assert.DoesNotMatch(@"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]", report.ToString());
            Assert.Contains("see␛[1A␛[2K␍␇here", report.Errors.Single(e => e.Host == "escapes").Message, StringComparison.Ordinal);
            var peak = int.Parse(report.Lines.Single(l => l.StartsWith("peak ", StringComparison.Ordinal))[5..], CultureInfo.InvariantCulture);
            Assert.True(peak < 700, $"{peak} MB were used");
            TestContext.Current.SendDiagnosticMessage($"{watch.Elapsed.TotalSeconds:0.0} s, {peak} MB at most");
        }
        finally
        {
            await RemoveAsync();
        }
    }

    [Fact]
    public async Task A_host_that_never_ends_does_so_before_it_is_connected_and_Ctrl_C_ends_a_flood_at_once()
    {
        // Enough for a while below the limit.
        await MakeAsync([("stream", "touch /tmp/streams; while :; do head -c 100000 /dev/zero; sleep 0.1; done")], ("drips", "while :; do echo; sleep 0.2; done"));
        try
        {
            var drips = cluster.PowerShellAsync($$"""
                {{Described(["drips"])}}
                Report { $bad | Connect-PemHost @bent -TimeoutSec 2 }
                """);
            await using var run = await cluster.StartPowerShellAsync($$"""
                {{Described(["stream"])}}
                $bad | Connect-PemHost @bent | Set-PemPassFile -Credential (New-PemCredential repl) -WhatIf
                """);
            await ProcedureLab.UntilAsync("the flood", () => cluster.RootAsync("node1", "[ -e /tmp/streams ] && echo there || :"), said => said == "there" || run.Result.IsCompleted);
            if (run.Result.IsCompleted) Assert.Fail($"It ended before it could be stopped.\n{(await run.Result).Stdout}{(await run.Result).Stderr}");
            var watch = Stopwatch.StartNew();
            Signals.Send([run.Pid], Signals.Interrupt);
            var result = await run.Result;
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"It took {watch.Elapsed.TotalSeconds:0.0} s to stop.");
            Assert.Equal(130, result.ExitCode);
            Assert.Contains("Stopped.", result.Stderr, StringComparison.Ordinal);
            Assert.Equal([("AnswerOverdue", "drips")], (await drips).Errors.Select(e => (e.Id, e.Host)));
        }
        finally
        {
            await RemoveAsync();
        }
    }

    /// <summary>Nodes whose ways lead to a login of their own on node1; none of them has another address.</summary>
    static string Described(string[] kinds)
    {
        var config = $"Host bad-*\n HostName 172.16.161.200\n HostKeyAlias 172.16.161.200\n" + string.Concat(kinds.Select(k => $"Host bad-{k}\n User bad-{k}\n"));
        var nodes = string.Join('\n', kinds.Select((k, i) => $"New-PemHost 172.16.161.{220 + i} Standby -Cluster $many -Name {k} -HostName bad-{k}"));
        return $$"""
            $many = New-PemCluster many -VirtualIp {{ProcedureLab.VirtualIp}} -PingServer {{LabSwitch.Controller}}
            $bad = @({{nodes}})
            $good = New-PemHost 172.16.161.200 Primary -Cluster $many -Name good
            [System.IO.File]::WriteAllText("$PSScriptRoot/bent-{{kinds[0]}}", '{{config}}')
            $bent = $login + @{ SshConfigFile = "$PSScriptRoot/bent-{{kinds[0]}}" }
            """;
    }

    /// <summary>Logins whose shell obeys until it is sent a script; those of <paramref name="atOnce"/> not even then.</summary>
    Task MakeAsync((string Kind, string Does)[] hosts, params (string Kind, string Does)[] atOnce) => cluster.RootAsync("node1", string.Concat(
        hosts.Select(h => Login(h.Kind, $"IN=$(cat)\n[ -n \"$IN\" ] || exit 0\n{h.Does}")).Concat(atOnce.Select(h => Login(h.Kind, h.Does)))));

    static string Login(string kind, string does) => $$"""
        cat > /usr/local/bin/bad-{{kind}} <<'SHELL'
        #!/bin/sh
        case "$2" in *setsid*) ;; *) exec /bin/sh "$@" ;; esac
        {{does}}
        SHELL
        chmod 755 /usr/local/bin/bad-{{kind}}
        useradd -m -s /usr/local/bin/bad-{{kind}} bad-{{kind}}
        echo 'bad-{{kind}} ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/bad-{{kind}}

        """;

    Task RemoveAsync() => cluster.RootAsync("node1", """
        rm -f /tmp/streams
        for f in /usr/local/bin/bad-*; do
            u=${f##*/}; pkill -KILL -u "$u" || :
            rm -f "$f" "/etc/sudoers.d/$u"; userdel -r "$u" 2>/dev/null || :
        done
        """);
}
