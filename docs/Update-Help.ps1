<#
.SYNOPSIS
Brings docs/en-US up to date with the cmdlets, and makes en-US, which the module ships, of it: build.ps1 -Task Docs.
.DESCRIPTION
Pages are written by hand. What the code says itself (syntax, parameters, types, sets) is brought into them here, with placeholders for
what somebody has to write; tests fail until somebody did. Needs the built module and Microsoft.PowerShell.PlatyPS 1.0 or newer.
#>
[CmdletBinding()]
param()
$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot
$pages = Join-Path $PSScriptRoot en-US
$shipped = Join-Path $root en-US
$scratch = Join-Path ([System.IO.Path]::GetTempPath()) "pemha-help-$PID"

# The same bytes on every system, and no change where there is none.
function Write-Text([string] $Path, [string] $Text) {
    $text = $Text.Replace("`r`n", "`n").TrimStart([char] 0xFEFF).TrimEnd() + "`n"
    if (-not (Test-Path $Path) -or [System.IO.File]::ReadAllText($Path) -cne $text) {
        [System.IO.File]::WriteAllText($Path, $text)
        Get-Item $Path
    }
}

# Markdown inside a line as plain text; a link to a page of ours is its title.
function ConvertTo-Plain([string] $Text) {
    $text = $Text -replace '\[([^\]]+)\]\((https?:[^)]+)\)', '$1 ($2)' -replace '\[([^\]]+)\]\([^)]+\)', '$1'
    $text -replace '\\([][<>*_`\\])', '$1' -replace '`'
}

# Paragraphs, list items each by itself, as one line each: whoever shows them knows how wide the screen is.
function Get-Paragraph([string] $Text) {
    ($Text.Replace("`r", '').Trim() -split '\n\s*\n' | ForEach-Object { $_ -split '\n(?=- )' } | ForEach-Object {
            ConvertTo-Plain ($_.Trim() -replace '\s*\n\s*', ' ')
        }).Where{ $_ }
}

# The default as the cmdlet itself begins with it; none where a value has to be given.
function Get-Default([System.Management.Automation.CmdletInfo] $Command, $Instance, [string] $Name) {
    $property = $Command.ImplementingType.GetProperty($Name)
    if (-not $property -or $Command.Parameters[$Name].ParameterSets.Values.IsMandatory -contains $true) { return '' }
    $value = $property.GetValue($Instance)
    if ($value -is [System.IConvertible] -or $value -is [switch] -or $value -is [version]) { "$value" } else { '' }
}

# The values that a parameter is limited to.
function Get-AcceptedValue([System.Management.Automation.ParameterMetadata] $Parameter) {
    $type = [System.Nullable]::GetUnderlyingType($Parameter.ParameterType) ?? $Parameter.ParameterType
    if ($type.IsEnum) { return [enum]::GetNames($type) }
    ($Parameter.Attributes | Where-Object { $_ -is [System.Management.Automation.ValidateSetAttribute] }).ValidValues
}

# A page with its syntax and parameters as the code has them now; the prose stays, and what has none yet gets a placeholder.
function Write-Page([System.Management.Automation.CmdletInfo] $Command) {
    $null = New-MarkdownCommandHelp -CommandInfo $Command -OutputFolder $scratch -Force
    $fresh = [System.IO.File]::ReadAllText((Join-Path $scratch PemHa "$($Command.Name).md")).Replace("`r", '').TrimStart([char] 0xFEFF)
    $page = Join-Path $pages "$($Command.Name).md"
    $before = if (Test-Path $page) { [System.IO.File]::ReadAllText($page).Replace("`r", '') }
    else { $fresh -replace '(?s)(?<=## ALIASES\n\n).*?(?=\n## )', "This cmdlet has no aliases.`n" }

    $syntax = [regex] '(?s)(?<=\n## SYNTAX\n).*?(?=\n## )'
    $section = [regex] '(?s)(?<=\n## PARAMETERS\n\n).*?(?=### CommonParameters\n)'
    $parameter = [regex] '(?s)### -(?<name>\w+)\n\n(?<prose>.*?)\n\n(?<yaml>```yaml\n.*?\n```\n)'
    $prose = @{}
    foreach ($match in $parameter.Matches($section.Match($before).Value)) {
        $prose[$match.Groups['name'].Value] = $match.Groups['prose'].Value
    }
    $instance = [System.Activator]::CreateInstance($Command.ImplementingType)
    $parameters = foreach ($match in $parameter.Matches($section.Match($fresh).Value)) {
        $name = $match.Groups['name'].Value
        $accepted = -join (Get-AcceptedValue $Command.Parameters[$name]).Where{ $_ }.ForEach{ "`n- $_" }
        $wild = "$($Command.Parameters[$name].Attributes.Where{ $_ -is [SupportsWildcards] }.Count -gt 0)".ToLowerInvariant()
        $default = (Get-Default $Command $instance $name) -replace '^$', "''"
        $yaml = $match.Groups['yaml'].Value -replace "(?m)^DefaultValue: ''$", "DefaultValue: $default"
        $yaml = $yaml -replace '(?m)^SupportsWildcards: \w+$', "SupportsWildcards: $wild"
        if ($accepted) { $yaml = $yaml.Replace('AcceptedValues: []', "AcceptedValues:$accepted") }
        "### -$name`n`n$($prose[$name] ?? $match.Groups['prose'].Value)`n`n$yaml`n"
    }
    $after = $syntax.Replace($before, $syntax.Match($fresh).Value.Replace('$', '$$'), 1)
    $after = $section.Replace($after, (-join $parameters).Replace('$', '$$'), 1)
    # A page is as old as what it says.
    $date = [regex] '(?m)^ms\.date: .*$'
    if ($after -cne $before) { $after = $date.Replace($after, $date.Match($fresh).Value, 1) }
    Write-Text $page $after
}

function Write-Paragraph([System.Xml.XmlElement] $Element, [string[]] $Text) {
    $Element.RemoveAll()
    foreach ($line in $Text) {
        $para = $Element.OwnerDocument.CreateElement('maml', 'para', $maml)
        $para.InnerText = $line
        $null = $Element.AppendChild($para)
    }
}

$maml = 'http://schemas.microsoft.com/maml/2004/10'
$dev = 'http://schemas.microsoft.com/maml/dev/2004/10'

# platyPS leaves Markdown in the texts, examples in one piece, and defaults out; Get-Help shows what it is given.
function Format-Command([System.Xml.XmlElement] $Node, $Help) {
    Write-Paragraph $Node.details.GetElementsByTagName('maml:description')[0] (Get-Paragraph $Help.Synopsis)
    Write-Paragraph ($Node.ChildNodes | Where-Object Name -eq 'maml:description') (Get-Paragraph $Help.Description)
    $short = @{}
    foreach ($parameter in $Node.syntax.syntaxItem.parameter) { $short[$parameter.name] = $parameter.parameterValue.'#text' }
    foreach ($parameter in $Node.parameters.parameter) {
        $of = $Help.Parameters | Where-Object Name -eq $parameter.name
        Write-Paragraph $parameter.GetElementsByTagName('maml:description')[0] (Get-Paragraph $of.Description)
        if ($value = $parameter.ChildNodes | Where-Object Name -eq 'command:parameterValue') { $value.InnerText = $short[$parameter.name] }
        if ("$($of.DefaultValue)".Length -gt 0) {
            $default = $Node.OwnerDocument.CreateElement('dev', 'defaultValue', $dev)
            $default.InnerText = $of.DefaultValue
            $null = $parameter.AppendChild($default)
        }
    }
    $types = @($Node.inputTypes.inputType) + @($Node.returnValues.returnValue)
    $texts = @($Help.Inputs) + @($Help.Outputs)
    for ($i = 0; $i -lt $texts.Count; $i++) {
        Write-Paragraph $types[$i].GetElementsByTagName('maml:description')[0] (Get-Paragraph $texts[$i].Description)
    }
    $notes = Get-Paragraph "$($Help.Notes)"
    $alerts = $Node.ChildNodes | Where-Object Name -eq 'maml:alertSet'
    if ($notes) { Write-Paragraph $alerts.alert $notes } else { $null = $Node.RemoveChild($alerts) }

    $fence = [regex] '(?ms)^```\w*\n(.*?)\n```$'
    for ($i = 0; $i -lt $Help.Examples.Count; $i++) {
        $example = @($Node.examples.example)[$i]
        $text = $Help.Examples[$i].Remarks.Replace("`r", '')
        Write-Paragraph ($example.ChildNodes | Where-Object Name -eq 'maml:introduction') @()
        $code = $fence.Matches($text).ForEach{ $_.Groups[1].Value } -join "`n`n"
        ($example.ChildNodes | Where-Object Name -eq 'dev:code').InnerText = $code
        Write-Paragraph ($example.ChildNodes | Where-Object Name -eq 'dev:remarks') @(Get-Paragraph $fence.Replace($text, ''); '')
    }
    foreach ($link in @($Node.relatedLinks.navigationLink)) {
        # A page is found by its name; there is no address to go to.
        if ($link.linkText -eq 'Online Version' -and -not $link.uri) { $null = $Node.relatedLinks.RemoveChild($link) }
        elseif ($link.uri -notmatch '^https?:') { $link.GetElementsByTagName('maml:uri')[0].InnerText = '' }
    }
}

# Lines of at most 79 columns, the first with its own indent.
function Format-Line([string] $Text, [string] $First, [string] $Rest) {
    $line = $First
    $empty = $true
    foreach ($word in $Text -split ' ') {
        if (-not $empty -and $line.Length + 1 + $word.Length -gt 79) { $line; $line = $Rest; $empty = $true }
        $line += if ($empty) { $word } else { " $word" }
        $empty = $false
    }
    $line
}

function ConvertTo-AboutText([string] $Markdown) {
    $blocks = [regex]::Matches($Markdown.Replace("`r", ''), '(?m)^```\w*\n(?:(?!```).*\n)*```$|(?:^(?!```).+\n?)+').Value
    $lines = foreach ($block in $blocks) {
        if ($block -match '^# (.+)') { 'TOPIC'; "    $($Matches[1])" }
        elseif ($block -match '^## (.+)') { $Matches[1].ToUpperInvariant() }
        elseif ($block -match '^### (.+)') { Format-Line $Matches[1] '  ' '  ' }
        elseif ($block -match '(?s)^```\w*\n(.*?)\n```') { $Matches[1] -split '\n' | ForEach-Object { "        $_".TrimEnd() } }
        else {
            foreach ($paragraph in Get-Paragraph $block) {
                if ($paragraph.StartsWith('- ')) { Format-Line $paragraph '    ' '      ' } else { Format-Line $paragraph '    ' '    ' }
            }
        }
        # Get-Help takes the fifth line of a topic for its synopsis.
        if ($block -notmatch '^## ') { '' }
    }
    $lines -join "`n"
}

try {
    $null = New-Item $scratch, $shipped -ItemType Directory -Force
    Import-Module (Join-Path $root PemHa.psd1) -Force
    $commands = Get-Command -Module PemHa
    foreach ($command in $commands) { Write-Page $command }
    Get-ChildItem $pages -Filter *-*.md | Where-Object BaseName -notin $commands.Name | Remove-Item

    $help = @($commands | ForEach-Object { Import-MarkdownCommandHelp (Join-Path $pages "$($_.Name).md") })
    $file = $help | Export-MamlCommandHelp -OutputFolder $scratch -Force
    $xml = [xml]::new()
    $xml.PreserveWhitespace = $false
    $xml.Load($file.FullName)
    for ($i = 0; $i -lt $help.Count; $i++) { Format-Command $xml.DocumentElement.ChildNodes[$i] $help[$i] }
    $writer = [System.IO.StringWriter]::new()
    $settings = [System.Xml.XmlWriterSettings] @{ Indent = $true; NewLineChars = "`n"; OmitXmlDeclaration = $true }
    $out = [System.Xml.XmlWriter]::Create($writer, $settings)
    $xml.Save($out)
    $out.Close()
    $text = $writer.ToString() -replace '^<\?xml[^>]*>\s*'
    Write-Text (Join-Path $shipped $file.Name) "<?xml version=""1.0"" encoding=""utf-8""?>`n$text"

    foreach ($topic in Get-ChildItem $pages -Filter about_*.md) {
        Write-Text (Join-Path $shipped "$($topic.BaseName).help.txt") (ConvertTo-AboutText ([System.IO.File]::ReadAllText($topic.FullName)))
    }
} finally {
    Remove-Item $scratch -Recurse -Force -ErrorAction Ignore
}
