using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Npgsql;

namespace PemHa.Lab.Rehearsals;

/// <summary>A user of the cluster in the controller's place: writes through the virtual IP and reads the web page, everything verified by the CA.</summary>
sealed class VipClient : IAsyncDisposable
{
    const string PasswordVariable = "PEMHA_LAB_PASSWORD";
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    readonly Process _process;

    VipClient(Process process) => _process = process;

    /// <summary>Starts the client's process; it talks line by line.</summary>
    public static VipClient Start(Lab lab, string address, string user, string password, string authority)
    {
        var argv = lab.Inside([Path.Combine(LabPaths.DotnetRoot, "dotnet"), typeof(Lab).Assembly.Location, "client-inside", address, user, authority]);
        var start = new ProcessStartInfo(argv[0], argv.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment[PasswordVariable] = password;
        return new VipClient(Process.Start(start)!);
    }

    /// <summary>Tries until a row is acknowledged.</summary>
    public Task InsertAsync(CancellationToken cancellation) => AskAsync("insert", cancellation);

    /// <summary>How many of the rows so far are there.</summary>
    public async Task<int> CountAsync(CancellationToken cancellation) => int.Parse(await AskAsync("count", cancellation), CultureInfo.InvariantCulture);

    /// <summary>The answer to a GET of a page, such as <c>200 OK</c>.</summary>
    public Task<string> GetAsync(string url, CancellationToken cancellation) => AskAsync("get " + url, cancellation);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    async Task<string> AskAsync(string question, CancellationToken cancellation)
    {
        await _process.StandardInput.WriteLineAsync(question.AsMemory(), cancellation);
        await _process.StandardInput.FlushAsync(cancellation);
        return await _process.StandardOutput.ReadLineAsync(cancellation) ?? throw new LabException("The client at the virtual IP ended.");
    }

    /// <summary>The client's own process.</summary>
    public static async Task<int> RunInsideAsync(string address, string user, string authority, CancellationToken cancellation)
    {
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = address,
            Port = 5444,
            Database = "pem",
            Username = user,
            Password = Environment.GetEnvironmentVariable(PasswordVariable),
            SslMode = SslMode.VerifyFull,
            RootCertificate = authority,
            Timeout = 1,
            CommandTimeout = 1,
            Pooling = false,
        }.ConnectionString;
        var next = 1;
        while (await Console.In.ReadLineAsync(cancellation) is { } question)
        {
            var answer = question.Split(' ') switch
            {
                ["insert"] => await InsertAsync(connection, next++, cancellation),
                ["count"] => await QueryAsync(connection, "SELECT count(*)::text FROM rehearsal", cancellation),
                ["get", var url] => await GetPageAsync(url, authority, cancellation),
                _ => "?",
            };
            Console.WriteLine(answer);
        }
        return 0;
    }

    /// <summary>A connection of its own for each attempt, as after a power cut the old one would only hang.</summary>
    static async Task<string> InsertAsync(string connection, int id, CancellationToken cancellation)
    {
        for (; ; await Task.Delay(Pause, cancellation))
        {
            try
            {
                return await QueryAsync(connection, string.Create(CultureInfo.InvariantCulture,
                    $"INSERT INTO rehearsal VALUES ({id}) ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING id::text"), cancellation);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                // That is what is measured.
            }
        }
    }

    static async Task<string> QueryAsync(string connection, string sql, CancellationToken cancellation)
    {
        await using var session = new NpgsqlConnection(connection);
        await session.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(sql, session);
        return (string)(await command.ExecuteScalarAsync(cancellation))!;
    }

    static async Task<string> GetPageAsync(string url, string authority, CancellationToken cancellation)
    {
        using var root = X509CertificateLoader.LoadCertificateFromFile(authority);
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { root },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var response = await http.GetAsync(new Uri(url), cancellation);
            return $"{(int)response.StatusCode} {response.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return $"{e.Message} {e.InnerException?.Message}".ReplaceLineEndings(" ");
        }
    }
}
