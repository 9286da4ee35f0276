# Bare Debian 12 roots, for the tools that try Millrace where nothing is installed. Sourced by
# tools/test_bare and tools/test_bundle, which set `root` (the checkout) and `say`.
#
# Needs root for debootstrap, chroot and mounts. The bare root is kept as a tarball in build/bare/;
# remove that to make it anew.
# shellcheck shell=bash

work=${root:?}/build/bare
tarball=$work/bookworm.tar

# Starts the caller again as root, with mounts of its own, which end with it however it ends.
as_root_with_own_mounts() {
  if ((EUID != 0)); then
    command -v sudo >/dev/null || { say 'needs root: run it as root or install sudo'; exit 1; }
    exec sudo --preserve-env "$0" "$@"
  fi
  if [[ ${MILLRACE_TEST_BARE_INSIDE:-} != yes ]]; then
    MILLRACE_TEST_BARE_INSIDE=yes exec unshare --mount --propagation private "$0" "$@"
  fi
}

# The machine's own mirror: the first Debian one that its apt sources name.
mirror() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
    2>/dev/null | sed -nE 's/^(deb|URIs:) +(\[[^]]*\] +)?((https?|file)[^ ]*debian\/?)( .*)?$/\3/p' |
    head -n 1
}

make_tarball() {
  local folder=$work/making
  [[ ! -f $tarball ]] || return 0
  say "making a bare Debian 12 from $(mirror)"
  rm -rf --one-file-system "$folder"
  mkdir -p "$folder"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$folder" "$(mirror)" >"$work/debootstrap.log" ||
    { tail -n 20 "$work/debootstrap.log" >&2; return 1; }
  tar -C "$folder" -cf "$tarball.part" .
  mv "$tarball.part" "$tarball"
  rm -rf --one-file-system "$folder"
}

# How this machine reaches packages is not the project's business: it is copied as it is.
copy_machine_settings() {
  local bare=$1 path
  rm -rf "$bare/etc/apt/sources.list" "$bare/etc/apt/sources.list.d"
  for path in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf /etc/apt/apt.conf.d \
    /etc/apt/auth.conf.d /etc/apt/keyrings /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d /usr/share/keyrings \
    /etc/ssl/certs /etc/ca-certificates.conf /usr/local/share/ca-certificates \
    /usr/share/ca-certificates /etc/pip.conf /etc/xdg/pip /etc/resolv.conf /etc/hosts \
    /etc/hostname; do
    [[ -e $path ]] || continue
    mkdir -p "$bare$(dirname "$path")"
    cp -aL --remove-destination "$path" "$bare$(dirname "$path")/"
  done
  for path in .config/pip .pip .netrc; do
    [[ -e $HOME/$path ]] || continue
    mkdir -p "$bare/etc/skel/$(dirname "$path")" "$bare/root/$(dirname "$path")"
    cp -aL "$HOME/$path" "$bare/etc/skel/$(dirname "$path")/"
    cp -aL "$HOME/$path" "$bare/root/$(dirname "$path")/"
  done
  # Folders and files that the variables below name, such as one of wheels.
  while IFS= read -r path; do
    [[ -e $path && ! -e $bare$path ]] || continue
    mkdir -p "$bare$(dirname "$path")"
    cp -aL "$path" "$bare$(dirname "$path")/"
  done < <(network_environment | cut -d= -f2- | tr ' :' '\n' | grep '^/')
}

# The variables that say how to reach packages, and nothing else of this environment.
network_environment() {
  env | grep -E '^((PIP|SSL_CERT)_[A-Z_]+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY)=' || true
}

# Runs a script inside, as the given user, with a clean environment.
inside() {
  local bare=$1 user=$2 script=$3 variables
  mapfile -t variables < <(network_environment)
  chroot "$bare" /usr/bin/env -i HOME="$([[ $user == root ]] && echo /root || echo "/home/$user")" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    "${variables[@]}" setpriv --reuid="$user" --regid="$user" --init-groups bash -euc "$script" </dev/null
}

# The bare root at the given folder, with /proc and /dev.
unpack_bare() {
  local bare=$1
  rm -rf --one-file-system "$bare"
  mkdir -p "$bare"
  tar -C "$bare" -xf "$tarball"
  mount -t proc proc "$bare/proc"
  mount --rbind /dev "$bare/dev"
}

remove() {
  umount -R "$1/dev" "$1/proc"
  rm -rf --one-file-system "$1"
}
