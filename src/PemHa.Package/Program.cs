using System.Reflection;
using PemHa.Package;

// dotnet run -c Release --project src/PemHa.Package: out/PemHa as the Gallery would install it, and out/PemHa.VERSION.nupkg.
var root = new DirectoryInfo(AppContext.BaseDirectory);
while (!File.Exists(Path.Combine(root.FullName, "PemHa.psd1")))
    root = root.Parent ?? throw new DirectoryNotFoundException("This program packs the checkout that it was built in.");
var configuration = Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
var module = ModuleFolder.Make(root.FullName, Path.Combine(root.FullName, "src", "PemHa.Commands", "bin", configuration, "net8.0"),
    Path.Combine(root.FullName, "out", "PemHa"));
Console.WriteLine(module.Folder);
Console.WriteLine(Nupkg.Write(module, Path.Combine(root.FullName, "out")));
