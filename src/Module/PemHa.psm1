# Loads the cmdlets into a load context of their own, so that what they bring cannot clash with other modules.
# Only core cmdlets are used here: the module also runs in a bare hosted engine.
$folder = [System.IO.Path]::Combine($PSScriptRoot, 'bin')
$null = [System.Reflection.Assembly]::LoadFrom([System.IO.Path]::Combine($folder, 'PemHa.dll'))
$commands = Import-Module -Assembly ([PemHa.ModuleLoader]::Load()) -PassThru

# An assembly that is loaded already exports nothing to a second import (-Force): name its cmdlets to the module once more.
$export = [System.Management.Automation.PSModuleInfo].GetMethod('AddExportedCmdlet', [System.Reflection.BindingFlags]'Instance, NonPublic')
foreach ($cmdlet in $commands.ExportedCmdlets.Values) {
    $null = $export.Invoke($ExecutionContext.SessionState.Module, @(, $cmdlet))
}
