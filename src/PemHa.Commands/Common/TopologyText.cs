using System.Management.Automation.Language;

namespace PemHa.Commands;

/// <summary>A value of a data file, and where it is written.</summary>
abstract record TopologyNode(IScriptExtent At);

/// <summary>One value: a text, a number or a truth value.</summary>
/// <param name="Value">The value; null for $null. A number with a fraction is its text: 4.10 is a version, and no 4.1.</param>
/// <param name="Fraction">Whether it is such a number.</param>
sealed record TopologyValue(IScriptExtent At, object? Value, bool Fraction = false) : TopologyNode(At);

/// <summary>A list of values.</summary>
sealed record TopologyList(IScriptExtent At, IReadOnlyList<TopologyNode> Items) : TopologyNode(At);

/// <summary>A table; keys in the order written.</summary>
sealed record TopologyTable(IScriptExtent At, IReadOnlyList<TopologyEntry> Entries) : TopologyNode(At);

/// <summary>An entry of a table.</summary>
sealed record TopologyEntry(string Key, IScriptExtent At, TopologyNode Value);

/// <summary>What is wrong in a file, and where.</summary>
sealed class TopologyProblems(string file)
{
    readonly List<(int Line, int Column, string Why)> _found = [];

    public int Count => _found.Count;

    public void Add(IScriptExtent at, string why)
    {
        why = why.ReplaceLineEndings(" ");
        if (!_found.Contains((at.StartLineNumber, at.StartColumnNumber, why))) _found.Add((at.StartLineNumber, at.StartColumnNumber, why));
    }

    /// <summary>All of them, in the order of the file.</summary>
    public override string ToString() => string.Join('\n', _found.OrderBy(f => (f.Line, f.Column)).Select(f =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{file}:{f.Line}:{f.Column}: {f.Why}")));
}

/// <summary>Reads a PowerShell data file: parsed, never run. Only tables, lists and constants are let through.</summary>
sealed class TopologyText(TopologyProblems problems)
{
    // What stands there is not repeated: it may be a secret.
    const string Only = "This is no constant; only texts without variables, numbers, $true, $false, $null, @( … ) and @{ … } may be in here.";

    /// <summary>The file's table; null when it has none that can be judged.</summary>
    public TopologyTable? Read(string text)
    {
        var script = Parser.ParseInput(text, out _, out var errors);
        // Some messages repeat what stands there, all the rest of the file even.
        foreach (var error in errors)
            problems.Add(error.Extent, TextTable.IsSecret(error.Extent.StartScriptPosition.Line)
                ? "This cannot be read as PowerShell." : error.Message.Split('\r', '\n')[0]);
        // Of a text that is no PowerShell only pieces are known; a key that is there twice is the one error that leaves it whole.
        if (errors.Any(e => e.ErrorId != "DuplicateKeyInHashLiteral")) return null;
        var other = (Ast?)script.ParamBlock ?? (Ast?)script.DynamicParamBlock ?? (Ast?)script.BeginBlock ?? (Ast?)script.ProcessBlock
            ?? (Ast?)script.UsingStatements.FirstOrDefault() ?? script.EndBlock?.Traps?.FirstOrDefault();
        if (other is null && script.EndBlock is { Unnamed: true, Statements: [var only] } && Expression(only) is HashtableAst table) return Table(table);
        problems.Add((other ?? (Ast?)script.EndBlock?.Statements.FirstOrDefault(s => Expression(s) is not HashtableAst) ?? script).Extent,
            "A topology file is one table, @{ … }, and nothing else.");
        return null;
    }

    TopologyTable Table(HashtableAst table)
    {
        var entries = new List<TopologyEntry>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in table.KeyValuePairs)
        {
            var node = Statement(value);
            if (key is not StringConstantExpressionAst name) problems.Add(key.Extent, "This is no name of a key.");
            // The parser has said that it is there twice.
            else if (seen.Add(name.Value) && node is not null) entries.Add(new(name.Value, key.Extent, node));
            else if (node is null) entries.Add(new(name.Value, key.Extent, new TopologyRefused(value.Extent)));
        }
        return new(table.Extent, entries);
    }

    TopologyNode? Statement(StatementAst statement)
    {
        if (Expression(statement) is { } expression) return Node(expression);
        problems.Add(statement.Extent, Only);
        return null;
    }

    // Nothing before, behind or around the expression: no pipe, redirection or &.
    static ExpressionAst? Expression(StatementAst statement) =>
        statement is PipelineAst { PipelineElements: [CommandExpressionAst { Redirections.Count: 0 } command] } && command.Expression.Extent.Text == statement.Extent.Text
            ? command.Expression : null;

    TopologyNode? Node(ExpressionAst expression)
    {
        switch (expression)
        {
            case HashtableAst table: return Table(table);
            case StringConstantExpressionAst { StringConstantType: not StringConstantType.BareWord } text: return new TopologyValue(text.Extent, text.Value);
            case UnaryExpressionAst { TokenKind: TokenKind.Minus, Child: ConstantExpressionAst and not StringConstantExpressionAst } minus: return Number(minus, ((ConstantExpressionAst)minus.Child).Value);
            case ConstantExpressionAst number and not StringConstantExpressionAst: return Number(number, number.Value);
            case VariableExpressionAst { Splatted: false } variable when Constants.TryGetValue(variable.Extent.Text, out var value):
                return new TopologyValue(variable.Extent, value);
            case ArrayLiteralAst list: return new TopologyList(list.Extent, [.. list.Elements.Select(Node).OfType<TopologyNode>()]);
            case ArrayExpressionAst { SubExpression.Traps: null or { Count: 0 } } list:
                return new TopologyList(list.Extent, [.. list.SubExpression.Statements.Select(Statement).OfType<TopologyNode>()
                    .SelectMany(n => n is TopologyList inner ? inner.Items : [n])]);
            default:
                problems.Add(expression.Extent, Only);
                return null;
        }
    }

    static TopologyValue Number(ExpressionAst at, object number) =>
        number is double or decimal or float ? new(at.Extent, at.Extent.Text, true)
        : new(at.Extent, at is UnaryExpressionAst ? -Convert.ToInt64(number, System.Globalization.CultureInfo.InvariantCulture) : number);

    static readonly Dictionary<string, object?> Constants =
        new(StringComparer.OrdinalIgnoreCase) { ["$true"] = true, ["$false"] = false, ["$null"] = null };
}

/// <summary>A value that was refused already.</summary>
sealed record TopologyRefused(IScriptExtent At) : TopologyNode(At);
