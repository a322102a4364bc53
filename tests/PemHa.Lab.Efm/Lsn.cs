using System.Globalization;

namespace PemHa.Lab.Efm;

/// <summary>A position in the write-ahead log, as Postgres prints it (<c>0/F7A3808</c>).</summary>
readonly record struct Lsn(ulong Value) : IComparable<Lsn>
{
    internal static Lsn? Parse(string? text)
    {
        var parts = text?.Split('/');
        return parts is [var high, var low]
            && uint.TryParse(high, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var h)
            && uint.TryParse(low, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var l)
            ? new Lsn(((ulong)h << 32) | l)
            : null;
    }

    public int CompareTo(Lsn other) => Value.CompareTo(other.Value);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value >> 32:X}/{(uint)Value:X}");
}
