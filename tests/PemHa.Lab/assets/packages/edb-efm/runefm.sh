#!/bin/bash
# runefm.sh start|stop|status CLUSTER: an agent of the lab's stand-in of Failover Manager. "start" returns when the agent watches
# its database, or fails with it.
cluster=${2##*/} cluster=${cluster%.properties}
[ -n "$cluster" ] || { echo "Usage: $0 start|stop|status <cluster>" >&2; exit 2; }
pidfile=/run/efm-@version@/$cluster.pid
pid=$(cat "$pidfile" 2>/dev/null)
case $1 in
start)
  command -v java >/dev/null || { echo "$0: java: command not found (Failover Manager needs Java 11 or later)" >&2; exit 127; }
  export DOTNET_EnableDiagnostics=0 DOTNET_GCgen0size=0x200000 DOTNET_TC_CallCounting=0
  # The agent writes to descriptor 3 when it has started; the end of the file without a word means that it died.
  exec 4>&1
  word=$(setsid /usr/share/dotnet/dotnet /usr/edb/efm-@version@/lib/PemHa.Lab.Efm.dll __agent "$cluster" 3>&1 >&4 2>&4 4>&- </dev/null &)
  [ "$word" = started ] || { echo "The agent for cluster $cluster did not start." >&2; exit 1; } ;;
stop)
  [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null || exit 0
  timeout 30 tail --pid="$pid" -s 0.05 -f /dev/null ;;
status)
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || { echo "Agent for cluster $cluster is not running."; exit 3; }
  echo "Agent for cluster $cluster is running (pid $pid)." ;;
*) echo "Usage: $0 start|stop|status <cluster>" >&2; exit 2 ;;
esac
