using System.Globalization;
using System.Text;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;

namespace PemHa.Engine.Runbooks;

/// <summary>A plan for people who approve it: what is changed, what that interrupts, how it is proven and taken back. No secrets.</summary>
sealed class ChangeRequest(PemCluster cluster, IReadOnlyList<PemHost> hosts, IReadOnlyList<PlannedChange> changes, DateTimeOffset made)
{
    /// <summary>Actions after which something answers no more for a while, or is gone.</summary>
    static readonly string[] Interrupting = ["restart", "end", "remove", "replace", "renew", "reconnect"];

    readonly string[] _secrets = [.. changes.SelectMany(c => c.Recipe.Secrets).Distinct()];

    /// <summary>It, in Markdown.</summary>
    /// <param name="shell">The script's file name.</param>
    public string Text(string shell)
    {
        var s = new StringBuilder();
        void Line(string text = "") => s.Append(text).Append('\n');
        Line($"# Change request: PEM cluster {cluster.Name}");
        Line();
        var touched = changes.Select(c => c.Change.HostName).Distinct().Count();
        Line(Number($"{changes.Count} changes on {touched} hosts, planned on {made:yyyy-MM-dd HH:mm} UTC from what the hosts were then."));
        Line("Nothing has been changed yet.");
        Line();
        Line("| node | address | role | reached by |");
        Line("|---|---|---|---|");
        foreach (var host in hosts) Line($"| {host.Name} | {host.Address} | {host.Role} | `{ShellRunbook.Command(host)}` |");
        Line();
        var url = $"https://{NodeAddress.At(cluster.VirtualIp, cluster.WebPort)}/pem";
        Line($"Virtual IP {cluster.VirtualIp}, database port {cluster.Port}, EFM port {cluster.EfmPort}, PEM at {url}.");
        Line();
        Line("## How");
        Line();
        Line($"`sh {shell}` on a machine with `ssh` and `openssl` makes these changes, in this order. It stops at the first that fails; run again, it");
        Line("goes on with that one. `Install-PemCluster` makes them as well, and looks at each host before and after each of them. Beforehand");
        Line("`Test-PemPrerequisite` tells what would be in the way.");
        if (_secrets.Length > 0)
        {
            Line();
            Line("It asks for these secrets unless a variable holds them:");
            Line();
            foreach (var secret in _secrets) Line($"- `{secret}`: {ShellRunbook.Meaning(secret)}");
        }
        Line();
        Line("## What it interrupts");
        Line();
        var interrupting = changes.Where(c => c.Recipe.Interrupts || Interrupting.Contains(c.Change.Action)).ToList();
        if (interrupting.Count == 0) Line("Nothing that runs is stopped, restarted or removed.");
        foreach (var (change, _) in interrupting) Line($"- {change.HostName}: {change.Action} {change.Resource}");
        Line();
        Line("A reload restarts a database only where the server then says that a setting waits for it, and never under a running EFM agent.");
        Line();
        Line("## The way back");
        Line();
        Line("Each file that is edited is kept beside itself as `NAME.pemha-TIME`, with its owner and mode. A data directory that a standby replaces is");
        Line("kept as `NAME.pemha-old-TIME` until the new standby streams, or, where -Force overrode a refusal, as `NAME.pemha-kept-TIME` until you");
        Line("remove it. Packages stay installed; services go with `systemctl disable --now`.");
        Line();
        Line("## Proof afterwards");
        Line();
        Line("- `Get-PemPlan` with the same description lists no change.");
        Line($"- `Get-PemClusterStatus`, or `{cluster.EfmCommand} cluster-status {cluster.Name}` on a node: every agent is there, every");
        Line("  database UP, the virtual IP on the primary.");
        Line($"- {url} answers with a certificate that your authority signed.");
        Line();
        Line("## The changes");
        foreach (var step in changes.Select((c, i) => (c.Change, Index: i + 1)).GroupBy(c => c.Change.Step))
        {
            Line();
            Line($"### {step.Key}");
            foreach (var (change, index) in step)
            {
                Line();
                Line(Number($"{index}. **{change.HostName}**: {change.Action} {change.Resource}"));
                if (change.Difference.Length == 0) continue;
                // A fence of its own length: a difference may hold one.
                var fence = "```";
                while (change.Difference.Contains(fence, StringComparison.Ordinal)) fence += "`";
                Line();
                Line($"   {fence}{(change.Difference.StartsWith("---", StringComparison.Ordinal) ? "diff" : "")}");
                foreach (var line in change.Difference.Split('\n')) Line($"   {line}".TrimEnd());
                Line($"   {fence}");
            }
        }
        return s.ToString();
    }

    static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
