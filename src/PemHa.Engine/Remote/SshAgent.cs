using System.Buffers.Binary;
using System.IO.Pipes;
using System.Net.Sockets;
using System.Text;

namespace PemHa.Engine.Remote;

/// <summary>A key that an agent holds.</summary>
/// <param name="Blob">The public key, or certificate, in its wire form.</param>
/// <param name="Comment">What its owner calls it.</param>
sealed record SshAgentKey(byte[] Blob, string Comment)
{
    /// <summary>Its type, such as <c>ssh-ed25519</c>.</summary>
    public string Type { get; } = SshWire.FirstText(Blob) ?? "";
}

/// <summary>Asks an ssh-agent, OpenSSH's or one that speaks its protocol, over a Unix socket or a named pipe.</summary>
/// <remarks>Protocol: draft-ietf-sshm-ssh-agent. Each question has a connection of its own, so there is nothing to keep or to close.</remarks>
sealed class SshAgent(string address)
{
    const byte RequestIdentities = 11, Identities = 12, SignRequest = 13, Signature = 14;
    const uint RsaSha512 = 4;
    const int MostBytes = 1 << 20;
    const string PipePrefix = @"\\.\pipe\";

    /// <summary>Where the agent is that ssh would use; null when there is none.</summary>
    public static string? Usual => Environment.GetEnvironmentVariable("SSH_AUTH_SOCK") is { Length: > 0 } socket ? socket
        : OperatingSystem.IsWindows() ? PipePrefix + "openssh-ssh-agent" : null;

    /// <summary>The socket or pipe.</summary>
    public string Address { get; } = address;

    /// <summary>The keys that the agent holds.</summary>
    /// <exception cref="IOException">The agent does not answer, or not as agents do.</exception>
    public async Task<IReadOnlyList<SshAgentKey>> KeysAsync(CancellationToken ct)
    {
        var answer = new SshWire(await AskAsync([RequestIdentities], Identities, ct));
        var keys = new List<SshAgentKey>();
        for (var left = answer.Number(); left > 0; left--) keys.Add(new SshAgentKey(answer.Bytes(), Encoding.UTF8.GetString(answer.Bytes())));
        return keys;
    }

    /// <summary>A signature in its wire form, made with the key; the agent may ask a person first.</summary>
    /// <exception cref="IOException">The agent refuses, or does not answer.</exception>
    public async Task<byte[]> SignAsync(SshAgentKey key, byte[] data, CancellationToken ct)
    {
        var request = new List<byte> { SignRequest };
        SshWire.Append(request, key.Blob);
        SshWire.Append(request, data);
        // RSA with SHA-1 is not taken any more; other types know one hash only.
        SshWire.Append(request, key.Type.StartsWith("ssh-rsa", StringComparison.Ordinal) ? RsaSha512 : 0);
        return new SshWire(await AskAsync([.. request], Signature, ct)).Bytes();
    }

    async Task<byte[]> AskAsync(byte[] request, byte expected, CancellationToken ct)
    {
        await using var stream = await OpenAsync(ct);
        var message = new List<byte>();
        SshWire.Append(message, request);
        await stream.WriteAsync(message.ToArray(), ct);
        var size = new byte[4];
        await stream.ReadExactlyAsync(size, ct);
        var length = BinaryPrimitives.ReadUInt32BigEndian(size);
        if (length is 0 or > MostBytes) throw new IOException($"it answers what no agent does ({length} bytes)");
        var answer = new byte[length];
        await stream.ReadExactlyAsync(answer, ct);
        return answer[0] == expected ? answer[1..] : throw new IOException(expected == Signature ? "it refuses to sign" : "it is locked or refuses");
    }

    async Task<Stream> OpenAsync(CancellationToken ct)
    {
        try
        {
            if (Address.StartsWith(PipePrefix, StringComparison.OrdinalIgnoreCase))
            {
                var pipe = new NamedPipeClientStream(".", Address[PipePrefix.Length..], PipeDirection.InOut, PipeOptions.Asynchronous);
                try
                {
                    await pipe.ConnectAsync(1000, ct);
                    return pipe;
                }
                catch
                {
                    await pipe.DisposeAsync();
                    throw;
                }
            }
            if (!File.Exists(Address)) throw new IOException("there is no such socket");
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Address), ct);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is SocketException or TimeoutException or ArgumentException or UnauthorizedAccessException)
        {
            throw new IOException(e.Message, e);
        }
    }
}

/// <summary>SSH's wire form: numbers of four bytes, and texts with their length before them.</summary>
sealed class SshWire(byte[] data)
{
    int _at;

    public uint Number()
    {
        if (_at + 4 > data.Length) throw new IOException("its answer ends too early");
        _at += 4;
        return BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(_at - 4));
    }

    public byte[] Bytes()
    {
        var length = Number();
        if (length > data.Length - _at) throw new IOException("its answer ends too early");
        _at += (int)length;
        return data[(_at - (int)length).._at];
    }

    public static void Append(List<byte> to, uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        to.AddRange(bytes);
    }

    public static void Append(List<byte> to, byte[] text)
    {
        Append(to, (uint)text.Length);
        to.AddRange(text);
    }

    /// <summary>The text that a key starts with; null when it is no key.</summary>
    public static string? FirstText(byte[] data)
    {
        try
        {
            return Encoding.ASCII.GetString(new SshWire(data).Bytes());
        }
        catch (IOException)
        {
            return null;
        }
    }
}
