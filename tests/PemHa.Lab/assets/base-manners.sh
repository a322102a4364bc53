# Read by bash inside the new root file system. A lab host starts as a bare "RHEL minimal" machine.

# Nothing that a minimal install would not run: Debian's packages enable their services themselves.
for u in postgresql.service nginx.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer dnf-makecache.timer dnf-automatic.timer systemd-timesyncd.service systemd-networkd.service \
    networking.service; do
  systemctl disable $u >/dev/null 2>&1 || true
done
# What cannot work without a machine of its own would leave the host "degraded".
for u in getty@.service getty.target console-getty.service systemd-udevd.service systemd-udev-trigger.service \
    systemd-udevd-control.socket systemd-udevd-kernel.socket sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount \
    dev-mqueue.mount proc-sys-fs-binfmt_misc.automount systemd-binfmt.service systemd-firstboot.service \
    systemd-journal-catalog-update.service systemd-update-utmp.service; do
  ln -sf /dev/null /etc/systemd/system/$u
done
mkdir -p /etc/systemd/system-preset /etc/systemd/journald.conf.d
echo 'disable *' > /etc/systemd/system-preset/99-lab.preset
printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n' > /etc/systemd/journald.conf.d/lab.conf

# The lab's own key is not in anybody's home, so a test may do there what it likes and the lab still gets in.
rm -f /etc/ssh/ssh_host_*
cat > /etc/ssh/sshd_config.d/lab.conf <<'E'
PermitRootLogin yes
PasswordAuthentication yes
UseDNS no
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/lab_authorized_keys
E

groupadd -r wheel
useradd -m -s /bin/bash -G wheel admin
printf 'admin:Lab-pass1\nroot:Root-pass1\n' | chpasswd
echo '%wheel ALL=(ALL) ALL' > /etc/sudoers.d/wheel
chmod 440 /etc/sudoers.d/wheel
echo 'PATH="/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin:/bin:/sbin"' > /etc/environment
sed -i 's/^# *\(en_US.UTF-8\)/\1/' /etc/locale.gen
locale-gen >/dev/null 2>&1

# dnf and rpm as on the RHEL 9 family.
mkdir -p /etc/rpm
cat > /etc/rpm/macros.lab <<'E'
%_dbpath /var/lib/rpm
%rhel 9
%el9 1
%dist .el9
%_unitdir /usr/lib/systemd/system
E
cat > /etc/dnf/dnf.conf <<'E'
[main]
gpgcheck=1
installonly_limit=3
clean_requirements_on_remove=True
best=True
skip_if_unavailable=False
module_platform_id=platform:el9
E
for plugin in local system_upgrade; do printf '[main]\nenabled = false\n' > /etc/dnf/plugins/$plugin.conf; done
rm -f /usr/lib/python3/dist-packages/dnf-plugins/{system_upgrade,show_leaves}.py
ln -sf dnf-3 /usr/bin/yum
mkdir -p /etc/yum.repos.d /srv/repo /usr/share/dotnet
firewall-offline-cmd --zone=public --add-interface=eth0 >/dev/null

: > /etc/machine-id
rm -f /etc/resolv.conf; : > /etc/resolv.conf
: > /etc/fstab
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/*.log
