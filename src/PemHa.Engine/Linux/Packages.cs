using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Linux;

/// <summary>Packages installed by dnf in one transaction (P3, P6, P32).</summary>
sealed class Packages(IReadOnlyList<string> names) : Resource
{
    /// <summary>Packages for commands that must be there, whatever provides them.</summary>
    public IReadOnlyList<(string Command, string Package)> Commands { get; init; } = [];

    /// <summary>The Java to install where the host has none that is new enough (T1).</summary>
    public JavaRuntime? Java { get; init; }

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
            foreach (var (command, package) in Commands)
                probe += $"\ncommand -v {Sh.Quote(command)} >/dev/null || fact {Sh.Quote($"missing.{package}")} 1";
            if (Java is not null) probe += $"\n{Java.ProbeWithOffers}";
            if (Makes is var (_, user)) probe += $"\ngetent passwd {Sh.Quote(user)} >/dev/null || fact userless 1";
            return probe + "\n:";
        }
    }

    public override Change? Compare(Facts facts, bool triggered)
    {
        var missing = names.Concat(Commands.Select(c => c.Package)).Where(n => facts.Has($"missing.{n}")).ToList();
        if (Java?.Missing(facts) is { } java) missing.Add(java);
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
