#!/bin/bash
# PID 1 of a host's new namespaces: builds its root and becomes systemd.
# env: HOST DIR LOWER DOTNET
set -e
# redirect_dir: a directory that lies on a kept disk can be renamed as on any other.
mount -t overlay lab -o "redirect_dir=on,lowerdir=$LOWER,upperdir=$DIR/upper,workdir=$DIR/work" "$DIR/root"
cd "$DIR/root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid,size=4m tmpfs dev
for d in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do set -- $d; mknod -m 666 dev/$1 c $2 $3; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin; ln -s /proc/self/fd/1 dev/stdout; ln -s /proc/self/fd/2 dev/stderr
mount -t tmpfs -o mode=1777,nosuid,nodev,size=1g tmpfs dev/shm
mount -t tmpfs -o mode=755,nosuid,nodev,size=256m tmpfs run
mount -t tmpfs -o mode=1777,nosuid,nodev,size=1g tmpfs tmp
mount --bind "$DOTNET" usr/share/dotnet
mount -o remount,bind,ro usr/share/dotnet
# Knobs of the whole kernel stay out of reach; the sysctls of this host's own network do not.
mount --bind proc/sys proc/sys; mount -o remount,bind,ro proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net 2>/dev/null || true; mount -o remount,bind,rw proc/sys/net proc/sys/net 2>/dev/null || true
for f in proc/sysrq-trigger; do [ -e $f ] || continue; mount --bind $f $f; mount -o remount,bind,ro $f; done
for f in proc/kmsg proc/kcore; do [ -e $f ] || continue; mount --bind dev/null $f; done
cat /proc/sys/kernel/random/uuid > run/.boot_id
mount --bind run/.boot_id proc/sys/kernel/random/boot_id
mount -o remount,bind,ro proc/sys/kernel/random/boot_id
hostname "$HOST"
mkdir -p run/.old
pivot_root . run/.old
cd /
# Without CAP_SYS_MODULE systemd does not try to load kernel modules, which would leave it "degraded".
exec /usr/bin/env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb /bin/sh -c "umount -l /run/.old; rmdir /run/.old; exec setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio,-syslog --inh-caps=-all /lib/systemd/systemd --system --show-status=no"
