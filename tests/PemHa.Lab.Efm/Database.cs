using System.Collections.Concurrent;
using System.Net.Sockets;
using Npgsql;

namespace PemHa.Lab.Efm;

/// <summary>Why a database did not answer.</summary>
enum DbTrouble { None, Unreachable, Refused }

/// <summary>What a database said, or why it said nothing.</summary>
sealed record DbAnswer(DbTrouble Trouble, string Error, bool InRecovery, string Received, string Replayed)
{
    internal bool Up => Trouble == DbTrouble.None;
}

/// <summary>
/// Connections to the databases of the cluster, as db.user with its password and the SSL mode of the properties. [F5]
/// </summary>
/// <param name="renew">Gets the password again after a refused login; null when the password is in the properties.
/// </param>
sealed class Database(EfmProperties properties, string password, Func<Task<string?>>? renew) : IDisposable
{
    volatile string current = password;

    const string Question = """
        SELECT r, CASE WHEN r THEN pg_last_wal_receive_lsn() END::text,
               CASE WHEN r THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text
        FROM (SELECT pg_is_in_recovery() AS r) s
        """;

    readonly ConcurrentDictionary<string, NpgsqlDataSource> sources = new();

    /// <summary>Opens a new connection each time, as the default of db.reuse.connection.count has it.</summary>
    internal async Task<DbAnswer> AskAsync(string address, TimeSpan timeout)
    {
        try
        {
            // While it negotiates, a connection does not look at its cancellation token: a hung server would hold us.
            return await ConnectAsync(address, timeout).WaitAsync(timeout + TimeSpan.FromMilliseconds(100));
        }
        catch (TimeoutException)
        {
            return Failed(DbTrouble.Unreachable, TimedOut(address));
        }
    }

    /// <summary>primary_conninfo and restore_command of a running standby, as its server has them.</summary>
    /// <exception cref="InvalidOperationException">The server cannot be reached, or has none.</exception>
    internal async Task<(string Conninfo, string Restore)> RecoverySettingsAsync(string address, TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout);
        try
        {
            await using var connection = await sources.GetOrAdd(address, Source).OpenConnectionAsync(deadline.Token);
            await using var command = new NpgsqlCommand(
                "SELECT current_setting('primary_conninfo'), current_setting('restore_command')", connection);
            await using var row = await command.ExecuteReaderAsync(deadline.Token);
            await row.ReadAsync(deadline.Token);
            var conninfo = Text(row, 0);
            if (conninfo.Length == 0) throw new InvalidOperationException("primary_conninfo is not set");
            return (conninfo, Text(row, 1));
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or IOException or OperationCanceledException)
        {
            throw new InvalidOperationException($"the settings of {address} cannot be read: {e.Message}", e);
        }
    }

    async Task<DbAnswer> ConnectAsync(string address, TimeSpan timeout)
    {
        var answer = await LogInAsync(address, timeout);
        if (answer.Trouble != DbTrouble.Refused || renew is null) return answer;
        if (await renew() is not { } fresh || fresh == current) return answer;
        // The password was changed: no restart is needed for that [O81].
        current = fresh;
        foreach (var key in sources.Keys.ToList())
            if (sources.TryRemove(key, out var source)) source.Dispose();
        return await LogInAsync(address, timeout);
    }

    async Task<DbAnswer> LogInAsync(string address, TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout);
        try
        {
            await using var connection = await sources.GetOrAdd(address, Source).OpenConnectionAsync(deadline.Token);
            await using var command = new NpgsqlCommand(Question, connection);
            await using var row = await command.ExecuteReaderAsync(deadline.Token);
            await row.ReadAsync(deadline.Token);
            return new DbAnswer(DbTrouble.None, "", row.GetBoolean(0), Text(row, 1), Text(row, 2));
        }
        catch (OperationCanceledException)
        {
            return Failed(DbTrouble.Unreachable, TimedOut(address));
        }
        catch (PostgresException e)
        {
            return e.SqlState switch
            {
                "28P01" => Failed(DbTrouble.Refused, $"Invalid password for db.user={properties["db.user"]}. {e.MessageText}"),
                "28000" => Failed(DbTrouble.Refused, $"Invalid authorization specification. {e.MessageText}"),
                "53300" => Failed(DbTrouble.Refused, $"The maximum connections limit was reached. {e.MessageText}"),
                "57P01" or "57P02" or "57P03" => Failed(DbTrouble.Unreachable, e.MessageText),
                _ => Failed(DbTrouble.Refused, e.MessageText),
            };
        }
        catch (NpgsqlException e) when (e.InnerException is SocketException or EndOfStreamException or TimeoutException or IOException)
        {
            return Failed(DbTrouble.Unreachable, e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? $"Connection to {address}:{properties["db.port"]} refused. "
                    + "Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections."
                : $"{e.Message} {e.InnerException.Message}");
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or IOException or TimeoutException)
        {
            // What is left is a server that was reached and could not be talked to: SSL off, certificate not trusted.
            var trouble = e is NpgsqlException ? DbTrouble.Refused : DbTrouble.Unreachable;
            return Failed(trouble, $"{e.Message} {e.InnerException?.Message}".Trim());
        }
    }

    public void Dispose()
    {
        foreach (var source in sources.Values) source.Dispose();
    }

    static DbAnswer Failed(DbTrouble trouble, string error) => new(trouble, error, false, "", "");

    string TimedOut(string address) => $"The connection attempt to {address}:{properties["db.port"]} timed out.";

    static string Text(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? "" : row.GetString(at);

    NpgsqlDataSource Source(string address)
    {
        var builder = new NpgsqlSlimDataSourceBuilder(new NpgsqlConnectionStringBuilder
        {
            Host = address,
            Port = properties.Number("db.port"),
            Database = properties["db.database"],
            Username = properties["db.user"],
            Password = current,
            ApplicationName = "efm",
            Pooling = false,
            SslMode = properties["jdbc.sslmode"] switch
            {
                "disable" => SslMode.Disable,
                "require" => SslMode.Require,
                "verify-full" => SslMode.VerifyFull,
                _ => SslMode.VerifyCA,
            },
            RootCertificate = properties["jdbc.sslmode"] is "verify-ca" or "verify-full"
                ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".postgresql/root.crt")
                : null,
        }.ConnectionString);
        builder.EnableTransportSecurity();
        return builder.Build();
    }
}
