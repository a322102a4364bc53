using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Efm;

/// <summary>EFM's password as its files hold it: encrypted once, on the primary, for all nodes, as the key derives from the cluster's name (P18).</summary>
sealed class EfmPassword(PemHost primary, string clear, Role role)
{
    public PemHost Primary => primary;

    /// <summary>The text; empty until the primary's probe has told it.</summary>
    public string Encrypted { get; set; } = "";

    /// <summary>Whether texts made before are of another password.</summary>
    public bool Changed => role.PasswordChanged;

    /// <summary>The variable with it in a runbook.</summary>
    public string Variable => Recipe.PasswordOf(role.RoleName);

    /// <summary>Asks <c>efm encrypt</c>; the password goes through the environment of that one short process, as documented.</summary>
    public string Ask => Encrypted.Length > 0 ? ":" : $$"""
        if [ -x {{Sh.Quote(primary.Cluster.EfmCommand)}} ]; then
            fact encrypted "$(EFMPASS={{Sh.Quote(clear)}} {{Sh.Quote(primary.Cluster.EfmCommand)}} encrypt {{Sh.Quote(primary.Cluster.Name)}} --from-env 2>"$T/x")"; fact trouble "$(tail -n 1 "$T/x")"
        fi
        """;
}

/// <summary><c>efm.properties</c> of a node, begun from the package's sample (P17–P19).</summary>
/// <remarks>0640, not the page's world-readable: the password's key derives from the cluster's name (T8).</remarks>
sealed class EfmProperties(PemHost host, EfmPassword password) : ManagedFile
{
    public required IReadOnlyDictionary<string, string> Values { get; init; }

    /// <summary>Those of the names that a person typed.</summary>
    public IEnumerable<string> AskedFor { get; init; } = [];

    public override Facts? Blank => Facts.Of(("sample.text", ""), ("encrypted", "(made by efm encrypt)"));

    // The agent that runs with a text has proven it: two encryptions of one password differ, so a text that works stays (P18).
    public override string Probe => $$"""
        {{base.Probe}}
        fact_file sample {{Sample}}
        fact nic "$(nic {{Sh.Quote(host.Address)}})"
        if agent_active && grep -q '^db\.password\.encrypted=.' {{Sh.Quote(Path)}} 2>/dev/null{{(password.Changed ? " && false" : "")}}; then
            fact works 1
        {{(host == password.Primary ? $"else\n{password.Ask}" : "")}}
        fi
        :
        """;

    string Sample => SampleOf(host.Cluster, "properties");

    /// <summary>By hand each node encrypts for itself: the texts differ, the password does not.</summary>
    protected override Recipe ByHand(Facts facts, string wanted)
    {
        IEnumerable<string> nic = Values.ContainsKey("virtual.ip.interface") ? [] : ["virtual.ip.interface=${1}"];
        IEnumerable<string> prefix = Values.ContainsKey("virtual.ip.prefix") ? [] : ["virtual.ip.prefix=${2}"];
        return new($$"""
            {{FindPath}}
            E=$(EFMPASS="${{password.Variable}}" {{Sh.Quote(host.Cluster.EfmCommand)}} encrypt {{Sh.Quote(host.Cluster.Name)}} --from-env)
            set -- $(nic {{Sh.Quote(host.Address)}})
            { cat <<'VALUES'
            {{PropertiesText.Set("", Values).TrimEnd('\n')}}
            VALUES
            printf '%s\n' {{string.Join(' ', nic.Concat(prefix).Append("db.password.encrypted=$E").Select(l => $"\"{l}\""))}}; } | set_properties "$F" {{Sample}} {{Rights}}
            """)
        { Secrets = [password.Variable] };
    }

    /// <summary>The package's sample of a file; it is named for the cluster <c>efm</c>, whatever ours is (P16, P17).</summary>
    public static string SampleOf(PemCluster cluster, string kind) => Sh.Quote($"{cluster.EfmConfigDirectory}/efm.{kind}.in");

    /// <summary>Interface and prefix length of the virtual IP, where they are not given: those of the node's own address.</summary>
    IEnumerable<KeyValuePair<string, string>> Found(Facts facts)
    {
        if (facts["nic"].Split(' ') is not [var nic, var prefix]) yield break;
        if (!Values.ContainsKey("virtual.ip.interface")) yield return new("virtual.ip.interface", nic);
        if (!Values.ContainsKey("virtual.ip.prefix")) yield return new("virtual.ip.prefix", prefix);
    }

    /// <summary>Whoever reads the text can decrypt it (T8).</summary>
    protected override string Shown(string text) =>
        string.Join('\n', text.Split('\n').Select(l => l.Split('=')[0].Trim() == "db.password.encrypted" ? "db.password.encrypted=********" : l));

    protected override string Edit(string? current, Facts facts)
    {
        if (!facts.Has("sample.text"))
            throw new PemException("EfmMissing", Trouble.ObjectNotFound, $"{host.Cluster.EfmPackage} is not installed on {host.Name}.", "Run Install-PemEpas first.");
        if (AskedFor.FirstOrDefault(n => !PropertiesText.Knows(facts["sample.text"], n)) is { } unknown && facts["sample.text"].Length > 0)
            throw new PemException("PropertyUnknown", Trouble.InvalidArgument, $"{host.Cluster.EfmPackage} knows no property {unknown}; its agents would refuse to start (F5).",
                $"See {host.Cluster.EfmConfigDirectory}/efm.properties.in for the names; they are case-sensitive.");
        var old = current is null ? "" : PropertiesText.Get(current, "db.password.encrypted") ?? "";
        if (host == password.Primary && password.Encrypted.Length == 0)
        {
            password.Encrypted = facts.Is("works") ? old : facts["encrypted"];
            if (password.Encrypted.Length == 0)
                throw new PemException("EfmEncryptFailed", Trouble.InvalidResult, $"efm encrypt gave nothing on {host.Name}: {facts["trouble"]}", "Run it by hand on the host; EFM needs Java.");
        }
        var encrypted = facts.Is("works") ? old : password.Encrypted;
        foreach (var (name, value) in Found(facts).Append(new("db.password.encrypted", encrypted)))
            if (PropertiesText.Refusal(name, value) is not null)
                throw new PemException("AnswerUnfit", Trouble.InvalidResult, $"What {host.Name} tells for {name} cannot stand in efm.properties.", "Look at the host: its interfaces (ip addr) and what efm encrypt prints.");
        return PropertiesText.Set(current ?? facts["sample.text"], Values.Concat(Found(facts)).Append(new("db.password.encrypted", encrypted)));
    }
}

/// <summary><c>efm.nodes</c> of a node, from the package's sample (P16). Agents rewrite it, so only a missing or never used one is written.</summary>
sealed class EfmNodes(PemHost host, string? coordinator) : ManagedFile
{
    public override string Probe => $$"""
        {{base.Probe}}
        fact_file sample {{EfmProperties.SampleOf(host.Cluster, "nodes")}}
        agent_active && fact active 1
        :
        """;

    protected override Recipe ByHand(Facts facts, string wanted) => new($$"""
        {{FindPath}}
        { cat "$F" 2>/dev/null || cat {{EfmProperties.SampleOf(host.Cluster, "nodes")}}; } > "$T/nodes"
        {{(coordinator is null ? "" : $"grep -q '^[[:space:]]*[^#[:space:]]' \"$T/nodes\" || echo {Sh.Quote(NodeAddress.At(coordinator, host.Cluster.EfmPort))} >> \"$T/nodes\"")}}
        rewrite "$F" {{Rights}} < "$T/nodes"
        """);

    protected override string Edit(string? current, Facts facts)
    {
        if (facts.Is("active") && current is not null) return current;
        var text = current ?? facts["sample.text"];
        // T7: the witness needs the coordinator's address just as the standbys do.
        return coordinator is null || text.Split('\n').Any(l => l.Trim().Length > 0 && !l.TrimStart().StartsWith('#'))
            ? text : $"{(text.Length == 0 || text.EndsWith('\n') ? text : text + "\n")}{NodeAddress.At(coordinator, host.Cluster.EfmPort)}\n";
    }
}
