using System.Collections.Concurrent;
using System.Diagnostics;
using System.Management.Automation;
using System.Net;
using PemHa.Engine;
using PemHa.Engine.Pem;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;

namespace PemHa.Commands;

/// <summary>
/// The pump: work runs off the pipeline's thread, and whatever it wants to say is queued and said by the pipeline's thread,
/// which alone may. Stopping only signals; the pump leaves once the work has seen it, or without it.
/// </summary>
public abstract class AsyncCommand : PSCmdlet, IDisposable
{
    /// <summary>How long the work may take to see that it is stopped; a person who pressed Ctrl-C waits no second.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    readonly CancellationTokenSource _stop = new();
    readonly ConcurrentDictionary<PemHost, string> _doing = [];
    BlockingCollection<Action>? _queue;
    long _stopped;

    /// <summary>Runs work and drains what it says until it is done.</summary>
    private protected void Pump(Func<CancellationToken, Task> work)
    {
        var queue = _queue = [];
        var running = Task.Run(() => work(_stop.Token));
        _ = running.ContinueWith(_ => queue.CompleteAdding(), TaskScheduler.Default);
        try
        {
            // The moment is this thread's own to watch: a thread pool that is busy with others' work must not make a person wait.
            while (!queue.IsCompleted)
            {
                var left = Left;
                if (left == 0) throw new PipelineStoppedException();
                if (queue.TryTake(out var say, left)) say();
            }
        }
        catch
        {
            // The pipeline is gone (Ctrl-C, -ErrorAction Stop, Select-Object -First): the work has no listener any more.
            Signal();
            Leave(queue, running);
            throw;
        }
        _queue = null;
        try
        {
            running.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            TellLeft();
            throw new PipelineStoppedException();
        }
        catch (RuntimeException e)
        {
            // PowerShell's own, such as of a path whose drive is not there.
            ThrowTerminatingError(new ErrorRecord(e.ErrorRecord, e));
        }
        catch (Exception e)
        {
            var error = PemException.Unexpected(e);
            if (error != e) error = error.At(null, MyInvocation.MyCommand.Name);
            ThrowTerminatingError(Errors.Record(error, (MyInvocation.BoundParameters.GetValueOrDefault("PemHost") as PemHost[])?.FirstOrDefault()?.Cluster));
        }
    }

    /// <summary>Lets the pipeline's thread do something, without waiting for it.</summary>
    private protected void Post(Action say)
    {
        try
        {
            _queue?.Add(say);
        }
        catch (InvalidOperationException)
        {
            // The pump has ended; there is nobody left to listen.
        }
    }

    /// <summary>Lets the pipeline's thread answer a question.</summary>
    private protected async Task<T> AskAsync<T>(Func<T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = _stop.Token.Register(() => answer.TrySetCanceled());
        Post(() =>
        {
            try
            {
                answer.TrySetResult(question());
            }
            catch (Exception e)
            {
                answer.TrySetException(e);
                throw;
            }
        });
        return await answer.Task;
    }

    /// <summary>Runs this command once more, as a job, and puts that out. In a preview there is no job.</summary>
    /// <returns>Whether all is done here.</returns>
    private protected bool StartJob(IReadOnlyList<PemHost> hosts)
    {
        if (Preference.WhatIf(this)) return false;
        if (hosts.Count == 0 || !ShouldProcess(string.Join(", ", hosts), $"{MyInvocation.MyCommand.Name}, as a job that asks nothing more")) return true;
        var job = new PemJob(this, hosts);
        JobRepository.Add(job);
        WriteObject(job);
        return true;
    }

    /// <summary>What a host is in the middle of; null when it has answered.</summary>
    internal void Doing(PemHost host, string? what)
    {
        if (what is null) _doing.TryRemove(host, out _);
        else _doing[host] = what;
    }

    /// <summary>A database role and its password in clear, which the engine masks wherever it might show.</summary>
    /// <exception cref="PemException">A file or a statement could not hold them.</exception>
    private protected Login Login(PSCredential credential)
    {
        var login = new Login(RoleName(credential.UserName), Clear(credential));
        Refuse("PasswordUnfit", Role.PasswordRefusal(login.Password), $"The password of {login.UserName}", login.UserName);
        return login;
    }

    /// <summary>The same of the superuser that configures PEM.</summary>
    /// <exception cref="PemException">A file, a statement or the vendor's script could not hold them.</exception>
    private protected Login SuperLogin(PSCredential credential)
    {
        var login = Login(credential);
        Refuse("UserNameUnfit", PemServer.UserRefusal(login.UserName), $"The user {login.UserName}", login.UserName);
        Refuse("PasswordUnfit", PemServer.Refusal(login.Password), $"The password of {login.UserName}", login.UserName);
        return login;
    }

    /// <summary>The same for the role with which the web applications store their users' settings.</summary>
    /// <exception cref="PemException">A file, a statement or the web application could not hold them.</exception>
    private protected Login SettingsLogin(PSCredential credential)
    {
        var login = Login(credential);
        var user = login.UserName;
        Refuse("UserNameUnfit", UserSettings.Refusal(user), $"The user {user}", user);
        Refuse("PasswordUnfit", UserSettings.Refusal(login.Password), $"The password of {user}", user);
        return login;
    }

    /// <summary>The value of a switch; null where it was not given, so that the version of PEM may decide.</summary>
    private protected bool? Choice(string name, SwitchParameter value) =>
        MyInvocation.BoundParameters.ContainsKey(name) ? value.ToBool() : null;

    /// <summary>The name of a database role.</summary>
    /// <exception cref="PemException">A file or a statement could not hold it.</exception>
    private protected string RoleName(string name)
    {
        Refuse("UserNameUnfit", Role.Refusal(name), $"The user {name}", name);
        return name;
    }

    /// <summary>Ends the command when there is a reason why something that was given will not do.</summary>
    private protected void Refuse(string id, string? why, string what, object given)
    {
        if (why is not null)
            throw new PemException(id, Trouble.InvalidArgument, $"{what} will not do: {why}.", "Choose another one.") { Step = MyInvocation.MyCommand.Name, Given = given };
    }

    /// <summary>The clear text of a credential's password, whatever its user is called.</summary>
    private protected static string Clear(PSCredential credential) => new NetworkCredential("", credential.Password).Password;

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        Signal();
        // The pump looks up.
        Post(() => { });
    }

    /// <summary>Tells the work to stop.</summary>
    void Signal()
    {
        Interlocked.CompareExchange(ref _stopped, Stopwatch.GetTimestamp(), 0);
        // What is called back then belongs to libraries, and may take its time.
        _ = _stop.CancelAsync();
    }

    /// <summary>How many milliseconds the work still has to see that it is stopped: without end (-1) as long as it is not.</summary>
    int Left => Interlocked.Read(ref _stopped) is var at and not 0
        ? (int)Math.Max(0, (Grace - Stopwatch.GetElapsedTime(at)).TotalMilliseconds)
        : Timeout.Infinite;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the command holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing) return;
        _stop.Dispose();
    }

    /// <summary>Gives the work a moment to see that it is over; it is left alone if it does not.</summary>
    void Leave(BlockingCollection<Action> queue, Task running)
    {
        try
        {
            running.Wait(Left);
        }
        catch (AggregateException)
        {
            // What stopped the pipeline is on its way to the user already.
        }
        _queue = null;
        while (queue.TryTake(out _)) { }
        TellLeft();
    }

    /// <summary>Says what is left half-way. A pipeline that is stopped takes no warning any more, but the person's screen does.</summary>
    void TellLeft()
    {
        foreach (var (host, what) in _doing.OrderBy(d => d.Key.Name, StringComparer.Ordinal))
            Host?.UI?.WriteWarningLine(Printable.Text($"{host.Name} was in the middle of {what}. It ends there between two commands, never inside one; run the step again, it goes on from there."));
    }
}
