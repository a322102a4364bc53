<#
.SYNOPSIS
Verifies a cluster that runs against its topology file: a suite for your CI. Needs Pester 5 or 6, and changes nothing.
.DESCRIPTION
Verify-Cluster.ps1 runs it and writes the report that your CI reads. What each node is now is asked of the node; whether it is as the
procedure wants it is asked of Get-PemPlan, which then has nothing to change, step by step: packages, settings, HBA rules, certificates
(issued by the right authority, for the node and the virtual IP, not near their end), TLS as a handshake shows it, agents, web application.
.EXAMPLE
Invoke-Pester -Container (New-PesterContainer ./PemCluster.Tests.ps1 -Data @{ Topology = './C1.psd1'; Login = @{ KeyFile = '~/.ssh/ci' } })
#>
param(
    [Parameter(Mandatory)] [string] $Topology,
    # How to reach the nodes: Connect-PemHost's parameters.
    [hashtable] $Login = @{ UserName = 'root' },
    # What Install-PemCluster was given: Replication, Efm, SuperUser, and what the SSL model takes. Without it the plan is not asked for.
    [hashtable] $Deployment = @{}
)

BeforeDiscovery {
    if (-not (Get-Module PemHa)) { Import-Module PemHa }
    $nodes = Import-PemTopology $Topology | ForEach-Object { @{ Name = $_.Name; IsWitness = $_.Role -eq 'Witness' } }
    $data = $nodes | Where-Object { -not $_.IsWitness }
    $steps = @(
        @{ Step = 'Install-PemEpas'; What = 'packages, services and firewall' }
        @{ Step = 'Enable-PemReplication'; What = 'replication role and settings' }
        @{ Step = 'Set-PemPassFile'; What = 'password files' }
        @{ Step = 'Initialize-PemReplica'; What = 'standbys' }
        @{ Step = 'New-PemCertificate'; What = 'certificates' }
        @{ Step = 'Set-PemSsl'; What = 'TLS' }
        @{ Step = 'Set-PemHba'; What = 'HBA rules' }
        @{ Step = 'Invoke-PemRollingRestart'; What = 'settings that wait for a restart' }
        @{ Step = 'New-PemEfmCluster'; What = 'EFM' }
        @{ Step = 'New-PemAgentUser'; What = 'the role of the agents' }
        @{ Step = 'Install-PemServer'; What = 'PEM' }
        @{ Step = 'Set-PemWebApplication'; What = 'the web application' }
    )
}

BeforeAll {
    if (-not (Get-Module PemHa)) { Import-Module PemHa }
    $hosts = Import-PemTopology $Topology
    $connected = $hosts | Connect-PemHost @Login -ErrorAction SilentlyContinue -ErrorVariable unreachable
    $status = $hosts | Get-PemClusterStatus
    $byName = @{}
    foreach ($node in $status) { $byName[$node.Name] = $node }
    $primary = @($status | Where-Object { $_.Role -eq 'Primary' })
}

AfterAll { $hosts | Disconnect-PemHost }

Describe 'The cluster' {
    It 'can be reached, every node' {
        $unreachable | ForEach-Object { "$_" } | Should -BeNullOrEmpty
        @($connected).Count | Should -Be $hosts.Count
    }
    It 'has one primary' { $primary.Name | Should -HaveCount 1 }
    It 'has its virtual IP on the primary, and nowhere else' {
        ($status | Where-Object { $_.VirtualIp }).Name | Should -Be $primary.Name
    }
    It 'has one EFM agent that coordinates the others' { @($status | Where-Object { $_.Coordinator }) | Should -HaveCount 1 }
    It 'has a standby that EFM would promote' { @($status | Where-Object { $_.Priority -gt 0 }).Count | Should -BeGreaterThan 0 }
}

Describe '<Name>' -ForEach $nodes {
    It 'is known to EFM as what it is' { $byName[$Name].Efm | Should -Be $byName[$Name].Role }
    It 'is a witness if and only if it is described as one' { $byName[$Name].Role -eq 'Witness' | Should -Be $IsWitness }
    It 'has nothing that is not as it should be' { $byName[$Name].Finding | ForEach-Object { "$_" } | Should -BeNullOrEmpty }
}

Describe 'The database on <Name>' -ForEach $data {
    It 'runs' { $byName[$Name].Database | Should -Be UP }
    It 'takes writes, or streams from the node that does' {
        $node = $byName[$Name]
        if ($node.Role -eq 'Primary') { $node.Lsn | Should -Not -BeNullOrEmpty } else { $node.Replication | Should -Be streaming }
    }
    It 'is watched by a PEM agent that runs' { $byName[$Name].Agent | Should -BeTrue }
}

# A user's choice: without -Deployment there is no plan to ask for, and the report of the CI says that these were skipped.
Describe 'As the procedure wants it' -Skip:($Deployment.Count -eq 0) {
    BeforeAll { $plan = $hosts | Get-PemPlan @Deployment -ErrorAction SilentlyContinue -ErrorVariable unplanned }

    It 'every node can be looked at' { $unplanned | ForEach-Object { "$_" } | Should -BeNullOrEmpty }
    It '<What> (<Step>)' -ForEach $steps {
        $plan | Where-Object { $_.Step -eq $Step } | ForEach-Object { "$($_.HostName): $($_.Action) $($_.Resource)" } |
            Should -BeNullOrEmpty
    }
}
