using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace PemHa.Commands;

/// <summary>Each text as a whole is of a form, and is refused in words where it is not.</summary>
/// <remarks>
/// In place of ValidatePattern: the <c>$</c> of a pattern lets a line break pass at the end, and what is refused would reach a terminal as it is.
/// </remarks>
/// <param name="pattern">What the whole text matches.</param>
/// <param name="form">What that is, for a person.</param>
[AttributeUsage(AttributeTargets.Property)]
sealed class ValidateFormAttribute(string pattern, string form) : ValidateEnumeratedArgumentsAttribute
{
    /// <summary>A file or a folder on this machine: no system takes a NUL, and nobody means the other control characters.</summary>
    public const string Path = @"[^\x00-\x1f\x7f]+";

    /// <summary>The same in words.</summary>
    public const string PathForm = "a path without control characters";

    protected override void ValidateElement(object element)
    {
        var text = Convert.ToString(element, CultureInfo.InvariantCulture) ?? "";
        if (!Regex.IsMatch(text, $@"\A(?:{pattern})\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking))
            throw new ValidationMetadataException(Printable.Text($"'{text}' will not do: it has to be {form}."));
    }
}
