namespace PemHa;

/// <summary>One change that a step made, or with <c>-WhatIf</c> would make, on a node.</summary>
/// <param name="HostName">The node.</param>
/// <param name="Step">The cmdlet.</param>
/// <param name="Resource">The thing changed, such as <c>file /var/lib/edb/as17/data/pg_hba.conf</c>.</param>
/// <param name="Action">What is done to it, such as <c>edit</c>.</param>
/// <param name="Difference">A unified diff for files, the command or SQL otherwise; secrets masked.</param>
public sealed record PemChange(string HostName, string Step, string Resource, string Action, string Difference)
{
    /// <summary>A unified diff for files, the command or SQL otherwise; secrets masked, and control characters shown as such.</summary>
    public string Difference { get; init => field = Printable.Text(value); } = Printable.Text(Difference);
}

/// <summary>What one step did over all of its nodes.</summary>
/// <param name="Step">The cmdlet.</param>
/// <param name="HostCount">How many nodes it looked at.</param>
/// <param name="ChangeCount">How many changes it made; 0 when everything was as wanted.</param>
/// <param name="Seconds">Wall time in seconds.</param>
public sealed record PemStepResult(string Step, int HostCount, int ChangeCount, double Seconds);
