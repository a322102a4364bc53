using System.Management.Automation;

namespace PemHa.Commands;

/// <summary>A step that may take minutes, so that somebody may want to go on meanwhile.</summary>
public abstract class LongStepCommand : StepCommand
{
    /// <summary>Runs as a job of this session; asks once before. A preview is given at once, without a job.</summary>
    [Parameter]
    public SwitchParameter AsJob { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!AsJob || !StartJob(Hosts)) base.EndProcessing();
    }
}
