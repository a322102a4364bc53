#!/bin/sh
# Stand-in for PEM's configure-selinux.sh: the lab's kernel has no SELinux.
echo "configure-selinux.sh: PemHa lab stand-in, not EDB's product" >&2
[ "$(id -u)" = 0 ] || { echo "This script must be run as root"; exit 1; }
case ${USE_NGINX-} in
1) web=NGINX ;;
0) web="Apache HTTPD" ;;
*) echo "[Error] USE_NGINX must be set to 1 (NGINX) or 0 (Apache HTTPD)"; exit 1 ;;
esac
mkdir -p /usr/edb/pem/logs
echo "--> [Info] SELinux is disabled: no policy to configure for $web" |
    tee -a "${1:-/usr/edb/pem/logs/configure-selinux.log}"
