#!/bin/sh
# Installs what the demo, the tests or the fault campaigns need on a fresh machine, through the operating system's package
# manager, and builds the API server of Kubernetes that the tests need. Usage: scripts/setup.sh demo|test|campaign. Does
# nothing, silently, when everything is there.
set -eu

# have NAME: NAME is in PATH or where Debian keeps server programs.
have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

# have_postgres: the server's own programs are there (Debian's wrappers in PATH do not count). PRODWRIGHT_PGBIN may name
# their directory.
have_postgres() {
	for dir in "${PRODWRIGHT_PGBIN:-}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* \
		/opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
		"$(pg_config --bindir 2>/dev/null || true)"; do
		[ -n "$dir" ] && [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && return 0
	done
	return 1
}

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# as_root COMMAND...: the package manager needs root.
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

what=${1:-demo}

# built: what no package manager has, and Go builds once.
built() {
	if [ "$what" = test ]; then "$(dirname "$0")/kube-apiserver.sh" >/dev/null; fi
}

missing=""
have_postgres || missing=" postgresql"
case "$what" in
demo) ;;
test)
	# A C compiler for the race detector, a connection pooler and a cache to test against, a server that scrapes, and two more
	# that only have to log.
	have cc || missing="$missing gcc libc6-dev"
	have pgbouncer || missing="$missing pgbouncer"
	have redis-server || missing="$missing redis-server"
	{ have prometheus && have promtool; } || missing="$missing prometheus"
	have nginx || missing="$missing nginx-light"
	have etcd || missing="$missing etcd-server"
	# Clocks that jump.
	[ "$(uname -s)" = Darwin ] || ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || missing="$missing libfaketime"
	;;
campaign)
	# What the campaigns compare with; python3-etcd is how it speaks to etcd.
	have patroni || missing="$missing patroni python3-etcd"
	have etcd || missing="$missing etcd-server"
	;;
*) die "usage: scripts/setup.sh demo|test|campaign" ;;
esac
if [ -z "$missing" ]; then
	built
	exit
fi
missing=${missing# }

case "$(uname -s)" in
Darwin)
	case " $missing " in *" patroni "*) die "Homebrew has no Patroni; the campaigns that compare with it need Debian or Ubuntu" ;; esac
	have brew || die "needs Homebrew (https://brew.sh) to install: $missing"
	formulae=""
	for m in $missing; do
		case $m in
		postgresql) formulae="$formulae postgresql@17" ;;
		redis-server) formulae="$formulae redis" ;;
		pgbouncer) formulae="$formulae pgbouncer" ;;
		prometheus) formulae="$formulae prometheus" ;;
		nginx-light) formulae="$formulae nginx" ;;
		etcd-server) formulae="$formulae etcd" ;;
		*) ;; # the compiler comes with Xcode's command line tools
		esac
	done
	say "installing with Homebrew:$formulae"
	# shellcheck disable=SC2086 # a list of words
	brew install --quiet $formulae >&2
	;;
Linux)
	have apt-get || die "this system has no apt-get; install these yourself and try again: $missing"
	[ "$(id -u)" = 0 ] || have sudo ||
		die "needs root to install: $missing  (there is no sudo; as root: apt-get install $missing, then try again)"
	say "installing with apt-get: $missing (takes a minute)"
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	trap 'exit 130' INT TERM HUP
	# The packages would start a server each and make a database cluster, which nobody needs here; both settings are put
	# back afterwards.
	# shellcheck disable=SC2086,SC2016 # a list of words; expanded by the inner shell
	if ! as_root env DEBIAN_FRONTEND=noninteractive MISSING="$missing" sh -c '
		policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.conf restore=:
		trap "eval \"\$restore\"" EXIT
		trap "exit 130" INT TERM HUP
		if [ ! -e $policy ]; then
			restore="rm -f $policy"
			printf "#!/bin/sh\nexit 101\n" >$policy && chmod +x $policy
		fi
		if [ ! -e $cluster ]; then
			restore="$restore; mv -f $cluster.dpkg-dist $cluster 2>/dev/null || rm -f $cluster"
			mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >$cluster
		fi
		apt-get update -qq && apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold $MISSING
	' >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		die "apt-get could not install: $missing (the lines above say why)"
	fi
	;;
*) die "unknown system $(uname -s); install these yourself and try again: $missing" ;;
esac
have_postgres || die "PostgreSQL was installed but its programs were not found; set PRODWRIGHT_PGBIN to their directory"
built
