# Loads the cmdlets into a load context of their own, so that what they bring cannot clash with other modules.
# Only core cmdlets are used here: the module also runs in a bare hosted engine.
$folder = [System.IO.Path]::Combine($PSScriptRoot, 'bin')
try {
    $null = [System.Reflection.Assembly]::LoadFrom([System.IO.Path]::Combine($folder, 'PemHa.dll'))
} catch {
    # What is loaded stays until the process ends, so that a newer PemHa cannot take its place.
    $loaded = foreach ($assembly in [System.AppDomain]::CurrentDomain.GetAssemblies()) {
        if ($assembly.GetName().Name -eq 'PemHa') { [System.IO.Path]::GetDirectoryName($assembly.Location) }
    }
    if (-not $loaded) { throw }
    $other = [System.Management.Automation.ErrorRecord]::new(
        [System.InvalidOperationException]::new("Another build of PemHa, from $loaded, is loaded in this session already."),
        'OtherBuildLoaded', 'ResourceExists', $folder)
    $other.ErrorDetails = "$($other.Exception.Message) Start a new session to use the one in $folder."
    $other.ErrorDetails.RecommendedAction = 'Start a new session.'
    throw $other
}
$commands = Import-Module -Assembly ([PemHa.ModuleLoader]::Load()) -PassThru

# An assembly that is loaded already exports nothing to a second import (-Force): name its cmdlets to the module once more.
$export = [System.Management.Automation.PSModuleInfo].GetMethod('AddExportedCmdlet', [System.Reflection.BindingFlags]'Instance, NonPublic')
foreach ($cmdlet in $commands.ExportedCmdlets.Values) {
    $null = $export.Invoke($ExecutionContext.SessionState.Module, @(, $cmdlet))
}
