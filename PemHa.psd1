@{
    RootModule             = 'src/Module/PemHa.psm1'
    ModuleVersion          = '0.1.0'
    GUID                   = 'b5a7c2f4-6f0e-4a35-9a6d-2f7d0f6c1e83'
    Author                 = 'PemHa contributors'
    CompanyName            = 'PemHa contributors'
    Copyright              = '(c) 2026 PemHa contributors. MIT licence.'
    Description            = 'Builds and verifies a highly available Postgres Enterprise Manager (EDB reference architecture C1) over SSH: plan, preview, run, run again.'
    PowerShellVersion      = '7.4'
    CompatiblePSEditions   = @('Core')
    FormatsToProcess       = @('src/Module/PemHa.Format.ps1xml')
    TypesToProcess         = @('src/Module/PemHa.Types.ps1xml')
    FunctionsToExport      = @()
    AliasesToExport        = @()
    VariablesToExport      = @()
    CmdletsToExport        = @(
        'Connect-PemHost'
        'ConvertFrom-PemEfmStatus'
        'Disconnect-PemHost'
        'Enable-PemReplication'
        'Enable-PemUserSettings'
        'Export-PemRunbook'
        'Export-PemTopology'
        'Get-PemClusterStatus'
        'Get-PemPlan'
        'Import-PemSupportBundle'
        'Import-PemTopology'
        'Initialize-PemReplica'
        'Install-PemCluster'
        'Install-PemEpas'
        'Install-PemServer'
        'Invoke-PemRollingRestart'
        'New-PemAgentUser'
        'New-PemCertificate'
        'New-PemCluster'
        'New-PemCredential'
        'New-PemEfmCluster'
        'New-PemHost'
        'Save-PemSupportBundle'
        'Set-PemHba'
        'Set-PemPassFile'
        'Set-PemSsl'
        'Set-PemWebApplication'
        'Test-PemCertificate'
        'Test-PemPrerequisite'
        'Test-PemVirtualIp'
    )
    PrivateData            = @{
        PSData = @{
            Tags         = @('Postgres', 'PostgreSQL', 'EDB', 'PEM', 'EFM', 'HighAvailability', 'SSH', 'Linux', 'Windows', 'PSEdition_Core')
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
