#!/bin/sh
# Prints the path of a kube-apiserver to test against, and builds it first if it is not there: from the modules that
# internal/kubetest/apiserver/go.mod names, into the user's cache, whole or not at all. It needs Go and nothing else.
# Usage: scripts/kube-apiserver.sh. GO may name another go command.
set -eu

cd "$(dirname "$0")/../internal/kubetest/apiserver"
version=$(awk '$1 == "require" { $0 = $2 " " $3 } $1 == "k8s.io/kubernetes" { print $2 }' go.mod)
dir=${XDG_CACHE_HOME:-$HOME/.cache}/prodwright
program=$dir/kube-apiserver-$version

if [ ! -x "$program" ]; then
	printf 'kube-apiserver: building %s (once, takes ten minutes on two cores)\n' "$version" >&2
	mkdir -p "$dir"
	temp=$(mktemp -d "$dir/build.XXXXXX")
	trap 'rm -rf "$temp"' EXIT
	trap 'exit 130' INT TERM HUP
	GOWORK=off GOOS='' GOARCH='' CGO_ENABLED=0 "${GO:-go}" build -trimpath -buildvcs=false -o "$temp/kube-apiserver" \
		-ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$version" k8s.io/kubernetes/cmd/kube-apiserver >&2
	mv -f "$temp/kube-apiserver" "$program"
fi
printf '%s\n' "$program"
