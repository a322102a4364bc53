using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PemHa.Lab.Efm;

/// <summary>
/// One message as bytes: length, form (0 authenticated, 1 encrypted), the cluster's name, then the body. The key comes from the
/// cluster's name, so another cluster's messages are recognised and dropped.
/// </summary>
sealed class Wire(string cluster, bool encrypt)
{
    const int Limit = 1 << 20;
    readonly byte[] key = SHA256.HashData(Encoding.UTF8.GetBytes("efm messages " + cluster));
    readonly byte[] name = Encoding.UTF8.GetBytes(cluster);

    internal byte[] Pack<T>(T value, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        var head = 6 + name.Length;
        var frame = new byte[head + (encrypt ? 28 : 32) + json.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        frame[4] = encrypt ? (byte)1 : (byte)0;
        frame[5] = (byte)name.Length;
        name.CopyTo(frame, 6);
        if (encrypt)
        {
            var nonce = frame.AsSpan(head, 12);
            RandomNumberGenerator.Fill(nonce);
            using var gcm = new AesGcm(key, 16);
            gcm.Encrypt(nonce, json, frame.AsSpan(head + 28), frame.AsSpan(head + 12, 16));
        }
        else
        {
            HMACSHA256.HashData(key, json, frame.AsSpan(head, 32));
            json.CopyTo(frame.AsSpan(head + 32));
        }
        return frame;
    }

    /// <param name="frame">Everything after the length.</param>
    internal T Unpack<T>(ReadOnlySpan<byte> frame, JsonTypeInfo<T> type)
    {
        if (frame.Length < 2 || frame.Length < 2 + frame[1]) throw new InvalidDataException("not a message of an agent");
        var sender = frame.Slice(2, frame[1]);
        if (!sender.SequenceEqual(name))
        {
            throw new InvalidDataException($"discarded message from different cluster {Encoding.UTF8.GetString(sender)} "
                + $"(our cluster is {cluster})");
        }
        if (frame[0] != (encrypt ? 1 : 0)) throw new InvalidDataException("encrypt.agent.messages is not the same on all nodes");
        var body = frame[(2 + sender.Length)..];
        if (body.Length < (encrypt ? 28 : 32)) throw new InvalidDataException("not a message of an agent");
        byte[] json;
        if (encrypt)
        {
            json = new byte[body.Length - 28];
            using var gcm = new AesGcm(key, 16);
            try
            {
                gcm.Decrypt(body[..12], body[28..], body.Slice(12, 16), json);
            }
            catch (CryptographicException)
            {
                throw new InvalidDataException("a message does not carry this cluster's key");
            }
        }
        else
        {
            json = body[32..].ToArray();
            if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key, json), body[..32]))
                throw new InvalidDataException("a message does not carry this cluster's key");
        }
        return JsonSerializer.Deserialize(json, type) ?? throw new InvalidDataException("an empty message");
    }

    /// <summary>Asks and waits for the answer; every failure, a timeout included, comes as IOException.</summary>
    internal async Task<Reply> AskAsync(IPEndPoint to, IPAddress? from, Message message, TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout);
        using var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (from != null) socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(to, deadline.Token);
            using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Pack(message, WireJson.Default.Message), deadline.Token);
            return Unpack(await ReadFrameAsync(stream, deadline.Token), WireJson.Default.Reply);
        }
        catch (OperationCanceledException)
        {
            throw new IOException($"no answer from {to} in {timeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is SocketException or InvalidDataException or JsonException)
        {
            throw new IOException($"{to}: {e.Message}", e);
        }
    }

    /// <summary>Serves one question of one connection.</summary>
    internal async Task ServeAsync(Socket socket, Func<Message, Task<Reply>> handle, CancellationToken stop)
    {
        socket.NoDelay = true;
        using var stream = new NetworkStream(socket, ownsSocket: true);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(5));
        var message = Unpack(await ReadFrameAsync(stream, deadline.Token), WireJson.Default.Message);
        deadline.CancelAfter(Timeout.InfiniteTimeSpan);
        await stream.WriteAsync(Pack(await handle(message), WireJson.Default.Reply), stop);
    }

    static async Task<byte[]> ReadFrameAsync(Stream stream, CancellationToken stop)
    {
        var head = new byte[4];
        await stream.ReadExactlyAsync(head, stop);
        var length = BinaryPrimitives.ReadInt32BigEndian(head);
        if (length is < 2 or > Limit) throw new InvalidDataException("not a message of an agent");
        var frame = new byte[length];
        await stream.ReadExactlyAsync(frame, stop);
        return frame;
    }
}
