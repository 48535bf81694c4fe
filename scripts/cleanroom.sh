#!/usr/bin/env bash
# Runs make targets of a project on a fresh Debian, in a throw-away root file system, as a newcomer would.
#
#   scripts/cleanroom.sh [-w root|user|plain] [-f FOLDER] TARGET...
#
# -w  who runs make: root; user, with sudo and no password (the default); plain, without sudo at all
# -f  the project; what is cloned is its HEAD (default: the present folder)
# Each TARGET is one run of make, in order, e.g. `cleanroom.sh demo demo test` or `cleanroom.sh 'test COUNT=2'`.
#
# Needs root and a Debian. Debian's mirror, apt's and Go's settings and Go itself are this machine's; nothing else is.
# The bare system is kept as an archive in CLEANROOM_CACHE; remove it to make it anew. The exit status is the worst of
# the runs', or 1 when one of them left something behind.
set -euo pipefail

say() { printf 'cleanroom: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

who=user from=.
while getopts w:f: option; do
	case $option in
	w) who=$OPTARG ;;
	f) from=$OPTARG ;;
	*) die 'usage: cleanroom.sh [-w root|user|plain] [-f FOLDER] TARGET...' ;;
	esac
done
case $who in root | user | plain) ;; *) die "-w is $who: must be one of root, user, plain" ;; esac
[ $# -ge "$OPTIND" ] || die 'which make target?'
[ "$(id -u)" = 0 ] || die 'needs root'

# Mounts, and System V's shared memory, are in name spaces of our own: the machine never sees them, and the kernel ends
# them even after kill -9.
if [ -z "${CLEANROOM_INSIDE:-}" ]; then
	CLEANROOM_INSIDE=1 exec unshare --mount --ipc --propagation private "$BASH" "$0" "$@"
fi
unset CLEANROOM_INSIDE
shift $((OPTIND - 1))

goroot=$(go env GOROOT)
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
cache=${CLEANROOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cleanroom}
base=$cache/$release-$(dpkg --print-architecture).tar
temp=$(mktemp -d)
root=$temp/root # not $temp itself, which others may not enter: this one becomes their /
mkdir -m 755 "$root"

mounts() { findmnt -rn -o TARGET | grep -F "$root/" | tac || true; }

# processes prints the ids of those whose / is our root, which are all that were started in it.
processes() {
	local p
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/root")" != "$root" ] || echo "${p#/proc/}"
	done 2>/dev/null
}

# clean ends what still runs, unmounts, and only then removes; a folder with a mount in it is left alone.
# shellcheck disable=SC2317 # called by the trap
clean() {
	local status=$? pid point
	trap '' INT TERM HUP
	for pid in $(processes); do kill -KILL "$pid" 2>/dev/null || true; done
	for _ in 1 2 3 4 5; do
		for point in $(mounts); do umount "$point" 2>/dev/null || true; done
		[ -n "$(mounts)" ] || break
		sleep 1
	done
	if [ -n "$(mounts)" ]; then
		say "still mounted, so not removed: $(mounts | tr '\n' ' ')"
		exit 2
	fi
	rm -rf --one-file-system "$temp"
	exit "$status"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP

# sources prints this machine's Debian archives, one line each in the form of sources.list.
sources() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' 'Component: main' | sort -u
}

if [ ! -s "$base" ]; then
	[ -n "$(sources)" ] || apt-get update -qq
	mirror=$(sources | awk -v r="$release" '$3 == r { print $2; exit }')
	[ -n "$mirror" ] || die "apt knows no mirror of Debian $release"
	command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap >&2
	say "making a bare Debian $release (once, takes a minute)"
	debootstrap --variant=minbase --include=ca-certificates,git,make,sudo "$release" "$root" "$mirror" \
		>"$temp/log" 2>&1 || { tail -n 15 "$temp/log" >&2; die 'debootstrap failed'; }
	[ -z "$(mounts)" ] || die "debootstrap left mounts: $(mounts)"
	rm -rf "$root"/var/cache/apt/archives/*.deb
	mkdir -p "$cache"
	tar -C "$root" --numeric-owner --one-file-system -cf "$base.$$" . && mv "$base.$$" "$base"
else
	tar -C "$root" --numeric-owner -xpf "$base"
fi

# New file systems, never one of the machine's: nothing in the root leads out of it. /dev itself is debootstrap's.
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mkdir -p "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
ln -sf pts/ptmx "$root/dev/ptmx"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"

# What packages are fetched with: the archives, apt's settings for fetching, names, whose certificates are trusted (a
# company's proxy may have its own), and Go's settings.
sources >"$root/etc/apt/sources.list"
apt-config dump | grep -E '^Acquire::(Check|http|https|Retries|ForceIPv4|Max-)' >"$root/etc/apt/apt.conf.d/90cleanroom" || true
cp /etc/resolv.conf /etc/hosts "$root/etc/"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
settings=()
for name in GOPROXY GONOPROXY GOPRIVATE GOSUMDB GONOSUMDB GOFLAGS GOTOOLCHAIN; do
	settings+=("$name=$(go env "$name")")
done
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
	[ -z "${!name:-}" ] || settings+=("$name=${!name}")
done
cp -a "$goroot" "$root/usr/local/go"

user=root home=/root
if [ "$who" != root ]; then
	user=newcomer home=/home/newcomer
	chroot "$root" useradd --create-home --shell /bin/bash "$user"
	if [ "$who" = plain ]; then rm "$root/usr/bin/sudo"; else echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"; fi
fi

# in_root COMMAND...: runs it there as the user, with an environment of its own.
in_root() {
	chroot "$root" setpriv --reuid="$user" --regid="$user" --init-groups env -i "${settings[@]}" \
		HOME="$home" USER="$user" LOGNAME="$user" TERM="${TERM:-dumb}" \
		PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# The clone is the user's own and made in there, from a bundle, which is one file.
git -c safe.directory='*' -C "$from" bundle create -q "$root/tmp/project.bundle" HEAD --branches --tags
in_root git clone -q /tmp/project.bundle "$home/project"
rm "$root/tmp/project.bundle"

# files lists what is in the temporary folders, but for the ports' locks, which stay on purpose.
files() { find "$root/tmp" "$root/dev/shm" -mindepth 1 -maxdepth 1 ! -name prodwright-ports -printf '%P '; }
before=$(files) mounted=$(mounts) worst=0 interrupted=
trap 'interrupted=yes' INT # Ctrl-C is the run's to handle; what it leaves then is looked for as well
for target; do
	say "make $target, as $who"
	start=$(date +%s) status=0
	# shellcheck disable=SC2086 # a target may carry variables
	in_root env -C "$home/project" make $target || status=$?
	say "make $target, as $who: status $status, $(($(date +%s) - start)) s"
	sleep 1 # whoever watched over the run may be putting things away
	left=
	for pid in $(processes); do left+=" process $pid ($(tr '\0' ' ' <"/proc/$pid/cmdline"));"; done
	[ "$(mounts)" = "$mounted" ] || left+=" mounts $(mounts | tr '\n' ' ');"
	segments=$(sed 1d /proc/sysvipc/shm | wc -l)
	[ "$segments" = 0 ] || left+=" $segments System V shared memory segments;"
	[ "$(files)" = "$before" ] || left+=" files $(files)"
	if [ -n "$left" ]; then
		say "left behind:$left"
		[ "$status" != 0 ] || status=1
	fi
	[ "$status" -le "$worst" ] || worst=$status
	[ -z "$interrupted" ] || exit 130
done
exit "$worst"
