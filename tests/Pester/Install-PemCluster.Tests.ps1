BeforeAll {
    . $PSScriptRoot/Common.ps1
    $with = @{ Replication = New-TestCredential repl; Efm = New-TestCredential efm; SuperUser = New-TestCredential pemsuper }
    $with.Confirm = $false
    $authority = @{ AuthorityPath = 'TestDrive:/ca'; AuthorityPassword = (New-TestCredential x).Password }
}

Describe 'Install-PemCluster' {
    It 'needs the three roles in every way, and what the SSL model takes' {
        Get-ParameterName Install-PemCluster SslUtils -Mandatory | Should -Be Efm, PemHost, Replication, SuperUser
        Get-ParameterName Install-PemCluster LocalCA -Mandatory |
            Should -Be AuthorityPassword, AuthorityPath, Efm, PemHost, Replication, SuperUser
        Get-ParameterName Install-PemCluster ExternalCA -Mandatory | Should -Be CertificatePath, Efm, PemHost, Replication, SuperUser
    }
    It 'refuses at the very beginning what a late step would refuse: <Id>' -ForEach @(
        @{ Id = 'PropertyUnfit'; Given = @{ EfmProperty = @{ 'a b' = 1 } } }
        @{ Id = 'UserNameUnfit'; User = 'pem super'; Given = @{} }
        @{ Id = 'SslModelDiffers'; Given = @{}; Model = 'ExternalCA' }
    ) {
        $asked = $with.Clone()
        if ($User) { $asked.SuperUser = New-TestCredential $User }
        $model = if ($Model) { $Model } else { 'LocalCA' }
        (Get-Failure { New-TestHost $model | Install-PemCluster @asked @authority @Given }).FullyQualifiedErrorId |
            Should -Be "$Id,PemHa.Commands.InstallPemClusterCommand"
        Test-Path TestDrive:/ca | Should -BeFalse
    }
    It 'knows no step of the name <_>' -ForEach 'Set-Nothing', 'Get-PemPlan' {
        $step = $_
        $failure = Get-Failure { New-TestHost | Install-PemCluster @with @authority -StartAt $step }
        $failure.CategoryInfo.Category | Should -Be InvalidArgument
        "$failure" | Should -Match $step
    }
    It 'completes the names of its steps in their order' {
        $line = 'Install-PemCluster -StopAfter Set-Pem'
        $found = [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches
        $found.CompletionText | Should -Be Set-PemPassFile, Set-PemSsl, Set-PemHba, Set-PemWebApplication
    }
}
