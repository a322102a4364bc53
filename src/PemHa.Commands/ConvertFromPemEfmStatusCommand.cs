using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.Efm;
using PemHa.Engine.Procedure;

namespace PemHa.Commands;

/// <summary>
/// Reads the report of <c>efm cluster-status</c> or <c>efm cluster-status-json</c>, of EFM 4 and 5, as copied from a terminal, and
/// gives what <c>Get-PemClusterStatus</c> gives: a status of each node, with what is wrong. No connection is made. What EFM does not report
/// (replication's state, PEM's agent) is null.
/// </summary>
/// <remarks>
/// Prompts, the header of <c>watch</c>, colours, Windows line ends and lines broken by a narrow terminal do no harm; several reports are
/// read one after the other. A report that cannot be read is the error EfmStatusUnreadable, with the line and what was expected there.
/// </remarks>
[Cmdlet(VerbsData.ConvertFrom, "PemEfmStatus", DefaultParameterSetName = "Text")]
[OutputType(typeof(PemNodeStatus))]
public sealed class ConvertFromPemEfmStatusCommand : PSCmdlet
{
    readonly List<string> _lines = [];

    /// <summary>The report: one text, or line by line.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, Position = 0, ParameterSetName = "Text")]
    [AllowEmptyString]
    [AllowNull]
    public string?[] InputObject { get; set; } = [];

    /// <summary>Files with reports, on this machine; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Path")]
    [SupportsWildcards]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string[] Path { get; set; } = [];

    /// <summary>The cluster's name where the report does not tell it: JSON does not.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ClusterName { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var line in InputObject ?? []) _lines.Add(line ?? "");
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ParameterSetName == "Text") Convert(string.Join('\n', _lines), null);
        else foreach (var file in Path.SelectMany(p => GetResolvedProviderPathFromPSPath(p, out _))) Convert(Read(file), file);
    }

    void Convert(string text, string? file)
    {
        try
        {
            foreach (var status in EfmReport.Read(text))
                foreach (var node in StatusJudge.Of(status, ClusterName)) WriteObject(node);
        }
        catch (PemException e)
        {
            var record = Errors.Record(e, file);
            var message = file is null ? record.ErrorDetails.Message : $"{file}: {record.ErrorDetails.Message}";
            record.ErrorDetails = new ErrorDetails(message) { RecommendedAction = e.Remedy };
            ThrowTerminatingError(record);
        }
    }

    string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ThrowTerminatingError(Errors.Input("FileUnreadable", $"{file} cannot be read: {e.Message}", file, e));
            throw;
        }
    }
}
