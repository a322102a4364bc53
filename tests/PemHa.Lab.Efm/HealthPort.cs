using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PemHa.Lab.Efm;

/// <summary>
/// primary.health.check.port: HTTP for load balancers, 200 on the primary's agent and 404 on any other, whatever the
/// path [G5, R4].
/// </summary>
sealed class HealthPort : IDisposable
{
    readonly TcpListener listener;

    internal HealthPort(IPAddress family, int port, Func<bool> isPrimary, CancellationToken stop)
    {
        listener = new(family.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, port);
        listener.Start();
        _ = ServeAsync(isPrimary, stop);
    }

    public void Dispose() => listener.Dispose();

    async Task ServeAsync(Func<bool> isPrimary, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(stop);
                await AnswerAsync(client.GetStream(), isPrimary() ? "200 OK" : "404 Not Found", stop);
            }
            catch (Exception e) when (
                e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The next client is served nevertheless; a stopped agent ends the loop.
            }
        }
    }

    static async Task AnswerAsync(NetworkStream stream, string status, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(TimeSpan.FromSeconds(5));
        var (asked, buffer) = (new StringBuilder(), new byte[1024]);
        while (!asked.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, patience.Token);
            if (read == 0 || asked.Length > 16384) return;
            asked.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        var answer = $"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), patience.Token);
    }
}
