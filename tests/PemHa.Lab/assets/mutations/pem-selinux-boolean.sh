# breaks: pem.selinux
# what: SELinux is enforcing, and there is no such boolean
# at: Set-PemWebApplication
# on: data
# outcome: refused ProductDiffers
needs /usr/sbin/getenforce
edit /usr/sbin/getenforce 's/Disabled/Enforcing/'
