using System.Management.Automation;
using PemHa.Engine;

namespace PemHa.Commands;

/// <summary>The one place where the engine's errors become PowerShell's.</summary>
static class Errors
{
    /// <summary>An error record: stable id, category, the host as its target, the remedy as its recommended action.</summary>
    /// <param name="subject">What it is about, when that is no single host.</param>
    public static ErrorRecord Record(PemException e, object? subject = null)
    {
        var where = e.Step is null ? "" : $"{e.Step}: ";
        if (e.Host is { } host && !e.Message.Contains(host.Name, StringComparison.Ordinal)) where += $"{host.Name}: ";
        var record = new ErrorRecord(e, e.Id, Category(e.Category), e.Host ?? e.Given ?? subject)
        {
            ErrorDetails = new ErrorDetails(where + e.Message) { RecommendedAction = e.Remedy },
        };
        return record;
    }

    /// <summary>An error for wrong input.</summary>
    public static ErrorRecord Input(string id, string message, object? target, Exception? inner = null)
    {
        message = Printable.Text(message);
        return new(new ArgumentException(message, inner), id, Category(ErrorTable.Of(id).Category), target)
        {
            ErrorDetails = new ErrorDetails(message) { RecommendedAction = ErrorTable.Of(id).Remedy },
        };
    }

    static ErrorCategory Category(Trouble trouble) => Enum.Parse<ErrorCategory>(trouble.ToString());
}
