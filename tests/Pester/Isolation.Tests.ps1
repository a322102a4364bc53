BeforeAll {
    . $PSScriptRoot/Common.ps1
    # A session of its own, since what a process has loaded stays. Gives what the script gives.
    function Invoke-Session([string] $Script) {
        & pwsh -NoProfile -NonInteractive -Command @"
`$ErrorActionPreference = 'Stop'
`$module = '$((Get-Item $module).FullName)'
function Use-PemHa {
    `$cluster = New-PemCluster -VirtualIp 127.0.0.9 -PingServer 127.0.0.8
    `$login = @{ Credential = [pscredential]::new('root', (ConvertTo-SecureString x -AsPlainText)); SshConfigFile = 'none' }
    New-PemHost 127.0.0.1 Primary -Cluster `$cluster -SshPort 1 |
        Connect-PemHost @login -KnownHostsFile /none -ErrorAction SilentlyContinue -ErrorVariable failed
    `$failed[0].FullyQualifiedErrorId
}
$Script
"@ 2>&1
    }
    $folder = Join-Path (Get-Module PemHa).ModuleBase bin
    $libraries = (Get-ChildItem $folder -Filter *.dll).BaseName | Where-Object { $_ -notlike 'PemHa*' }
}

Describe 'The module in a session' {
    It 'brings into the shared load context its models, and nothing else' {
        $loaded = Invoke-Session @'
Import-Module $module
Use-PemHa
foreach ($context in [System.Runtime.Loader.AssemblyLoadContext]::All) {
    $context.Assemblies.ForEach({ "$($context.Name) $($_.GetName().Name)" })
}
'@
        $loaded | Should -Contain 'Default PemHa'
        $loaded | Should -Contain 'PemHa PemHa.Engine'
        $loaded | Should -Contain 'PemHa Renci.SshNet'
        foreach ($library in $libraries) { $loaded | Should -Not -Contain "Default $library" }
    }
    It 'works where another module has loaded an assembly of the same name' {
        Invoke-Session @'
$folder = (New-Item (Join-Path ([System.IO.Path]::GetTempPath()) "pemha-$PID") -ItemType Directory).FullName
$code = 'namespace Renci.SshNet { public class SshClient { public static string Whose => "another one"; } }'
Add-Type -TypeDefinition $code -OutputAssembly "$folder/Renci.SshNet.dll"
$null = [System.Reflection.Assembly]::LoadFrom("$folder/Renci.SshNet.dll")
Import-Module $module
Use-PemHa
[Renci.SshNet.SshClient]::Whose
Remove-Item $folder -Recurse -Force -ErrorAction Ignore
'@ | Should -Be 'Unreachable,PemHa.Commands.ConnectPemHostCommand', 'another one'
    }
    It 'can be imported again, by force too, removed, and imported anew' {
        Invoke-Session @'
Import-Module $module; Import-Module $module; Import-Module $module -Force
(Get-Command -Module PemHa).Count
Remove-Module PemHa
@(Get-Command -Module PemHa).Count
Import-Module $module
(New-PemCluster again -VirtualIp 192.0.2.9 -PingServer 192.0.2.1).Name
'@ | Should -Be (Get-Command -Module PemHa).Count, 0, again
    }
    It 'works in every runspace of ForEach-Object -Parallel and in thread jobs' {
        $path = (Get-Item $module).FullName
        $names = 1..8 | ForEach-Object -ThrottleLimit 8 -Parallel {
            Import-Module $using:path
            $cluster = New-PemCluster "c$_" -VirtualIp 192.0.2.9 -PingServer 192.0.2.1
            (New-PemHost 192.0.2.11 Primary -Cluster $cluster | Get-PemClusterStatus).Cluster
        }
        $names | Sort-Object | Should -Be (1..8 | ForEach-Object { "c$_" })
        $job = Start-ThreadJob { Import-Module $using:path; (New-PemCluster job -VirtualIp 192.0.2.9 -PingServer 192.0.2.1).Name }
        $job | Wait-Job -Timeout 60 | Receive-Job | Should -Be job
        $job | Remove-Job -Force
    }
}

Describe 'The module''s public face' {
    It 'shows no type of a library''s' {
        $commands = [PemHa.ModuleLoader]::Load()
        $types = [PemHa.PemHost].Assembly.GetExportedTypes() + $commands.GetExportedTypes()
        $shown = foreach ($type in $types) {
            foreach ($member in $type.GetMembers()) {
                switch ($member.MemberType) {
                    Property { $member.PropertyType }
                    Field { $member.FieldType }
                    Method { $member.ReturnType; $member.GetParameters().ParameterType }
                    Constructor { $member.GetParameters().ParameterType }
                }
            }
        }
        $parts = $shown.Where({ $_ }).ForEach({ if ($_.HasElementType) { $_.GetElementType() } else { $_; $_.GenericTypeArguments } })
        $parts.Count | Should -BeGreaterThan 500
        $parts.ForEach({ $_.Assembly.GetName().Name }) | Sort-Object -Unique |
            Where-Object { $_ -notmatch '^(PemHa|PemHa\.Commands|System\..*)$' } | Should -BeNullOrEmpty
    }
}
