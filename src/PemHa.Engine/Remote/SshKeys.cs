using System.Collections.Concurrent;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Security;

namespace PemHa.Engine.Remote;

/// <summary>What came of reading a private key's file.</summary>
enum KeyState
{
    Usable,
    Missing,

    /// <summary>It is encrypted, and no passphrase was given.</summary>
    Locked,

    /// <summary>It is encrypted with another passphrase.</summary>
    WrongPassphrase,

    /// <summary>It is no private key, or of a kind that the library does not know.</summary>
    Unfit,
}

/// <summary>A private key's file as it was read.</summary>
/// <param name="Source">The key, when it can be used.</param>
/// <param name="Trouble">What the reader said, when it cannot.</param>
sealed record KeyFile(KeyState State, IPrivateKeySource? Source = null, string Trouble = "", Exception? Cause = null)
{
    /// <summary>The names under which the key is offered, in order.</summary>
    public IReadOnlyList<string> Offers => [.. Source?.HostKeyAlgorithms.Select(a => a.Name) ?? []];
}

/// <summary>
/// Private keys, read and decrypted once for all hosts that are connected at the same time; a passphrase is slow on purpose. They are
/// forgotten when all are logged in: nothing needs them afterwards.
/// </summary>
sealed class SshKeys : IDisposable
{
    readonly ConcurrentDictionary<(string Path, string? Passphrase, string Certificates), Lazy<KeyFile>> _read = [];
    readonly ConcurrentBag<IDisposable> _keys = [];

    /// <summary>Reads a key's file, with the certificates among those given that belong to it.</summary>
    public KeyFile Read(string path, string? passphrase, IReadOnlyList<string> certificates) =>
        _read.GetOrAdd((path, passphrase, string.Join('\n', certificates)), _ => new Lazy<KeyFile>(() => Load(path, passphrase, certificates))).Value;

    public void Dispose()
    {
        foreach (var key in _keys) key.Dispose();
    }

    KeyFile Load(string path, string? passphrase, IReadOnlyList<string> certificates)
    {
        if (!File.Exists(path)) return new KeyFile(KeyState.Missing, Trouble: "there is no such file");
        var locked = false;
        try
        {
            // The library takes no passphrase for a wrong one in this format.
            locked = File.ReadLines(path).FirstOrDefault()?.StartsWith("-----BEGIN ENCRYPTED", StringComparison.Ordinal) == true;
            if (!locked)
            {
                try
                {
                    // A passphrase given for another key does no harm to one that needs none.
                    return Usable(path, null, certificates);
                }
                catch (SshPassPhraseNullOrEmptyException)
                {
                    locked = true;
                }
            }
            return string.IsNullOrEmpty(passphrase) ? new KeyFile(KeyState.Locked, Trouble: "it is encrypted and no passphrase was given")
                : Usable(path, passphrase, certificates);
        }
#pragma warning disable CA1031 // Behind a wrong passphrase is noise, and each of the library's parsers stumbles over it in its own way.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new KeyFile(locked ? KeyState.WrongPassphrase : KeyState.Unfit, Trouble: locked ? "its passphrase is another one" : e.Message, Cause: e);
        }
    }

    KeyFile Usable(string path, string? passphrase, IReadOnlyList<string> certificates)
    {
        foreach (var certificate in certificates.Where(File.Exists))
        {
            try
            {
                return Keep(new PrivateKeyFile(path, passphrase, certificate));
            }
            catch (ArgumentException)
            {
                // It certifies another key.
            }
        }
        return Keep(new PrivateKeyFile(path, passphrase));
    }

    KeyFile Keep(PrivateKeyFile key)
    {
        _keys.Add(key);
        return new KeyFile(KeyState.Usable, new SharedKey(key));
    }

    /// <summary>Hosts log in at the same time, and the library's keys are made for one thread.</summary>
    sealed class SharedKey(PrivateKeyFile key) : IPrivateKeySource
    {
        public IReadOnlyCollection<HostAlgorithm> HostKeyAlgorithms { get; } = [.. key.HostKeyAlgorithms.Select(a => new OneAtATime(a, key))];
    }

    sealed class OneAtATime(HostAlgorithm inner, object gate) : HostAlgorithm(inner.Name)
    {
        public override byte[] Data => inner.Data;

        public override byte[] Sign(byte[] data)
        {
            lock (gate) return inner.Sign(data);
        }

        public override bool VerifySignature(byte[] data, byte[] signature) => inner.VerifySignature(data, signature);
    }
}
