using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using CsCheck;
using PemHa.Lab.Tests;
using PemHa.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(FuzzReport))]

namespace PemHa.Tests;

/// <summary>The one way in which properties are tried: so many cases, counted, each within its time.</summary>
static class Fuzz
{
    /// <summary>How many times the cases of the short form the long form tries.</summary>
    const int More = 25;

    /// <summary>A property that takes longer hangs, as far as anybody who waits for it is concerned.</summary>
    static readonly TimeSpan Deadline = LongForm.Asked ? TimeSpan.FromMinutes(15) : TimeSpan.FromMinutes(2);

    static readonly ConcurrentDictionary<string, long> Tried = new(StringComparer.Ordinal);

    /// <summary>The cases that were tried so far, property by property.</summary>
    public static IReadOnlyDictionary<string, long> Counts => Tried;

    /// <summary>Tries a property.</summary>
    /// <param name="gen">Makes the cases.</param>
    /// <param name="property">Throws when it does not hold.</param>
    /// <param name="cases">How many are tried in the short form.</param>
    /// <param name="each">How many texts one case is made of, where many go to a program at once.</param>
    /// <param name="threads">How many cases at once; all processors when -1.</param>
    /// <param name="member">The test.</param>
    /// <param name="file">Its file.</param>
    public static void Holds<T>(this Gen<T> gen, Action<T> property, int cases, int each = 1, int threads = -1,
        [CallerMemberName] string member = "", [CallerFilePath] string file = "")
    {
        var name = $"{Path.GetFileNameWithoutExtension(file)}.{member}";
        var current = new ConcurrentDictionary<int, T>();
        var trying = new Thread(Try) { IsBackground = true, Name = name };
        Exception? failure = null;
        trying.Start();
        if (!trying.Join(Deadline))
            Assert.Fail($"{name} hangs: it did not end within {Deadline.TotalSeconds:0} s, and is at\n{string.Join('\n', current.Values.Select(v => Check.Print(v)))}");
        if (failure is not null) throw new InvalidOperationException($"{name}: {failure.Message}", failure);

        void Try()
        {
            try
            {
                gen.Sample(value =>
                {
                    current[Environment.CurrentManagedThreadId] = value;
                    property(value);
                    current.TryRemove(Environment.CurrentManagedThreadId, out _);
                    Tried.AddOrUpdate(name, each, (_, n) => n + each);
                }, iter: cases * (LongForm.Asked ? More : 1), threads: threads);
            }
            catch (Exception e)
            {
                failure = e;
            }
        }
    }

    /// <inheritdoc cref="Holds{T}"/>
    public static void Holds<T1, T2>(this Gen<(T1, T2)> gen, Action<T1, T2> property, int cases, int each = 1, int threads = -1,
        [CallerMemberName] string member = "", [CallerFilePath] string file = "") =>
        gen.Holds(t => property(t.Item1, t.Item2), cases, each, threads, member, file);

    /// <inheritdoc cref="Holds{T}"/>
    public static void Holds<T1, T2, T3>(this Gen<(T1, T2, T3)> gen, Action<T1, T2, T3> property, int cases, int each = 1, int threads = -1,
        [CallerMemberName] string member = "", [CallerFilePath] string file = "") =>
        gen.Holds(t => property(t.Item1, t.Item2, t.Item3), cases, each, threads, member, file);

    /// <inheritdoc cref="Holds{T}"/>
    public static void Holds<T1, T2, T3, T4>(this Gen<(T1, T2, T3, T4)> gen, Action<T1, T2, T3, T4> property, int cases, int each = 1, int threads = -1,
        [CallerMemberName] string member = "", [CallerFilePath] string file = "") =>
        gen.Holds(t => property(t.Item1, t.Item2, t.Item3, t.Item4), cases, each, threads, member, file);
}

/// <summary>Leaves the counts beside the tests when all of them have run; <c>.ci/run</c> shows them.</summary>
public sealed class FuzzReport : IDisposable
{
    readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>The file.</summary>
    public static string FilePath { get; } = Path.Combine(AppContext.BaseDirectory, "fuzz.txt");

    /// <inheritdoc/>
    public void Dispose()
    {
        var counts = Fuzz.Counts.OrderBy(c => c.Key, StringComparer.Ordinal).ToList();
        string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture) + "\n";
        File.WriteAllText(FilePath, string.Concat(counts.Select(c => Line($"fuzz: {c.Value,9:N0} {c.Key.Replace('_', ' ')}")))
            + Line($"fuzz: {counts.Sum(c => c.Value):N0} cases in {counts.Count} properties, {_watch.Elapsed.TotalSeconds:0} s with all other tests"));
    }
}

/// <summary>The parsers and quoting functions, as <c>Type.Method</c>, that a property is about.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
sealed class FuzzesAttribute(params string[] methods) : Attribute
{
    public IReadOnlyList<string> Methods => methods;
}
