Console.WriteLine("efm stand-in");
