BeforeDiscovery {
    . $PSScriptRoot/Common.ps1
    $types = [PemHa.PemHost].Assembly.GetExportedTypes().Where({ -not $_.IsEnum -and -not $_.IsAbstract }).ForEach({ @{ Type = $_ } })
}
BeforeAll {
    . $PSScriptRoot/Common.ps1
    $nodes = New-TestHost
    # One of each type, as it comes.
    $samples = @(
        $nodes[0], $nodes[0].Cluster
        $nodes | Get-PemClusterStatus
        ($nodes | Get-PemClusterStatus).Finding
        [PemHa.PemChange]::new('node1', 'Set-PemHba', 'file pg_hba.conf', 'edit', "--- a`n+++ a`n+hostssl all")
        [PemHa.PemStepResult]::new('Set-PemHba', 3, 12, 1.5)
        [PemHa.PemCheck] @{ HostName = 'node1'; Check = 'clock'; Cluster = 'efm'; State = 'Failed'; Why = 'It is late.'; Remedy = 'Set it.' }
        [PemHa.PemVirtualIpTest] @{ HostName = 'node1'; Interface = 'ens33'; Address = '192.0.2.245/24'; State = 'Passed'; Why = 'node2 got an answer.' }
    )
}

Describe '<Type.Name>' -ForEach $types {
    It 'is shown in <_> columns, as a table and as a list' -ForEach 80, 160 {
        $sample = $samples.Where({ $_.GetType() -eq $Type })[0]
        foreach ($shown in ($sample | Format-Table | Out-String -Width $_), ($sample | Format-List | Out-String -Width $_)) {
            $shown.Trim() | Should -Not -BeNullOrEmpty
            foreach ($line in $shown -split "`r?`n") { ($line -replace '\e\[[0-9;]*m').TrimEnd().Length | Should -BeLessOrEqual $_ }
        }
    }
    It 'has a list with all that it is to show' {
        $sample = $samples.Where({ $_.GetType() -eq $Type })[0]
        $list = $sample | Format-List | Out-String -Width 160
        foreach ($name in $sample.PSStandardMembers.DefaultDisplayPropertySet.ReferencedPropertyNames) {
            $list -match "(?m)^$name +: " -or ($name -eq 'Info' -and -not $sample.Info) -or $list -match "(?m)^ *${name}: " | Should -BeTrue -Because $name
        }
    }
}

Describe 'The list of a node''s status' {
    It 'tells each finding and what to do on lines of their own' {
        $node = $samples.Where({ $_ -is [PemHa.PemNodeStatus] })[0]
        $list = $node | Format-List | Out-String -Width 200
        foreach ($finding in $node.Finding) {
            $list | Should -Match ([regex]::Escape("$finding"))
            $list | Should -Match ([regex]::Escape("-> $($finding.Remedy)"))
        }
    }
}
