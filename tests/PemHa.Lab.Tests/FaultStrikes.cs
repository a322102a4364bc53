using System.Globalization;
using PemHa.Lab.Faults;

namespace PemHa.Lab.Tests;

/// <summary>One run of a step that meets a fault.</summary>
/// <param name="Running">The step, where it runs already.</param>
sealed record FaultRun(FaultLab Lab, FaultCell Cell, RunningCommand? Running)
{
    public string Host => Cell.Step.Host;

    public string Step => Cell.Step.Name;
}

/// <summary>When a fault is struck.</summary>
enum Moment
{
    /// <summary>Before the step is started.</summary>
    Before,

    /// <summary>Between its connections and itself.</summary>
    Connected,

    /// <summary>When the host is in the middle of it.</summary>
    Middle,
}

/// <summary>How a fault is brought about on the lab, and how it goes away again.</summary>
abstract class FaultStrike
{
    /// <summary>When it is struck.</summary>
    public virtual Moment When(FaultCell cell) => Moment.Before;

    /// <summary>Whether it ends the process that runs the step, so that there is nothing to read.</summary>
    public virtual bool EndsTheRun => false;

    /// <summary>Whether such an end of the process, and so soon, is what the fault brings about.</summary>
    public virtual bool Ends(CommandResult result, double seconds) => true;

    /// <summary>Starts the step.</summary>
    public virtual Task<RunningCommand> StartAsync(FaultLab lab, FaultCell cell) => lab.StartAsync();

    public abstract Task StrikeAsync(FaultRun run);

    public virtual Task HealAsync(FaultRun run) => Task.CompletedTask;

    public static FaultStrike Of(Fault fault) => fault switch
    {
        Fault.ConnectionCut => new ConnectionCut(),
        Fault.PowerOff => new PowerOff(),
        Fault.Frozen => new Frozen(),
        Fault.ControllerKilled => new ControllerKilled(),
        Fault.ControlC => new ControlC(),
        Fault.DataDirectoryFull => new DiskFull("/var/lib/edb", cell => cell.Step.DataHost),
        Fault.EtcFull => new DiskFull("/etc", cell => cell.Step.Host),
        Fault.DnfLocked => new DnfLocked(),
        Fault.PackageMissing => new PackageMissing(),
        Fault.SudoPassword => new SudoPassword(),
        Fault.DatabasePassword => new DatabasePassword(),
        Fault.PortBlocked => new PortBlocked(),
        Fault.VirtualIpTaken => new VirtualIpTaken(),
        Fault.SecondOperator => new SecondOperator(),
        _ => new ClockOff(),
    };

    /// <summary>In the middle, but for a step that only connects.</summary>
    protected static Moment Middle(FaultCell cell) => cell.Step.Name == FaultTable.Connect ? Moment.Before : Moment.Middle;
}

sealed class ConnectionCut : FaultStrike
{
    public override Moment When(FaultCell cell) => Middle(cell);

    public override async Task StrikeAsync(FaultRun run)
    {
        await (await run.Lab.LabAsync()).LinkAsync(run.Host, up: false, ProcedureLab.Cancellation);
        run.Lab.LetGo();
    }

    public override async Task HealAsync(FaultRun run)
    {
        var lab = await run.Lab.LabAsync();
        await lab.LinkAsync(run.Host, up: true, ProcedureLab.Cancellation);
        // The kernel goes on taking the host for gone until it has asked for its address again.
        await ProcedureLab.UntilAsync($"{run.Host} on the network again", () => lab.SshAsync(run.Host, "true", cancellation: ProcedureLab.Cancellation), r => r.ExitCode == 0);
    }
}

sealed class PowerOff : FaultStrike
{
    public override Moment When(FaultCell cell) => Middle(cell);

    public override async Task StrikeAsync(FaultRun run) => await (await run.Lab.LabAsync()).PowerCutAsync(run.Host, ProcedureLab.Cancellation);

    public override async Task HealAsync(FaultRun run)
    {
        var lab = await run.Lab.LabAsync();
        await lab.PowerOnAsync(run.Host, ProcedureLab.Cancellation);
        await lab.WaitRunningAsync(run.Host, ProcedureLab.Cancellation);
        // An agent that met no database at its start stays idle (T13).
        await run.Lab.RootAsync(run.Host, "! systemctl -q is-enabled edb-efm-5.2 2>/dev/null || systemctl restart edb-efm-5.2");
    }
}

sealed class Frozen : FaultStrike
{
    public override Moment When(FaultCell cell) => Middle(cell);

    public override async Task StrikeAsync(FaultRun run) => await (await run.Lab.LabAsync()).FreezeAsync(run.Host, ProcedureLab.Cancellation);

    public override async Task HealAsync(FaultRun run)
    {
        run.Lab.LetGo();
        await (await run.Lab.LabAsync()).ThawAsync(run.Host, ProcedureLab.Cancellation);
    }
}

sealed class ControllerKilled : FaultStrike
{
    public override Moment When(FaultCell cell) => Moment.Middle;

    public override bool EndsTheRun => true;

    public override bool Ends(CommandResult result, double seconds) => result.ExitCode == 128 + 9;

    public override Task StrikeAsync(FaultRun run)
    {
        run.Running!.Kill();
        run.Lab.LetGo();
        return Task.CompletedTask;
    }
}

sealed class ControlC : FaultStrike
{
    public override Moment When(FaultCell cell) => Moment.Middle;

    public override bool EndsTheRun => true;

    // A person waits no second; the rest is the engine's own end.
    public override bool Ends(CommandResult result, double seconds) => result.ExitCode == 130 && seconds < 2;

    public override Task StrikeAsync(FaultRun run)
    {
        Signals.Send([run.Running!.Pid], Signals.Interrupt);
        run.Lab.LetGo();
        return Task.CompletedTask;
    }
}

/// <summary>The folder moves to a small file system of its own, with all that is in it, and that is filled.</summary>
sealed class DiskFull(string folder, Func<FaultCell, string> host) : FaultStrike
{
    public override Task StrikeAsync(FaultRun run) => run.Lab.RootAsync(host(run.Cell), $$"""
        active=
        for u in pemagent edb-efm-5.2 edb-as-17; do
            if [ {{folder}} = /var/lib/edb ] && systemctl -q is-active $u; then active="$u $active"; systemctl stop $u; fi
        done
        mkdir -p {{folder}} /run/small
        echo "$active" > /run/small.units
        mount -t tmpfs -o mode=$(stat -c %a {{folder}}),uid=$(stat -c %u {{folder}}),gid=$(stat -c %g {{folder}}),size=$(( $(du -sk {{folder}} | cut -f1) + 1024 ))k small /run/small
        cp -a {{folder}}/. /run/small/
        mount --bind /run/small {{folder}}
        # it lives in a namespace of its own, which goes on seeing what was there before
        [ {{folder}} != /etc ] || systemctl try-restart firewalld
        for u in $active; do systemctl start $u; done
        # to the last byte, in small pieces at the end
        dd if=/dev/zero of={{folder}}/filling bs=64k 2>/dev/null || :
        dd if=/dev/zero of={{folder}}/filling2 bs=512 2>/dev/null || :
        """);

    public override Task HealAsync(FaultRun run) => run.Lab.RootAsync(host(run.Cell), $"""
        rm -f {folder}/filling {folder}/filling2; mount -o remount,size=2g /run/small
        {(run.Cell.Person is null ? "! grep -qw edb-as-17 /run/small.units || systemctl start edb-as-17" : "")}
        """);
}

sealed class DnfLocked : FaultStrike
{
    public override async Task StrikeAsync(FaultRun run)
    {
        await run.Lab.RootAsync(run.Host, """
            systemd-run -q --unit updates python3 -c '
            import dnf.lock, time
            with dnf.lock.build_rpmdb_lock("/var/lib/dnf", True): time.sleep(600)'
            """);
        await ProcedureLab.UntilAsync("dnf's lock", () => run.Lab.RootAsync(run.Host, "cat /var/lib/dnf/rpmdb_lock.pid 2>/dev/null || :"), pid => pid.Length > 0);
    }

    public override Task HealAsync(FaultRun run) => run.Lab.RootAsync(run.Host, "systemctl stop updates");
}

sealed class PackageMissing : FaultStrike
{
    public override Task StrikeAsync(FaultRun run) => run.Lab.RootAsync(run.Host, $"""
        mkdir -p /root/away; mv /srv/repo/edb/{(run.Step == FaultTable.Packages ? "edb-as17-server" : "edb-pem")}-[0-9]*.rpm /root/away
        createrepo_c -q --no-database /srv/repo/edb; dnf -q clean expire-cache
        """);

    public override Task HealAsync(FaultRun run) => run.Lab.RootAsync(run.Host, "mv /root/away/*.rpm /srv/repo/edb; createrepo_c -q --no-database /srv/repo/edb; dnf -q clean expire-cache");
}

sealed class SudoPassword : FaultStrike
{
    const string Wrong = "Wrong-pass1";

    public override Moment When(FaultCell cell) => cell.Step.Name == FaultTable.Connect ? Moment.Before : Moment.Connected;

    public override Task<RunningCommand> StartAsync(FaultLab lab, FaultCell cell) =>
        When(cell) == Moment.Before ? lab.StartAsync(Wrong) : lab.StartAsync(FaultLab.AdminPassword, between: true);

    public override async Task StrikeAsync(FaultRun run)
    {
        if (run.Running is null) return;
        await run.Lab.RootAsync(run.Host, $"echo {FaultLab.Admin}:{Wrong} | chpasswd");
        run.Lab.GoOn();
    }

    public override Task HealAsync(FaultRun run) => run.Lab.RootAsync(run.Host, $"echo {FaultLab.Admin}:{FaultLab.AdminPassword} | chpasswd");
}

sealed class DatabasePassword : FaultStrike
{
    public override Moment When(FaultCell cell) => cell.Step.Name is FaultTable.Replica or FaultTable.Hba ? Moment.Before : Moment.Middle;

    public override async Task StrikeAsync(FaultRun run)
    {
        await run.Lab.SqlAsync("node1", $"ALTER ROLE {run.Cell.Step.Role} PASSWORD 'somebody else''s'");
        run.Lab.LetGo();
    }
}

sealed class PortBlocked : FaultStrike
{
    public override Task StrikeAsync(FaultRun run)
    {
        var (host, port) = run.Cell.Step.Port;
        return run.Lab.DropAsync(host, string.Create(CultureInfo.InvariantCulture, $"iifname != \"lo\" tcp dport {port}"));
    }

    public override Task HealAsync(FaultRun run) => run.Lab.UndropAsync(run.Cell.Step.Port.Host);
}

sealed class VirtualIpTaken : FaultStrike
{
    static readonly string[] Address = [$"{ProcedureLab.VirtualIp}/24", "dev", "br0"];

    public override async Task StrikeAsync(FaultRun run) =>
        (await (await run.Lab.LabAsync()).EnterAsync(["ip", "addr", "add", .. Address], cancellation: ProcedureLab.Cancellation)).Check("Taking the address");

    public override async Task HealAsync(FaultRun run) =>
        (await (await run.Lab.LabAsync()).EnterAsync(["ip", "addr", "del", .. Address], cancellation: ProcedureLab.Cancellation)).Check("Giving the address back");
}

sealed class SecondOperator : FaultStrike
{
    RunningCommand? _second;

    public override Moment When(FaultCell cell) => Moment.Middle;

    public override async Task StrikeAsync(FaultRun run)
    {
        var second = _second = await run.Lab.StartAsync();
        // It meets the first one's lock, unless the first is done before.
        await ProcedureLab.UntilAsync(
            "the second operator at the lock",
            () => Task.FromResult(second.Result.IsCompleted || run.Running!.Result.IsCompleted || run.Lab.CommandLines(run.Host).Any(l => l.StartsWith("flock ", StringComparison.Ordinal))),
            met => met);
        run.Lab.LetGo();
    }

    public override async Task HealAsync(FaultRun run)
    {
        var result = await _second!.Result;
        Second = new ProcedureReport(result.Stdout, result.Stderr);
        await _second.DisposeAsync();
    }

    /// <summary>What the second one was told.</summary>
    public ProcedureReport? Second { get; private set; }
}

sealed class ClockOff : FaultStrike
{
    // Its mend for old C libraries makes every wait of .NET's end at once.
    public override Task<RunningCommand> StartAsync(FaultLab lab, FaultCell cell) =>
        lab.StartAsync(under: ["env", "FAKETIME_FORCE_MONOTONIC_FIX=0", "faketime", "-m", "--exclude-monotonic", "-f", "+2h"]);

    public override Task StrikeAsync(FaultRun run) => Preflight.RequireClockToolAsync(StepLog.Silent, ProcedureLab.Cancellation);
}
