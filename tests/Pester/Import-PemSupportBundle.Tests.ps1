BeforeAll {
    . $PSScriptRoot/Common.ps1
    $bundle = Join-Path $PSScriptRoot ../bundles/lab-two-nodes.zip
}

Describe 'Import-PemSupportBundle' {
    It 'makes offline hosts of which the status and the checks can be asked' {
        $hosts = Import-PemSupportBundle $bundle
        $hosts | Should -BeOfType PemHa.PemHost
        $hosts.Name | Should -Be node1, node2, witness1
        $hosts.Connected | Should -Not -Contain $true
        ($hosts | Get-PemClusterStatus).Role | Should -Be Primary, Standby, Witness
        ($hosts | Test-PemPrerequisite | Where-Object Check -eq connection).State | Select-Object -Unique | Should -Be Passed
    }
    It 'says that a host is offline where one is needed' {
        $complaint = Get-Complaint { Import-PemSupportBundle $bundle | Connect-PemHost }
        $complaint.FullyQualifiedErrorId | Select-Object -Unique | Should -Be 'HostOffline,PemHa.Commands.ConnectPemHostCommand'
    }
    It 'refuses what is not a bundle, and names a file that is not there' {
        Set-Content TestDrive:/no.zip 'no zip'
        (Get-Failure { Import-PemSupportBundle TestDrive:/no.zip }).FullyQualifiedErrorId | Should -BeLike 'BundleUnusable,*'
        (Get-Failure { Import-PemSupportBundle TestDrive:/none.zip }).FullyQualifiedErrorId | Should -BeLike 'FileUnreadable,*'
    }
}
