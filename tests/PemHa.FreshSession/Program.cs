using System.Management.Automation;
using System.Management.Automation.Runspaces;

// PemHa.FreshSession SCRIPT.ps1 [ARGUMENT...]: runs a script in a hosted engine with nothing imported. Each object and each error is a line.
using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
runspace.Open();
using var shell = PowerShell.Create(runspace).AddScript(File.ReadAllText(args[0]));
foreach (var argument in args[1..]) shell.AddArgument(argument);
try
{
    foreach (var item in shell.Invoke()) Console.WriteLine(item);
}
catch (RuntimeException e)
{
    shell.Streams.Error.Add(e.ErrorRecord);
}
foreach (var error in shell.Streams.Error) Console.WriteLine($"ERROR {error.FullyQualifiedErrorId}: {error}");
return shell.Streams.Error.Count > 0 ? 1 : 0;
