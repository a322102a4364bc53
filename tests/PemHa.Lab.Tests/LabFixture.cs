using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// One booted lab for the tests of a class or collection: booted when a test first asks for it, taken down after the last. A class that
/// wants other hosts derives from it. Tests that may not run here are skipped with the reason.
/// </summary>
public class LabFixture : IAsyncLifetime
{
    static int s_count;
    readonly SemaphoreSlim _gate = new(1);
    Lab? _lab;

    /// <summary>No two fixtures share a name, in this run or another one.</summary>
    internal string Name { get; } = $"test-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";

    internal virtual LabOptions Options => new() { Name = Name };

    /// <summary>The lab, booted; skips the test where no lab can be.</summary>
    internal async Task<Lab> LabAsync()
    {
        NeedLab();
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            var log = new StepLog(new DiagnosticWriter(), terminal: false);
            if (_lab is null)
            {
                var disks = await DisksAsync();
                _lab = await Lab.UpAsync(Options with { Disks = disks }, log, TestContext.Current.CancellationToken);
                if (disks is not null)
                    await ContinueAsync(_lab, disks);
            }
            return _lab;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The disks that the hosts begin with; null: new hosts.</summary>
    internal virtual Task<LabDisks?> DisksAsync() => Task.FromResult<LabDisks?>(null);

    /// <summary>Goes on from where kept disks are.</summary>
    internal virtual Task ContinueAsync(Lab lab, LabDisks disks) => Task.CompletedTask;

    /// <summary>Skips the test, with the reason, where no lab can be.</summary>
    internal static void NeedLab() => Assert.SkipWhen(Preflight.Refusal() is not null, Preflight.Refusal() ?? "");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        if (_lab is not null)
            await _lab.DisposeAsync();
        _gate.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Sends what the lab says to the test runner's diagnostic messages.</summary>
    sealed class DiagnosticWriter : StringWriter
    {
        public override void Write(string? value) => TestContext.Current.SendDiagnosticMessage((value ?? "").TrimEnd());

        public override void WriteLine(string? value) => Write(value);
    }
}
