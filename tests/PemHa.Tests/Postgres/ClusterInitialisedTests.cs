using PemHa.Engine;
using PemHa.Engine.Postgres;
using PemHa.Engine.State;

namespace PemHa.Tests.Postgres;

/// <summary>The first data directory, by the real shell and a setup of the test's own.</summary>
[Spec("P4", "T4")]
public sealed class ClusterInitialisedTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    PemCluster _cluster;

    public ClusterInitialisedTests()
    {
        _cluster = new PemCluster("efm", "172.16.161.245") { DataDirectory = _folder["new/data"] };
    }

    public void Dispose() => _folder.Dispose();

    string In(string file) => Path.Combine(_cluster.DataDirectory, file);

    [Fact]
    public void A_setup_that_was_cut_is_begun_anew_and_one_that_was_not_is_left_alone()
    {
        Setup("echo 17 > data/PG_VERSION; echo half > data/half; exit 9");
        Assert.DoesNotContain("delete", Look()!.Difference, StringComparison.Ordinal);
        Assert.Equal(9, Apply(Look()!).ExitCode);
        Assert.True(File.Exists(In("PG_VERSION")));

        // It looks like a database, and is none.
        var change = Look()!;
        Assert.Contains("-mindepth 1 -delete", change.Difference, StringComparison.Ordinal);
        Setup("[ -z \"$(ls -A data)\" ] || exit 8; echo 17 > data/PG_VERSION");
        Assert.Equal((0, ""), (Apply(change).ExitCode, Apply(change).Error));
        Assert.Null(Look());
        Assert.Equal(["data"], Directory.GetFileSystemEntries(_folder["new"]).Select(Path.GetFileName));
        Assert.Equal(["PG_VERSION"], Directory.GetFileSystemEntries(_cluster.DataDirectory).Select(Path.GetFileName));
    }

    /// <summary>
    /// Row 60: there is no public proof that the vendor's setup accepts the name of a service.
    /// </summary>
    [Fact]
    public void Where_the_setup_knows_no_services_name_it_is_said_what_to_do_by_hand()
    {
        _cluster = new PemCluster("efm", "172.16.161.245")
        {
            DataDirectory = _folder["new/data"],
            ServiceName = "pem-db",
        };
        Setup("echo Usage: >&2; exit 2");
        var refused = Apply(Look()!);
        Assert.Equal(1, refused.ExitCode);
        Assert.Matches(
            "did not create a database for the service pem-db\\. .*the vendor's documentation does not\\. "
                + $"By hand, .*initdb -D {_cluster.DataDirectory} -E UTF-8; .*run the step again",
            refused.Error);

        // A data directory that is then made by hand is not taken for a leftover of an interrupted setup.
        Directory.CreateDirectory(_cluster.DataDirectory);
        File.WriteAllText(In("PG_VERSION"), "17");
        Assert.Null(Look());
    }

    /// <summary>Traces of a server that ran, or of somebody's copy.</summary>
    [Theory]
    [InlineData("postmaster.opts")]
    [InlineData("backup_label")]
    [InlineData("standby.signal")]
    [InlineData("recovery.signal")]
    [InlineData("recovery.conf")]
    public void What_somebody_made_of_it_meanwhile_is_not_touched(string trace)
    {
        Setup("echo 17 > data/PG_VERSION; exit 9");
        var cut = Look()!;
        Apply(cut);
        cut = Look()!;
        File.WriteAllText(In(trace), "");
        Assert.Null(Look());
        Assert.Equal(0, Apply(cut).ExitCode);
        Assert.True(File.Exists(In(trace)));
    }

    string _setup = "";

    void Setup(string makes) => _setup = $"mkdir -p {_cluster.DataDirectory}; cd {_folder["new"]}; {makes}";

    Change? Look() => new ClusterInitialised(_cluster).Compare(Facts.Parse(Run(new ClusterInitialised(_cluster).Probe).Output), false);

    Shell.Result Apply(Change change) => Run(change.Apply);

    Shell.Result Run(string text) => Shell.Sh($"set -e\n{Prelude.For(_cluster)}\n{text.Replace(
        $"{_cluster.InstallDirectory}/bin/{_cluster.PackageServiceName}-setup initdb", $"sh -c '{_setup.Replace("'", "'\\''", StringComparison.Ordinal)}'", StringComparison.Ordinal)}\n");
}
