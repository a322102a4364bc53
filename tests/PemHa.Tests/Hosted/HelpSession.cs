namespace PemHa.Tests.Hosted;

/// <summary>The session that the examples of the pages are run in.</summary>
static class HelpSession
{
    /// <summary>
    /// What pwsh and its modules have and the core engine has not, as much of it as examples use; <c>~</c> and the current folder become
    /// <c>$folder</c>.
    /// </summary>
    public const string Begin = """
        function Get-Secret { param([Parameter(Mandatory, Position = 0)] [string] $Name) Kept $Name }
        function Set-Secret { param([Parameter(Mandatory, Position = 0)] [string] $Name, [Parameter(Mandatory, Position = 1)] $Secret) }
        function Get-Credential { param([Parameter(Mandatory, Position = 0)] [string] $UserName) New-PemCredential $UserName }
        function Import-Csv {
            param([Parameter(Mandatory, Position = 0)] [string] $Path)
            [pscustomobject] @{ Address = '10.20.0.11'; Role = 'Standby'; Name = 'db2' }
        }
        function Get-Content { param([Parameter(Mandatory, Position = 0)] [string] $Path) [System.IO.File]::ReadAllLines("$folder/$Path") }
        function Set-Content {
            param([Parameter(Mandatory, Position = 0)] [string] $Path, [Parameter(ValueFromPipeline)] $Value)
            process { }
        }
        function ConvertTo-Json { param([Parameter(ValueFromPipeline)] $InputObject) process { "$InputObject" } }
        function Format-Table {
            param([Parameter(Position = 0)] [object[]] $Property, [switch] $Wrap, [Parameter(ValueFromPipeline)] $InputObject)
            process { Asked $InputObject $Property }
        }
        function Format-List {
            param([Parameter(Position = 0)] [object[]] $Property, [Parameter(ValueFromPipeline)] $InputObject)
            process { Asked $InputObject $Property }
        }
        function Group-Object {
            param([Parameter(Mandatory, Position = 0)] [string] $Property, [Parameter(ValueFromPipeline)] $InputObject)
            process { Asked $InputObject $Property; [pscustomobject] @{ Count = 1; Name = $InputObject.$Property } }
        }
        # A view of a property that is not there shows an empty column.
        function Asked($object, $properties) {
            foreach ($property in $properties) {
                if ($null -ne $object -and -not $object.psobject.Properties[$property]) { throw "There is no property $property." }
            }
        }
        # A secret store that holds what the folder does.
        function Kept($name) {
            $users = @{ 'pem-repl' = 'repl'; 'pem-efm' = 'efm'; 'pem-super' = 'pemsuper'; 'pem-settings' = 'pem_user_settings' }
            New-PemCredential $users[$name] -Path ~/.pemha/efm
        }
        $ExecutionContext.SessionState.Provider.GetOne('FileSystem').Home = $folder
        $null = $ExecutionContext.SessionState.Path.SetLocation($folder)
        $nodes = $hosts
        $cluster = $hosts[0].Cluster
        $repl, $efm, $super, $authority = 'repl', 'efm', 'pemsuper', 'authority' |
            ForEach-Object { New-PemCredential $_ -Path ~/.pemha/efm }
        $deployment = @{
            Replication = $repl; Efm = $efm; SuperUser = $super; AuthorityPath = '~/.pemha/efm/ca'; AuthorityPassword = $authority.Password
        }

        """;
}
