using System.Collections.Concurrent;
using PemHa.Engine;
using PemHa.Engine.State;

namespace PemHa.Tests;

/// <summary>Keeps what the engine reports, and says yes to every change.</summary>
sealed class TestReporter : IReporter
{
    public ConcurrentQueue<PemException> Errors { get; } = [];

    public bool WhatIf => false;

    public void Decision(string text) { }

    public void Command(string text) { }

    public void Milestone(string text) { }

    public void Warn(string text) { }

    public void Progress(PemHost host, string activity, string status, int? percent) { }

    public void Doing(PemHost host, string? what) { }

    public void Error(PemException error) => Errors.Enqueue(error);

    public Task<bool> ShouldChangeAsync(PemChange change, Recipe recipe) => Task.FromResult(true);
}
