#!/bin/bash
# make-base.sh DEST: a trixie root file system with real systemd, sshd, dnf/rpm, firewalld and PostgreSQL, given RHEL's manners.
# Runs as root in a mount and pid namespace of its own, so that a kill leaves no mount behind.
set -e
umask 022
dest=$1 here=$(dirname "$(readlink -f "$0")")
packages=(
  systemd systemd-sysv dbus libpam-systemd passwd hostname sudo less procps ca-certificates locales
  openssh-server openssh-client iproute2 iputils-ping iputils-arping curl openssl python3-minimal
  dnf dnf-plugins-core rpm createrepo-c firewalld nftables postgresql-17 postgresql-client-17 nginx-light
)
mirror=http://deb.debian.org
mmdebstrap --mode=root --variant=minbase --skip=check/empty --include="$(IFS=,; echo "${packages[*]}")" \
  --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt=force-unsafe-io --dpkgopt=force-confold \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --setup-hook='mkdir -p "$1/etc/postgresql-common"; echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"' \
  trixie "$dest" \
  "deb $mirror/debian trixie main" "deb $mirror/debian trixie-updates main" "deb $mirror/debian-security trixie-security main"
echo "I: giving it RHEL's manners..."
chroot "$dest" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 SYSTEMD_OFFLINE=1 /bin/bash -es < "$here/base-manners.sh"
