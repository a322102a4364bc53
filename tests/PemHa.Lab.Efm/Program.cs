using PemHa.Lab.Efm;

if (args is not ["__agent", var cluster]) return await Cli.RunAsync(args);
return await AgentProcess.RunAsync(StandIn.ClusterName(cluster));
