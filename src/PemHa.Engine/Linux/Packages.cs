using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Linux;

/// <summary>Packages installed by dnf in one transaction (P3, P6, P32).</summary>
sealed class Packages(IReadOnlyList<string> names) : Resource
{
    /// <summary>A package for a command that must be there, whoever provides it (T1: Java).</summary>
    public (string Command, string Package)? Unless { get; init; }

    /// <summary>A user that one of the packages makes: where /etc is full it cannot, and is installed all the same.</summary>
    public (string Package, string User)? Makes { get; init; }

    /// <summary>Further options of <c>dnf install</c>.</summary>
    public string Options { get; init; } = "";

    public override string Name => $"package {string.Join(", ", names)}";

    public override string Probe
    {
        get
        {
            var probe = $"for p in {Sh.Join([.. names])}; do rpm -q --quiet \"$p\" || fact \"missing.$p\" 1; done";
            if (Unless is var (command, package)) probe += $"\ncommand -v {Sh.Quote(command)} >/dev/null || fact {Sh.Quote($"missing.{package}")} 1";
            if (Makes is var (_, user)) probe += $"\ngetent passwd {Sh.Quote(user)} >/dev/null || fact userless 1";
            return probe + "\n:";
        }
    }

    public override Change? Compare(Facts facts, bool triggered)
    {
        var missing = names.Concat(Unless is var (_, package) ? [package] : []).Where(n => facts.Has($"missing.{n}")).ToList();
        if (missing.Count == 0)
        {
            if (Makes is not var (maker, _) || !facts.Is("userless")) return null;
            var again = $"dnf -qy reinstall {Sh.Quote(maker)}";
            return new Change("reinstall", again, again);
        }
        var command = $"dnf -qy install {(Options.Length > 0 ? Options + " " : "")}{Sh.Join([.. missing])}";
        return new Change("install", command, command);
    }
}

/// <summary>The distribution's postgresql module is disabled, so that it cannot hide EDB's packages (P1).</summary>
sealed class DnfModuleDisabled(string module) : Resource
{
    public override string Name => $"dnf module {module}";

    // RHEL 10 and its kin have no modules any more.
    public override string Probe => $$"""
        . /etc/os-release
        case "${VERSION_ID%%.*}" in [0-9]) ;; *) fact disabled 1;; esac
        grep -qsx 'state *= *disabled' {{Sh.Quote($"/etc/dnf/modules.d/{module}.module")}} && fact disabled 1
        :
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        var command = $"dnf -qy module disable {Sh.Quote(module)}";
        return facts.Is("disabled") ? null : new Change("disable", command, command);
    }
}

/// <summary>CRB is enabled and EPEL is there (P2), under the names that the host's distribution gives them.</summary>
sealed class ExtraRepositories : Resource
{
    public override string Name => "repositories CRB and EPEL";

    public override string Probe => """
        . /etc/os-release; fact id "$ID"; fact version "${VERSION_ID%%.*}"; fact machine "$(uname -m)"
        awk '/^\[/ { on = ($0 ~ /^\[(crb|codeready-builder-for-.*-rpms)\]/) } on && /^enabled *= *(1|true|True|yes)/ { found = 1 } END { exit !found }' \
            /etc/yum.repos.d/*.repo && fact crb.enabled 1
        rpm -q --quiet epel-release && fact epel.installed 1
        :
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        var (version, machine, rhel) = (facts["version"], facts["machine"], facts["id"] == "rhel");
        // Both go into commands.
        if (rhel && !(version.Length > 0 && version.All(char.IsAsciiDigit) && machine.Length > 0 && machine.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')))
            throw new PemException("AnswerUnfit", Trouble.InvalidResult, $"What the host tells of its distribution makes no sense: version '{version}', machine '{machine}'.", "Look at /etc/os-release there, and at what uname -m prints.");
        var commands = new List<string>();
        if (!facts.Is("crb.enabled"))
            commands.Add(rhel ? $"subscription-manager repos --enable codeready-builder-for-rhel-{version}-{machine}-rpms" : "dnf -q config-manager --set-enabled crb");
        if (!facts.Is("epel.installed"))
            commands.Add(rhel ? $"dnf -qy install https://dl.fedoraproject.org/pub/epel/epel-release-latest-{version}.noarch.rpm" : "dnf -qy install epel-release");
        var text = string.Join('\n', commands);
        return commands.Count == 0 ? null : new Change("enable", text, text);
    }
}
