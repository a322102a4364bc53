using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>Gathers what a preview would change instead of telling it.</summary>
sealed class PlanReporter(IReporter outer) : IReporter
{
    readonly List<PlannedChange> _changes = [];

    public bool WhatIf => true;

    public IReadOnlyList<PlannedChange> Changes => _changes;

    /// <summary>Whether something could not be planned, so that what is there is not all.</summary>
    public bool Incomplete { get; private set; }

    public void Decision(string text) => outer.Decision(text);

    public void Command(string text) => outer.Command(text);

    public void Milestone(string text) => outer.Milestone(text);

    public void Warn(string text) => outer.Warn(text);

    public void Progress(PemHost host, string activity, string status, int? percent) => outer.Progress(host, activity, status, percent);

    public void Doing(PemHost host, string? what) => outer.Doing(host, what);

    public void Error(PemException error)
    {
        Incomplete = true;
        outer.Error(error);
    }

    public Task<bool> ShouldChangeAsync(PemChange change, Recipe recipe)
    {
        _changes.Add(new(change, recipe));
        return Task.FromResult(true);
    }
}

/// <summary>A change of a plan, and how it is made by hand.</summary>
sealed record PlannedChange(PemChange Change, Recipe Recipe);
