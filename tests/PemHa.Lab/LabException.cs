namespace PemHa.Lab;

/// <summary>Why the lab cannot do what it was asked, in one sentence for a person.</summary>
sealed class LabException(string message, Exception? inner = null) : Exception(message, inner);
