using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PemHa.Commands;

/// <summary>Judges addresses as a person gives them. They are compared as texts everywhere, so there is one way to write each.</summary>
static class Addresses
{
    /// <summary>What an address or a host name is made of.</summary>
    public const string Pattern = "[A-Za-z0-9_:]([A-Za-z0-9_.:-]{0,251}[A-Za-z0-9_:])?";

    /// <summary>The same in words.</summary>
    public const string Form = "an IP address or a host name";

    /// <summary>Whether a text is meant as a host name: an IPv6 address has colons, and the last part of an IPv4 address is a number.</summary>
    public static bool IsName(string text) => !text.Contains(':', StringComparison.Ordinal) && !text.Split('.')[^1].All(char.IsAsciiDigit);

    /// <summary>Why a text is no address; null when it is one.</summary>
    /// <param name="prefix">The prefix length given with it, if any.</param>
    public static string? Refusal(string address, string? prefix = null)
    {
        if (!IPAddress.TryParse(address, out var parsed)) return $"{address} is no IP address.";
        if (parsed.ToString() != address) return $"{address} is not how that address is written: {parsed}.";
        return prefix is not null
            && int.Parse(prefix, CultureInfo.InvariantCulture) > (parsed.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
            ? $"/{prefix} is no prefix length of {address}." : null;
    }
}
