using System.Diagnostics;
using System.Globalization;
using PemHa.Engine.Remote;

namespace PemHa.Engine.State;

/// <summary>
/// One run at a time on a host. Who comes second is told whom it waits for: another person's run for a while, and then it is an error; an
/// earlier one of its own, whose connection was lost or that was stopped, until the host is done with it.
/// </summary>
sealed class Turn(IReporter reporter, string step)
{
    /// <summary>How long another's run is waited for.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromSeconds(30);

    /// <inheritdoc cref="Usual"/>
    public TimeSpan Patience { get; init; } = Usual;

    /// <summary>Runs a script when it is its turn.</summary>
    /// <exception cref="PemException">What <see cref="SshSession.RunAsync"/> throws.</exception>
    public async Task<IReadOnlyList<FragmentResult>> RunAsync(PemHost host, RemoteScript script, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        for (var told = false; ; told = true)
        {
            try
            {
                var results = await SshSession.Of(host).RunAsync(script, ct);
                if (script is { TakenOver: { } dead, Step: not null }) reporter.Warn($"{host.Name}: an earlier run ended in the middle of its work: {dead}. This one goes on from what it left.");
                return results;
            }
            catch (PemException e) when (e.Id == "HostLocked" && (e.Holder is { Forsaken: true } || watch.Elapsed < Patience))
            {
                var what = e.Holder is not { } holder ? "another run of PemHa" : holder.Forsaken ? $"an earlier run of yours, {holder}" : $"another run of PemHa, {holder}";
                if (!told)
                {
                    reporter.Warn(e.Holder is { Forsaken: true } ? $"{host.Name}: {what} is still at work there; following it until it is done."
                        : string.Create(CultureInfo.InvariantCulture, $"{host.Name}: {what} is at work there; waiting for it, {Patience.TotalSeconds:0} s at most."));
                }
                reporter.Progress(host, step, $"waiting for {what}", -1);
            }
        }
    }
}
