namespace PemHa.Engine.State;

/// <summary>How the engine speaks to the person; implemented by the cmdlets. Texts are redacted before they come here.</summary>
interface IReporter
{
    /// <summary>Whether this is a preview.</summary>
    bool WhatIf { get; }

    /// <summary>A decision (Verbose).</summary>
    void Decision(string text);

    /// <summary>A command as sent (Debug).</summary>
    void Command(string text);

    /// <summary>A milestone (Information).</summary>
    void Milestone(string text);

    void Warn(string text);

    /// <summary>How far a host is.</summary>
    /// <param name="percent">0–100, or -1 when unknown; null when the host is done.</param>
    void Progress(PemHost host, string activity, string status, int? percent);

    /// <summary>What a host was told to do and has not answered; null when it has.</summary>
    void Doing(PemHost host, string? what);

    /// <summary>Trouble on one host, which leaves the pipeline.</summary>
    void Error(PemException error);

    /// <summary>Asks, or with -WhatIf tells, before a change.</summary>
    /// <param name="recipe">How it is made by hand.</param>
    Task<bool> ShouldChangeAsync(PemChange change, Recipe recipe);
}
