#!/bin/bash
# make-packages.sh BASE PACKAGES EFM LAYER: build every stand-in package with the real rpmbuild, index the repositories, and install
# what a RHEL minimal install already has. LAYER/root becomes an overlay layer over BASE. Runs in a mount namespace of its own.
# A folder with a table `versions` makes a package for each row of it: @column@ is the row's value, in texts and in file names, and
# a line of a text that starts with "@VERSION@ ", the value of the first column, is for that package alone.
set -e
umask 022
base=$1 packages=$2 efm=$3 layer=$4
mkdir -p "$layer"/{root,work,merged}
mount -t overlay lab -o "lowerdir=$base,upperdir=$layer/root,workdir=$layer/work" "$layer/merged"
cd "$layer/merged"
mount -t proc proc proc
mount --bind /dev dev
# What the build writes besides the repositories goes to memory, not into the layer.
for d in tmp run var/tmp var/cache root; do mount -t tmpfs tmpfs $d; done
mkdir -p run/build/packages run/build/efm
cp -r "$packages"/. run/build/packages
cp -r "$efm"/. run/build/efm
for table in run/build/packages/*/versions; do
  template=${table%/versions}
  {
    read -ra columns
    while read -ra row; do
      package=$template-${row[0]} fill=()
      cp -r "$template" "$package"
      rm "$package/versions"
      for i in "${!columns[@]}"; do fill+=(-e "s|@${columns[i]}@|${row[i]}|g"); done
      sed -i "${fill[@]}" -e "s/^@${row[0]//./\\.}@ //; /^@[0-9.]*@ /d" "$package"/*
      find "$package" -name '*@*@*' | while read -r file; do mv "$file" "$(sed "${fill[@]}" <<<"$file")"; done
    done
  } < "$table"
  rm -r "$template"
done
chroot . /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 /bin/bash -es <<'E'
cd /run/build
build() {
  rpmbuild --quiet -bb --define "_topdir /run/build/$1" --define "_sourcedir /run/build/packages/$1" --define "efm_dir /run/build/efm" \
    --define "pgv 17" --define "_buildshell /bin/bash" --define "_rpmdir /run/build/rpms/$1" --define "_binary_payload w1.gzdio" \
    --define "__os_install_post %{nil}" --define "debug_package %{nil}" --define "_build_id_links none" \
    packages/$1/*.spec >log-$1 2>&1 || { echo "E: package $1 does not build"; tail -n 20 log-$1; exit 1; } >&2
}
export -f build
printf '%s\n' packages/*/*.spec | xargs -rP "$(nproc)" -I{} bash -c 'build "$(basename "$(dirname {})")"'
mkdir -p /srv/repo/{appstream,crb,edb,epel}
for r in $(find rpms -name '*.rpm'); do
  case ${r##*/} in edb-*) to=edb;; *-crb-*) to=crb;; *) to=appstream;; esac
  mv "$r" /srv/repo/$to
done
for r in appstream crb edb epel; do createrepo_c -q --no-database /srv/repo/$r & done
wait
modifyrepo_c --mdtype=modules packages/modules.yaml /srv/repo/appstream/repodata >/dev/null
rpm -i --nodeps --nosignature --force /srv/repo/appstream/{lab-base,rocky-release,sudo}-[0-9]*.rpm
cp packages/edb.repo /etc/yum.repos.d
E
