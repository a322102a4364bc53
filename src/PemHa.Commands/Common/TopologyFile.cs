using System.Collections;
using System.Management.Automation;
using PemHa.Engine;

namespace PemHa.Commands;

/// <summary>Reads the text of a topology file, from a file or from a support bundle.</summary>
static class TopologyFile
{
    /// <summary>
    /// The hosts that it describes; any problem in it ends the command with the error TopologyUnfit.
    /// </summary>
    /// <param name="name">The name of the file in the error.</param>
    public static IReadOnlyList<PemHost> Hosts(PSCmdlet command, string text, string name)
    {
        var remembered = command.SessionState.PSVariable.GetValue("global:Error") as ArrayList;
        var problems = new TopologyProblems(name);
        var before = remembered?.Count ?? 0;
        var hosts = new TopologyText(problems).Read(text) is { } file ? new TopologyReader(problems).Read(file) : [];
        // Remove the errors that parsing added: $Error should hold only the one reported below.
        while (remembered is not null && remembered.Count > before) remembered.RemoveAt(0);
        if (problems.Count > 0)
        {
            var error = new PemException(
                "TopologyUnfit",
                Trouble.InvalidArgument,
                problems.ToString(),
                "Correct the file at the lines that the message names, then import it again.");
            command.ThrowTerminatingError(Errors.Record(error, name));
        }
        return hosts;
    }
}
