using System.Runtime.InteropServices;
using PemHa.Lab;
using PemHa.Lab.Verbs;

// Ctrl-C and SIGTERM cancel; what is half-made is taken away before the program ends.
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    stop.Cancel();
});

try
{
    return await Verb.RunAsync(args, stop.Token);
}
catch (LabException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped.");
    return 130;
}
