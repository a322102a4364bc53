Console.WriteLine("PemHa lab");
