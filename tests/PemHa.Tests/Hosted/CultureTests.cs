using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;
using PemHa.Engine.State;

namespace PemHa.Tests.Hosted;

/// <summary>
/// What PemHa writes, sends and shows is the same wherever the admin is at home. The tests' process knows no cultures (CI need not have ICU):
/// these are made of the parts of the real ones that matter, and the real ones where the process has them. Letters' case is the analyzers' (CA1304, CA1311).
/// </summary>
public sealed partial class CultureTests
{
    public static TheoryData<string> Cultures => ["tr-TR", "de-DE", "ar-SA"];

    static CultureInfo Culture(string name)
    {
        try
        {
            return new CultureInfo(name);
        }
        catch (CultureNotFoundException)
        {
            var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            var (numbers, dates) = (culture.NumberFormat, culture.DateTimeFormat);
            (numbers.NumberDecimalSeparator, numbers.NumberGroupSeparator, numbers.PercentDecimalSeparator) = name == "ar-SA" ? ("\u066b", "\u066c", "\u066b") : (",", ".", ",");
            (numbers.NegativeSign, numbers.PositiveSign) = name == "ar-SA" ? ("\u061c-", "\u061c+") : ("\u2212", "+");
            (dates.DateSeparator, dates.TimeSeparator) = name == "ar-SA" ? ("/", "\u061b") : (".", ".");
            dates.ShortDatePattern = name == "ar-SA" ? "dd/MM/yyyy g" : "d.MM.yyyy";
            dates.LongTimePattern = "H.mm.ss";
            return culture;
        }
    }

    [Theory]
    [MemberData(nameof(Cultures))]
    public void What_is_sent_to_hosts_is_the_same(string name)
    {
        Assert.NotEqual("-1.5", (-1.5).ToString(Culture(name)));
        var plain = In(CultureInfo.InvariantCulture, Sent);
        Assert.True(plain.Count > 100);
        Assert.Equal(plain, In(Culture(name), Sent));

        static List<string> Sent()
        {
            var c1 = new Example();
            var facts = Facts.Of(("up", "1"), ("ssl", "on"), ("recovery", "false"), ("file.text", "max_wal_senders = 5\n"), ("file.mode", "600 enterprisedb:enterprisedb"), ("streaming", "2"));
            var sent = new List<string>();
            foreach (var step in c1.Steps("s3cret"))
                foreach (var (host, resource) in step.Hosts.SelectMany(h => Example.Resources(step, h).Select(r => (h, r))))
                {
                    sent.Add($"{host} {resource.Name}\n{resource.Probe}");
                    try
                    {
                        if (resource.Compare(facts, true) is { } change) sent.Add(Fresh().Replace(change.Apply + change.Difference + change.Recipe.Script, "*"));
                    }
                    catch (PemHa.Engine.PemException e)
                    {
                        sent.Add(e.Message + e.Remedy);
                    }
                }
            return sent;
        }
    }

    [Theory]
    [MemberData(nameof(Cultures))]
    public void What_is_said_shown_and_written_is_the_same(string name)
    {
        var plain = In(CultureInfo.InvariantCulture, () => Told(CultureInfo.InvariantCulture));
        Assert.Contains("98765.43", plain, StringComparison.Ordinal);
        Assert.Contains("4.10", plain, StringComparison.Ordinal);
        Assert.Equal(plain, In(Culture(name), () => Told(Culture(name))));
    }

    static string Told(CultureInfo culture)
    {
        using var folder = new TemporaryFolder();
        using var engine = new HostedEngine(here: true) { Culture = culture, Width = 120 };
        // A script's own text is in the person's culture; ours is not.
        Assert.Equal((-1.5).ToString(culture), engine.Run("(-1.5).ToString()")[0].ToString());
        var c1 = new Example(folder["journal"]);
        foreach (var host in c1.Cluster.Hosts) _ = new FakeHost(host);
        // Views, with numbers and dates in them.
        foreach (var sample in ViewTests.Samples().Values) engine.Run("param($o) $o | Out-Default", sample);
        // A step on every stream, and what the journal keeps of it.
        var streams = engine.Run("param($hosts) $secret = [securestring]::new(); $secret.AppendChar('x'); $hosts | Set-PemPassFile -Credential ([pscredential]::new('repl', $secret)) -Verbose -InformationAction Continue 4>&1 6>&1", c1.Cluster.Hosts)
            .Select(o => $"{o}").Order(StringComparer.Ordinal);
        // Numbers of a topology, in and out again.
        File.WriteAllText(folder["c.psd1"], """
            @{
                VirtualIp = '172.16.161.245/24'; PingServer = '172.16.161.1'; EfmVersion = 4.10; PostgresVersion = 16; Port = 5555
                EfmProperty = @{ 'a.b' = 1.5; 'c.d' = -5; 'local.timeout' = 60 }
                Hosts = @( @{ Address = '172.16.161.200'; Role = 'primary'; SshPort = 2222 }, @{ Address = '172.16.161.201'; Role = 'STANDBY'; Name = 'INSTANCE-I' } )
            }
            """);
        engine.Run("param($from, $to) Import-PemTopology $from | Export-PemTopology -Path $to", folder["c.psd1"], folder["out.psd1"]);
        File.WriteAllText(folder["bad.psd1"], """{"Kind":"step","Share":1.5}""");
        var errors = new[]
        {
            engine.Fails("New-PemCluster -VirtualIp 172.16.161.245/99 -PingServer x"),
            engine.Fails("param($f) Import-PemTopology $f", folder["bad.psd1"]),
        };
        var nodes = engine.Run("param($t) $t | ConvertFrom-PemEfmStatus | ForEach-Object { \"$($_.Name) $($_.Role) $($_.Lsn) $($_.LagBytes)\" }", """
            Cluster Status: efm

                Agent Type  Address      DB       VIP
                ------------------------------------
                Primary     10.1.0.11    UP       10.1.0.20*

            Promote Status:

                DB Type     Address      WAL Received LSN   WAL Replayed LSN   Info
                ---------------------------------------------------------------------
                Primary     10.1.0.11                       0/F7A3808
            """);
        var text = string.Join('\n', [engine.Shown, .. streams, File.ReadAllText(folder["out.psd1"]), .. File.ReadAllLines(folder["journal"]).Select(l => Fresh().Replace(l, "*")).Order(StringComparer.Ordinal), .. errors.Select(e => $"{e.FullyQualifiedErrorId} {e}"), .. nodes.Select(n => $"{n}")]);
        return Fresh().Replace(text.Replace(folder.Path, "", StringComparison.Ordinal), "*");
    }

    /// <summary>Runs in a culture, as everything that is started from there does.</summary>
    static T In<T>(CultureInfo culture, Func<T> work)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = culture;
        try
        {
            return work();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    /// <summary>What differs from one run to the next: salts, times.</summary>
    [GeneratedRegex("""SCRAM-SHA-256\$[^'\s]+|[0-9]+\.[0-9]+ s\b|"Seconds":[0-9.]+|"Time":"[^"]+"|"Pid":[0-9]+|\([0-9]+ s\)|(?<=PEMHA'\n)[A-Za-z0-9+/=]+""")]
    private static partial Regex Fresh();
}
