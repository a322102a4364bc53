BeforeAll {
    . $PSScriptRoot/Common.ps1
    $base = (Get-Module PemHa).ModuleBase
    $manifest = Test-ModuleManifest "$base/PemHa.psd1"
    $data = Import-PowerShellDataFile "$base/PemHa.psd1"
    $package = Get-Item (Join-Path $base "../PemHa.$($manifest.Version).nupkg") -ErrorAction Ignore
}

Describe 'The manifest' {
    It 'is a module of PowerShell 7.4 and newer' {
        $manifest.PowerShellVersion | Should -Be ([version]'7.4')
        $manifest.CompatiblePSEditions | Should -Be Core
        $manifest.Tags | Should -Contain PSEdition_Core
    }
    It 'exports what there is, by name, and nothing else' {
        $data.CmdletsToExport | Should -Not -Contain '*'
        (Get-Command -Module PemHa).Name | Sort-Object | Should -Be ($data.CmdletsToExport | Sort-Object)
        @($data.FunctionsToExport) + $data.AliasesToExport + $data.VariablesToExport | Should -BeNullOrEmpty
        Get-Command -Module PemHa | Where-Object CommandType -ne Cmdlet | Should -BeNullOrEmpty
    }
    It 'tells the Gallery what it is' {
        $manifest.Description.Length | Should -BeGreaterThan 50
        $manifest.Author, $manifest.Copyright | Should -Not -Contain $null
        $manifest.ReleaseNotes | Should -Match '(?m)^- '
        $manifest.Tags.Count | Should -BeGreaterThan 4
        $manifest.Tags -match '\s' | Should -BeNullOrEmpty
    }
    It 'bears the version of its assemblies and of its change log' {
        [PemHa.ModuleLoader].Assembly.GetName().Version.ToString(3) | Should -Be $manifest.Version.ToString()
        $newest = (Select-String -Path "$base/CHANGELOG.md" -Pattern '^## (\S+)')[0].Matches[0].Groups[1].Value
        $newest | Should -Be $manifest.Version.ToString()
    }
    It 'names files that are in the folder' {
        foreach ($file in @($data.RootModule) + $data.FormatsToProcess + $data.TypesToProcess) { Join-Path $base $file | Should -Exist }
    }
}

Describe 'The folder' {
    It 'holds licence, notices, change log and examples, and nothing of the build' {
        $files = 'LICENSE', 'THIRD-PARTY-NOTICES.md', 'CHANGELOG.md', 'README.md', 'PemHa.png', 'docs/examples/C1.psd1'
        foreach ($file in $files) { Join-Path $base $file | Should -Exist }
        Get-ChildItem $base -Recurse -Include *.pdb, *.cs, *.csproj, *.deps.json | Should -BeNullOrEmpty
    }
}

# PSResourceGet comes with PowerShell 7.4 and newer, but can be taken out; Pester counts what is skipped then.
Describe 'The package' -Skip:(-not (Get-Command Install-PSResource -ErrorAction Ignore)) {
    BeforeAll {
        $repository = "PemHaTests$PID"
        $null = New-Item TestDrive:/repository, TestDrive:/installed -ItemType Directory
        $package | Should -Not -BeNullOrEmpty
        Copy-Item $package TestDrive:/repository
        Register-PSResourceRepository $repository -Uri (Get-Item TestDrive:/repository).FullName -Trusted
    }
    AfterAll { Unregister-PSResourceRepository $repository }

    It 'is found in a repository that is a folder' {
        $found = Find-PSResource PemHa -Repository $repository
        $found.Version | Should -Be $manifest.Version
        $found.Tags | Should -Contain PostgreSQL
        $found.Description | Should -Be $manifest.Description
    }
    It 'installs from there as the same files, and is imported by its name in a new session' {
        Save-PSResource PemHa -Repository $repository -Path (Get-Item TestDrive:/installed).FullName -TrustRepository
        # "hash path" of each file, but for what the installer adds.
        $told = {
            param($folder)
            Push-Location $folder
            Get-ChildItem -Recurse -File |
                ForEach-Object { "$((Get-FileHash -LiteralPath $_).Hash) $(Resolve-Path -LiteralPath $_ -Relative)" } |
                Where-Object { $_ -notmatch 'PSGetModuleInfo|Content_Types|_rels|nuspec' } | Sort-Object
            Pop-Location
        }
        & $told "TestDrive:/installed/PemHa/$($manifest.Version)" | Should -Be (& $told $base)
        $count = & pwsh -NoProfile -Command {
            param($path)
            $env:PSModulePath = $path + [System.IO.Path]::PathSeparator + $env:PSModulePath
            (Get-Command -Module (Import-Module PemHa -PassThru)).Count
        } -args (Get-Item TestDrive:/installed).FullName
        $count | Should -Be $data.CmdletsToExport.Count
    }
    # On Windows the user's modules lie where the registry says, which no variable moves: the test would install for real.
    It 'is installed for the current user by Install-PSResource' -Skip:$IsWindows {
        # A home of its own: nobody's modules and repositories are touched.
        $user = (New-Item TestDrive:/user/.local/share -ItemType Directory).Parent.Parent.FullName
        $said = & /usr/bin/env -u XDG_DATA_HOME -u PSModulePath "HOME=$user" pwsh -NoProfile -Command @"
            Register-PSResourceRepository local -Uri '$((Get-Item TestDrive:/repository).FullName)' -Trusted
            Install-PSResource PemHa -Repository local -Scope CurrentUser
            (Import-Module PemHa -PassThru).ModuleBase
"@
        $said | Should -BeLike "$user/.local/share/powershell/Modules/PemHa/$($manifest.Version)"
    }
}
