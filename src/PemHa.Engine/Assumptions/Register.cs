using PemHa.Engine.Checks;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Assumptions;

/// <summary>
/// Everything that PemHa assumes about the products, and the guards that check it on a host before anything depends on
/// it.
/// </summary>
static class Register
{
    /// <summary>All assumptions, product by product.</summary>
    public static IReadOnlyList<Assumption> All { get; } =
        [.. ServerAssumptions.All, .. EfmAssumptions.All, .. PemAssumptions.All, .. LinuxAssumptions.All];

    /// <summary>
    /// The guards of a step on a host: each fails with <c>ProductDiffers</c> before the step changes anything.
    /// </summary>
    /// <param name="product">The only product to check, where the step checks the others at another moment.</param>
    /// <param name="given">Properties that the user sets: a default that differs does not matter for them.</param>
    public static IEnumerable<Resource> Guards(
        string step, PemHost host, Product? product = null, IEnumerable<string>? given = null) =>
        from assumption in All
        where assumption.Guard is { } guard && guard.Steps.Contains(step) && guard.On(host)
            && (product is null || assumption.Product == product)
        select (Resource)new ProductGuard(assumption, host, given);

    /// <summary>
    /// The guards as checks: each difference is a finding of its own; for each product one check counts the guards.
    /// </summary>
    public static IEnumerable<Check> AsChecks() =>
        from product in Enum.GetValues<Product>()
        from check in AsChecks(product)
        select check;

    static IEnumerable<Check> AsChecks(Product product)
    {
        Assumption[] guarded = [.. All.Where(a => a.Product == product && a.Guard is { Brought: false })];
        foreach (var assumption in guarded)
        {
            yield return new Check(
                assumption.Id,
                [],
                host => new ProductGuard(assumption, host).Probe,
                (host, sights) => Check.Of(new ProductGuard(assumption, host), sights[host]))
            { On = assumption.Guard!.On };
        }
        yield return new Check(
            Title(product),
            [],
            host => ProductGuard.Installed(product, host),
            (host, sights) => Engine.Checks.Verdict.Passed(sights[host].Is("there")
                ? $"Asked {guarded.Count(a => a.Guard!.On(host))} things that PemHa takes for granted; "
                    + "differences are listed by name."
                : $"Not installed yet; {FirstStep(product)} asks again when it is."))
        { On = host => Concerns(product, host) };
    }

    /// <summary>Whether the procedure installs the product on a host.</summary>
    static bool Concerns(Product product, PemHost host) =>
        product is Product.Efm or Product.Linux || Check.IsData(host);

    static string Title(Product product) => product switch
    {
        Product.Server => "server as known",
        Product.Efm => "EFM as known",
        Product.Pem => "PEM as known",
        _ => "Linux as known",
    };

    static string FirstStep(Product product) => product == Product.Pem ? "Install-PemServer" : "Install-PemEpas";
}

/// <summary>
/// Checks on a host whether a product is as one assumption says, before a step changes anything that depends on it.
/// </summary>
sealed class ProductGuard(Assumption assumption, PemHost host, IEnumerable<string>? given = null) : Resource
{
    /// <summary>The prefix of the facts that name the properties which the user sets.</summary>
    public const string Given = "given.";

    readonly Guard _guard = assumption.Guard!;

    public override string Name => $"product: {assumption.Id}";

    public override bool Explains => true;

    // A product that is not installed yet counts as being as assumed.
    public override string Probe => $$"""
        {{Installed(assumption.Product, host)}}
        {{Present(assumption.Product, host)}} || exit 0
        {{_guard.Probe(host)}}
        :
        """;

    public override Change? Compare(Facts facts, bool triggered) =>
        Found(facts) is { } found && !_guard.WarnsOnly
            ? throw new PemException(
                "ProductDiffers",
                Trouble.InvalidResult,
                $"Not as PemHa knows it ({assumption.Id}): {assumption.Statement} "
                    + $"Found on {host.Name}: {found} {_guard.Breaks}",
                _guard.Remedy)
            : null;

    public override string? Remark(Facts facts) =>
        Found(facts) is { } found && _guard.WarnsOnly
            ? $"({assumption.Id}) {assumption.Statement} Found: {found} {_guard.Breaks} {_guard.Remedy}"
            : null;

    string? Found(Facts facts)
    {
        if (!facts.Is("there")) return null;
        var properties = Facts.Of([.. (given ?? host.Cluster.EfmProperty.Keys).Select(name => (Given + name, "1"))]);
        return _guard.Differs(host, facts.Or(properties));
    }

    /// <summary>The shell that reports as fact <c>there</c> whether a product is installed.</summary>
    public static string Installed(Product product, PemHost host) => $"{Present(product, host)} && fact there 1\n:";

    static string Present(Product product, PemHost host) => product switch
    {
        Product.Server => $"installed {Sh.Quote(host.Cluster.ServerPackage)}",
        Product.Efm => $"installed {Sh.Quote(host.Cluster.EfmPackage)}",
        Product.Pem => "installed edb-pem",
        _ => ":",
    };
}
