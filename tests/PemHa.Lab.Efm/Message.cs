using System.Text.Json;
using System.Text.Json.Serialization;

namespace PemHa.Lab.Efm;

/// <summary>What agents, and the efm command and its agent, send each other; unused fields stay away.</summary>
sealed record Message
{
    public required string Kind { get; init; }
    public string From { get; init; } = "";
    public NodeInfo? Node { get; init; }
    public ClusterView? View { get; init; }
    public Dictionary<string, string>? Shared { get; init; }
    public List<string>? Arguments { get; init; }

    /// <summary>The node that the message is about.</summary>
    public string Address { get; init; } = "";

    /// <summary>The secret of the local agent, for commands that change something.</summary>
    public string Token { get; init; } = "";
    public string Conninfo { get; init; } = "";
    public string RestoreCommand { get; init; } = "";
    public bool Switchover { get; init; }
    public bool Quiet { get; init; }
    public bool NoScripts { get; init; }
    public bool Starting { get; init; }
}

/// <summary>The answer to a <see cref="Message"/>.</summary>
sealed record Reply
{
    public bool Ok { get; init; } = true;
    public string Error { get; init; } = "";
    public string Text { get; init; } = "";
    public string Redirect { get; init; } = "";
    public int ExitCode { get; init; }
    public NodeInfo? Node { get; init; }
    public ClusterView? View { get; init; }
    public List<NodeInfo>? Nodes { get; init; }
    public List<string>? Addresses { get; init; }
    public StatusData? Status { get; init; }
    public string Conninfo { get; init; } = "";
    public string RestoreCommand { get; init; } = "";

    internal static Reply No(string error) => new() { Ok = false, Error = error };
}

/// <summary>JSON without reflection at run time: an efm command lives for a fraction of a second.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Message))]
[JsonSerializable(typeof(Reply))]
sealed partial class WireJson : JsonSerializerContext;
