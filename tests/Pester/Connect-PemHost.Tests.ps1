BeforeAll {
    . $PSScriptRoot/Common.ps1
    # A port of this machine that nobody listens on.
    $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $listener.Start(); $port = $listener.LocalEndpoint.Port; $listener.Stop()
    $cluster = New-PemCluster -VirtualIp 127.0.0.9 -PingServer 127.0.0.8
    $node = New-PemHost 127.0.0.1 Primary -Cluster $cluster -Name here -SshPort $port
    $alone = @{ SshConfigFile = 'none'; KnownHostsFile = '/none'; TimeoutSec = 5 }
}

Describe 'Connect-PemHost' {
    It 'takes hosts from the pipeline and gives back those that are connected' {
        (Get-Command Connect-PemHost).OutputType.Type | Should -Be ([PemHa.PemHost])
        Get-ParameterName Connect-PemHost -Mandatory | Should -Be PemHost
        $out = $node | Connect-PemHost -Credential (New-TestCredential root) @alone -ErrorAction SilentlyContinue -ErrorVariable failed
        $out | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'Unreachable,PemHa.Commands.ConnectPemHostCommand'
        $failed[0].TargetObject | Should -Be $node
        $failed[0].CategoryInfo.Category | Should -Be ConnectionError
        $failed[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        $node.Connected | Should -BeFalse
    }
    It 'ends at the first host with -ErrorAction Stop' {
        { $node | Connect-PemHost -Credential (New-TestCredential root) @alone -ErrorAction Stop } | Should -Throw
    }
    It 'names a key that cannot be read' {
        $complaint = Get-Complaint { $node | Connect-PemHost -KeyFile TestDrive:/no/key @alone }
        $complaint.FullyQualifiedErrorId | Should -BeLike 'KeyFileUnreadable,*'
    }
    It 'ends where the ssh_config that is given is not there' {
        (Get-Failure { $node | Connect-PemHost -SshConfigFile TestDrive:/no/config }).FullyQualifiedErrorId |
            Should -BeLike 'SshConfigUnreadable,*'
    }
    It 'takes only whole fingerprints: <_>' -ForEach 'MD5:aa', 'SHA256:short', '' {
        $fingerprint = $_
        (Get-Failure { $node | Connect-PemHost -AcceptHostKey $fingerprint }).FullyQualifiedErrorId |
            Should -BeLike 'ParameterArgumentValidation*,*'
    }
    It 'shows no password, not even to -Debug' {
        $said = $node | Connect-PemHost -Credential (New-TestCredential root 'hunter2') @alone -ErrorAction Continue -Verbose -Debug *>&1 |
            Out-String
        $said | Should -Not -BeNullOrEmpty
        $said | Should -Not -Match hunter2
    }
}
