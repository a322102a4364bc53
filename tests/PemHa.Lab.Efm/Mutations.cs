namespace PemHa.Lab.Efm;

/// <summary>
/// The mutations of this host's stand-in: the facts in which it differs from the usual one, so that a test shows how
/// PemHa handles a real product that differs in the same way. Each is a word on a line of a file. The file is read at
/// each question because an agent runs for longer than a test.
/// </summary>
static class Mutations
{
    internal const string File = "/etc/pemha-lab/mutations";

    /// <summary>Whether this host's stand-in has the mutation.</summary>
    internal static bool Has(string word) => Has(word, File);

    /// <summary>Whether a file names the mutation; a missing file names none.</summary>
    internal static bool Has(string word, string file)
    {
        try
        {
            return System.IO.File.ReadLines(file).Any(line => line.Trim() == word);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
