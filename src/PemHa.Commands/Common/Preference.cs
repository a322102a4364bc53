using System.Management.Automation;

namespace PemHa.Commands;

/// <summary>Preferences of the caller that a cmdlet has to know before it asks.</summary>
static class Preference
{
    /// <summary>Whether -WhatIf is in force, given or inherited.</summary>
    public static bool WhatIf(PSCmdlet command) => command.MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given)
        ? ((SwitchParameter)given).IsPresent
        : LanguagePrimitives.IsTrue(command.GetVariableValue("WhatIfPreference"));
}
