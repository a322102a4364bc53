namespace PemHa.Lab.Efm;

/// <summary>
/// The facts in which this host's stand-in differs from the usual one, to show what PemHa makes of a real product that
/// does. Each is a word in a file, one a line. The file is read at each question, because an agent runs for longer than
/// a test.
/// </summary>
static class Mutations
{
    internal const string File = "/etc/pemha-lab/mutations";

    /// <summary>Whether this host's stand-in has the mutation.</summary>
    internal static bool Has(string word) => Has(word, File);

    /// <summary>Whether a file names the mutation; a file that is not there names none.</summary>
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
