#!/bin/bash
# supervise.sh: runs one host until it powers off; a reboot inside starts it again with a new network card.
# env: HOST ADDRESS MAC DIR LOWER DOTNET SWITCH NETNS CGROUP
exec </dev/null >>"$DIR/console.log" 2>&1
trap '' HUP INT
here=$(dirname "$(readlink -f "$0")")

unplug() {
  ip -n "$SWITCH" link del "$HOST" 2>/dev/null
  ip netns del "$NETNS" 2>/dev/null
}
# A fresh namespace per boot: no address, firewall rule or sysctl survives a reboot.
plug() {
  ip netns add "$NETNS" &&
  ip -n "$SWITCH" link add "$HOST" type veth peer name eth0 netns "$NETNS" address "$MAC" &&
  ip -n "$SWITCH" link set "$HOST" master br0 "$([ -e "$DIR/unplugged" ] && echo down || echo up)" &&
  ip -n "$NETNS" link set lo up &&
  ip -n "$NETNS" addr add "$ADDRESS/24" dev eth0 &&
  ip -n "$NETNS" link set eth0 up
}

while :; do
  unplug
  plug || { echo "no network card for $HOST"; break; }
  uptime=$(cut -d. -f1 /proc/uptime)
  ( trap - HUP INT; echo $BASHPID > "$CGROUP/cgroup.procs"
    exec nsenter --net="/run/netns/$NETNS" unshare --mount --uts --ipc --pid --cgroup --fork --kill-child=KILL --propagation private \
      --time --boottime "-$uptime" --monotonic "-$uptime" "$here/boot-inner.sh" )
  rc=$?
  echo "$(date +%T) $HOST exited with $rc"
  # reboot(2) in a pid namespace ends its init with SIGHUP, power-off with SIGINT.
  [ $rc = 129 ] || break
done
unplug
