using PemHa.Engine;
using PemHa.Engine.Postgres;
using PemHa.Engine.State;

namespace PemHa.Tests.Postgres;

/// <summary>
/// The unit of a data directory or a service that is not the package's, tested with a real shell and with a systemctl
/// that the test supplies.
/// </summary>
[Spec("P4")]
public sealed class DatabaseUnitTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly PemCluster _cluster;

    public DatabaseUnitTests()
    {
        _cluster = new PemCluster("efm", "172.16.161.245") { DataDirectory = _folder["main"], ServiceName = "pem-db" };
        Directory.CreateDirectory(_cluster.DataDirectory);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("PGDATA=/pkg/data")]
    [InlineData("\"PGDATA=/pkg/data\"")]
    [InlineData("'PGDATA=/pkg/data'")]
    public void A_service_of_its_own_has_a_data_directory_and_a_PID_file_of_its_own(string packages)
    {
        File.WriteAllText(_folder["package.service"],
            $"[Service]\nEnvironment={packages}\nPIDFile=/pkg/data/postmaster.pid\nType=notify\n");
        var change = Compare(("load", "not-found"))!;
        Run(change.Apply);
        Assert.Equal(
            $"[Service]\nEnvironment=PGDATA={_cluster.DataDirectory}\n"
                + $"PIDFile={_cluster.DataDirectory}/postmaster.pid\nType=notify\n",
            File.ReadAllText(_folder["pem-db.service"]));
    }

    [Fact]
    public void A_drop_in_moves_both()
    {
        var change = Compare(("load", "loaded"), ("directory", "/pkg/data"))!;
        Assert.Contains(
            $"PIDFile={_cluster.DataDirectory}/postmaster.pid", change.Difference, StringComparison.Ordinal);
        Run(change.Apply);
        Assert.Equal(
            $"[Service]\nEnvironment=PGDATA={_cluster.DataDirectory}\n"
                + $"PIDFile={_cluster.DataDirectory}/postmaster.pid\n",
            File.ReadAllText(_folder["pem-db.service.d/pemha-data.conf"]));
    }

    /// <summary>
    /// B2: also when an administrator's drop-in has moved the directory, and when it contains a database.
    /// </summary>
    [Fact]
    public void A_unit_that_still_names_another_servers_PID_file_is_corrected()
    {
        File.WriteAllText(Path.Combine(_cluster.DataDirectory, "PG_VERSION"), "17");
        var change = Look("/pkg/data/postmaster.pid")!;
        Assert.Equal("correct", change.Action);
        Assert.Contains("/pkg/data/postmaster.pid", change.Difference, StringComparison.Ordinal);
        Run(change.Apply);
        Assert.EndsWith(
            $"PIDFile={_cluster.DataDirectory}/postmaster.pid\n",
            File.ReadAllText(_folder["pem-db.service.d/pemha-data.conf"]),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_unit_with_the_right_PID_file_by_whatever_path_or_with_none_is_left_alone()
    {
        Assert.Null(Look(Path.Combine(_cluster.DataDirectory, "postmaster.pid")));
        File.CreateSymbolicLink(_folder["link"], _cluster.DataDirectory);
        Assert.Null(Look(_folder["link/postmaster.pid"]));
        Assert.Null(Look(""));
    }

    Change? Compare(params (string, string)[] facts) => new DatabaseUnit(_cluster).Compare(Facts.Of(facts), false);

    /// <summary>The change planned for a unit that has our directory and the given PID file.</summary>
    Change? Look(string pidFile)
    {
        var unit = new DatabaseUnit(_cluster);
        return unit.Compare(Facts.Parse(Run(unit.Probe, pidFile)), false);
    }

    string Run(string script, string pidFile = "")
    {
        var result = Shell.Sh($$"""
            set -e
            systemctl() {
                case "$*" in
                *LoadState*) echo loaded ;;
                *Environment*) echo "PGDATA={{_cluster.DataDirectory}}" ;;
                *PIDFile*) echo "{{pidFile}}" ;;
                *FragmentPath*) echo "{{_folder["package.service"]}}" ;;
                esac
            }
            {{Prelude.For(_cluster)}}
            {{script.Replace("/etc/systemd/system", _folder[""].TrimEnd('/'), StringComparison.Ordinal)}}
            """);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }
}
