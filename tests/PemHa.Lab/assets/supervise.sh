#!/bin/bash
# supervise.sh: runs one host until it powers off; a reboot inside starts it again with new network cards.
# env: HOST FIRST SECOND DIR LOWER DOTNET SWITCH NETNS CGROUP
exec </dev/null >>"$DIR/console.log" 2>&1
trap '' HUP INT
here=$(dirname "$(readlink -f "$0")")

unplug() {
  ip -n "$SWITCH" link del "${FIRST%% *}" 2>/dev/null
  [ -z "$SECOND" ] || ip -n "$SWITCH" link del "${SECOND%% *}" 2>/dev/null
  ip netns del "$NETNS" 2>/dev/null
}
# A fresh namespace per boot: no address, firewall rule or sysctl survives a reboot.
plug() {
  ip netns add "$NETNS" && ip -n "$NETNS" link set lo up && card $FIRST && { [ -z "$SECOND" ] || card $SECOND; }
}
card() { # port, card, bridge, mac, IPv4 address, IPv6 address
  ip -n "$SWITCH" link add "$1" type veth peer name "$2" netns "$NETNS" address "$4" &&
  ip -n "$SWITCH" link set "$1" master "$3" "$([ -e "$DIR/unplugged" ] && echo down || echo up)" &&
  ip -n "$NETNS" -batch - <<<"addr add $5/24 dev $2
addr add $6/64 dev $2 nodad
link set $2 up"
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
