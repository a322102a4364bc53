using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Security;

namespace PemHa.Engine.Remote;

/// <summary>The ways to log in to one machine, in the order in which they are tried: those asked for by parameters first.</summary>
sealed class SshLogin : IDisposable
{
    readonly CancellationTokenSource _over;
    readonly List<string> _remarks = [];
    readonly List<string> _offered = [];
    volatile bool _signing;

    SshLogin(SshHop hop, CancellationToken ct)
    {
        _over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        _remarks.AddRange(hop.Notes);
    }

    /// <summary>The library's name for it.</summary>
    public IReadOnlyList<AuthenticationMethod> Methods { get; private set; } = [];

    /// <summary>Whether the agent has been asked to sign, and has not yet: a person may have to allow it.</summary>
    public bool Signing => _signing;

    /// <summary>What was offered, and what could not be; for a person whose login is refused.</summary>
    public string Story
    {
        get
        {
            lock (_remarks)
            {
                return (_offered.Count == 0 ? "Nothing could be offered" : $"Offered: {string.Join(", ", _offered)}")
                    + (_remarks.Count == 0 ? "." : $"; {string.Join("; ", _remarks)}.");
            }
        }
    }

    /// <summary>Gathers what can be offered to a machine.</summary>
    /// <exception cref="PemException">A key that was asked for cannot be used, or there is nothing to offer.</exception>
    public static async Task<SshLogin> PrepareAsync(SshHop hop, SshKeys keys, CancellationToken ct)
    {
        var login = new SshLogin(hop, ct);
        try
        {
            var methods = new List<AuthenticationMethod>();
            if (hop.PasswordFirst) login.AddPassword(hop, methods);
            var sources = await login.SourcesAsync(hop, keys, ct);
            if (sources.Count > 0) methods.Add(new PrivateKeyAuthenticationMethod(hop.UserName, [.. sources]));
            if (!hop.PasswordFirst) login.AddPassword(hop, methods);
            login.Methods = methods;
            return methods.Count > 0 ? login : throw new PemException("NoCredential", Trouble.InvalidArgument,
                $"There is no key and no password for {hop.UserName} on {hop.Label}. {login.Story}", "Give -KeyFile, -Credential or both, or load a key into ssh-agent.");
        }
        catch
        {
            login.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _over.Cancel();
        foreach (var method in Methods) method.Dispose();
        _over.Dispose();
    }

    /// <summary>The keys: first those of files, given or implied, then whatever else the agent has.</summary>
    async Task<List<IPrivateKeySource>> SourcesAsync(SshHop hop, SshKeys keys, CancellationToken ct)
    {
        // bcrypt would hold up the others.
        var files = await Task.Run(() => hop.Identities.Select(i => (Identity: i, File: keys.Read(i.Path, hop.Passphrase, [i.Path + "-cert.pub", .. hop.Certificates]))).ToList(), ct);
        IReadOnlyList<SshAgentKey> held = !hop.IdentitiesOnly || files.Any(f => f.File.State != KeyState.Usable) ? await AgentKeysAsync(hop, ct) : [];
        var agent = hop.Agent is { } address ? new SshAgent(address) : null;
        var sources = new List<IPrivateKeySource>();
        var used = new HashSet<SshAgentKey>();
        foreach (var (identity, file) in files)
        {
            if (file.State == KeyState.Usable)
            {
                sources.Add(file.Source!);
                _offered.Add(identity.Path);
            }
            // Encrypted, on a token, or only its .pub is here: the agent may have it all the same.
            else if (PublicKeys.Of(identity.Path) is { } blob && held.FirstOrDefault(k => k.Blob.AsSpan().SequenceEqual(blob)) is { } key)
            {
                AddFromAgent(key);
            }
            else if (identity.Required)
            {
                if (held.Count > 0) _remarks.Add("ssh-agent does not hold it");
                throw Unusable(hop, identity, file);
            }
            else
            {
                _remarks.Add($"{identity.Path}: {file.Trouble}");
            }
        }
        if (!hop.IdentitiesOnly) foreach (var key in held.Where(k => !used.Contains(k) && !Has(sources, k))) AddFromAgent(key);
        return sources;

        void AddFromAgent(SshAgentKey key)
        {
            if (!used.Add(key)) return;
            sources.Add(new AgentSource(this, agent!, key));
            _offered.Add($"'{key.Comment}' of the agent");
        }
    }

    static bool Has(List<IPrivateKeySource> sources, SshAgentKey key) =>
        sources.Any(s => s.HostKeyAlgorithms.Any(a => a.Data.AsSpan().SequenceEqual(key.Blob)));

    async Task<IReadOnlyList<SshAgentKey>> AgentKeysAsync(SshHop hop, CancellationToken ct)
    {
        if (hop.Agent is not { } address)
        {
            _remarks.Add("there is no ssh-agent (SSH_AUTH_SOCK is not set)");
            return [];
        }
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(hop.Timeout / 3);
        try
        {
            var keys = await new SshAgent(address).KeysAsync(patience.Token);
            if (keys.Count == 0) _remarks.Add($"the ssh-agent at {address} holds no key");
            return keys;
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            _remarks.Add($"the ssh-agent at {address} cannot be used: {(e is IOException ? e.Message : "it does not answer")}");
            return [];
        }
    }

    PemException Unusable(SshHop hop, SshIdentity identity, KeyFile file)
    {
        var rest = string.Concat(_remarks.Select(r => "; " + r));
        return file.State is KeyState.Locked or KeyState.WrongPassphrase
            ? new PemException("KeyPassphraseWrong", Trouble.AuthenticationError, $"The key file {identity.Path}, for {hop.Label}, cannot be opened: {file.Trouble}{rest}.",
                "Give its passphrase with -KeyPassphrase, or load the key into ssh-agent with ssh-add.", file.Cause)
            : new PemException("KeyFileUnreadable", Trouble.InvalidArgument, $"The key file {identity.Path}, for {hop.Label}, cannot be used: {file.Trouble}{rest}.",
                "Give a private key in OpenSSH, PEM or PuTTY format; one on a token or a smart card works through ssh-agent.", file.Cause);
    }

    void AddPassword(SshHop hop, List<AuthenticationMethod> methods)
    {
        if (hop.Password is not { } password) return;
        _offered.Add("the password");
        var once = new PasswordMethod(hop.UserName, password);
        methods.AddRange([once, new PromptMethod(this, once, hop.UserName, password)]);
    }

    void Remark(string text)
    {
        lock (_remarks) _remarks.Add(text);
    }

    /// <summary>A password that remembers whether it was refused.</summary>
    sealed class PasswordMethod : PasswordAuthenticationMethod
    {
        public PasswordMethod(string user, string password) : base(user, password) =>
            PasswordExpired += (_, _) => throw new SshAuthenticationException("the password has expired and must be changed");

        public bool Refused { get; private set; }

        public override AuthenticationResult Authenticate(Session session)
        {
            var result = base.Authenticate(session);
            Refused = result == AuthenticationResult.Failure;
            return result;
        }
    }

    /// <summary>The password for a server that asks for it in its own words (keyboard-interactive).</summary>
    sealed class PromptMethod : KeyboardInteractiveAuthenticationMethod
    {
        readonly SshLogin _login;
        readonly PasswordMethod _once;
        bool _answered;

        public PromptMethod(SshLogin login, PasswordMethod once, string user, string password) : base(user)
        {
            (_login, _once) = (login, once);
            AuthenticationPrompt += (_, e) =>
            {
                foreach (var prompt in e.Prompts)
                {
                    // The first hidden question is the one for the password. Another one is for a code, or for a new password.
                    if (_answered || prompt.IsEchoed) throw new SshAuthenticationException($"it asks '{prompt.Request.Trim()}', which PemHa cannot answer");
                    _answered = true;
                    prompt.Response = password;
                }
            };
        }

        public override AuthenticationResult Authenticate(Session session)
        {
            // The same wrong password a second time would only bring the account nearer to being locked.
            if (_once.Refused) return AuthenticationResult.Failure;
            try
            {
                return base.Authenticate(session);
            }
            catch (SshAuthenticationException e)
            {
                _login.Remark(e.Message);
                return AuthenticationResult.Failure;
            }
        }
    }

    /// <summary>A key of the agent's. Whatever kind it is of, the agent makes the whole signature: tokens and certificates work as well.</summary>
    sealed class AgentSource(SshLogin login, SshAgent agent, SshAgentKey key) : IPrivateKeySource
    {
        public IReadOnlyCollection<HostAlgorithm> HostKeyAlgorithms { get; } = [new AgentAlgorithm(login, agent, key)];
    }

    sealed class AgentAlgorithm(SshLogin login, SshAgent agent, SshAgentKey key) : HostAlgorithm(key.Type switch
    {
        "ssh-rsa" => "rsa-sha2-512",
        "ssh-rsa-cert-v01@openssh.com" => "rsa-sha2-512-cert-v01@openssh.com",
        var type => type,
    })
    {
        public override byte[] Data => key.Blob;

        public override byte[] Sign(byte[] data)
        {
            login._signing = true;
            try
            {
                return agent.SignAsync(key, data, login._over.Token).GetAwaiter().GetResult();
            }
            catch (IOException e)
            {
                // The server turns down a signature of nothing, and the next key has its turn.
                login.Remark($"the agent did not sign with '{key.Comment}': {e.Message}");
                var nothing = new List<byte>();
                SshWire.Append(nothing, System.Text.Encoding.ASCII.GetBytes(Name));
                SshWire.Append(nothing, []);
                return [.. nothing];
            }
            finally
            {
                login._signing = false;
            }
        }

        public override bool VerifySignature(byte[] data, byte[] signature) => throw new NotSupportedException();
    }
}
