# Common helpers for the *-up / *-down scripts. POSIX sh; sourced, not run.
# Usage of every script: NAME-up [STATE_DIR]; ports and options by environment.
# stdout carries only NAME=value lines (use: eval "$(NAME-up DIR | sed 's/^/export /')" or append to an env file);
# everything else goes to stderr.
set -eu
umask 022
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

say() { printf '%s\n' "$*" >&2; }
_started= _new=
die() { # ends also what this run started
  say "error: $*"
  [ -z "$_new" ] || stop $_new
  exit 1
}

state_dir() { # state_dir NAME [DIR] -> sets STATE (absolute)
  STATE=${2:-${REAL_STATE:-${TMPDIR:-/tmp}/real-servers-$(id -u)}/$1}
  mkdir -p "$STATE"
  STATE=$(CDPATH= cd -- "$STATE" && pwd)
}

# need_apt COMMAND PACKAGE... : installs the Debian packages unless COMMAND is found.
need_apt() {
  _cmd=$1; shift
  PATH=$PATH:/usr/sbin:/sbin
  command -v "$_cmd" >/dev/null 2>&1 && return 0
  apt_install "$@"
  command -v "$_cmd" >/dev/null 2>&1 || die "$_cmd is still missing after installing $*"
}

# apt_install PACKAGE... : a service that a package brings is not started (policy-rc.d says no for the length of the install)
apt_install() {
  say "installing $*"
  _sudo=; [ "$(id -u)" = 0 ] || _sudo=sudo
  _pol=/usr/sbin/policy-rc.d; _made=
  if [ ! -e $_pol ]; then
    printf '#!/bin/sh\nexit 101\n' | $_sudo tee $_pol >/dev/null; $_sudo chmod 755 $_pol; _made=1
  fi
  _apt="$_sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300"
  _rc=0
  $_apt install --no-install-recommends "$@" >"$STATE/apt.out" 2>&1 ||
    { $_apt update >>"$STATE/apt.out" 2>&1 && $_apt install --no-install-recommends "$@" >>"$STATE/apt.out" 2>&1; } || _rc=$?
  [ -z "$_made" ] || $_sudo rm -f $_pol
  [ $_rc = 0 ] || { tail -n 5 "$STATE/apt.out" >&2; die "cannot install $*"; }
}

_birth() { # start time of a pid in clock ticks: guards against reused pids
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

running() { # running NAME
  [ -s "$STATE/$1.pid" ] || return 1
  read -r _p _b <"$STATE/$1.pid"
  [ -n "$_b" ] && [ "$(_birth "$_p")" = "$_b" ] &&
    [ "$(sed 's/.*) //' "/proc/$_p/stat" | cut -c1)" != Z ]
}

start() { # start NAME COMMAND... : own session, output to STATE/NAME.log
  _n=$1; shift
  _started="$_started $_n"
  if running "$_n"; then say "$_n already runs"; return 0; fi
  _new="$_new $_n"
  setsid "$@" >>"$STATE/$_n.log" 2>&1 </dev/null &
  _p=$!
  sleep 0.1
  printf '%s %s\n' "$_p" "$(_birth "$_p")" >"$STATE/$_n.pid"
}

_tree() { # "pid start-time" of a process, its descendants and its session, zombies left out
  cat /proc/[0-9]*/stat 2>/dev/null | sed 's/(.*)/x/' | awk -v root="$1" '
    $3 != "Z" { up[$1] = $4; born[$1] = $22; if ($6 == root || $1 == root) in_it[$1] = 1 }
    END {
      do { more = 0; for (p in up) if (!(p in in_it) && (up[p] in in_it)) { in_it[p] = 1; more = 1 } } while (more)
      for (p in in_it) if (p in born) print p, born[p]
    }'
}

stop() { # stop NAME... : TERM to each process; after its end (8 s at most) KILL to what is left of its tree
  for _n in "$@"; do
    if running "$_n"; then
      _tree "$_p" >"$STATE/$_n.tree"
      kill -TERM "$_p" 2>/dev/null || :
    fi
  done
  for _n in "$@"; do
    [ -s "$STATE/$_n.pid" ] || continue
    _i=0
    while running "$_n" && [ $_i -lt 80 ]; do sleep 0.1; _i=$((_i + 1)); done
    if [ -s "$STATE/$_n.tree" ]; then
      _i=0
      while [ $_i -lt 50 ]; do
        _left=
        while read -r _p _b; do # a reused pid has another start time and is left alone
          if [ "$(_birth "$_p")" = "$_b" ] && ! grep -q ') Z' "/proc/$_p/stat" 2>/dev/null; then
            _left=1; kill -KILL "$_p" 2>/dev/null || :
          fi
        done <"$STATE/$_n.tree"
        [ -n "$_left" ] || break
        sleep 0.1; _i=$((_i + 1))
      done
    fi
    rm -f "$STATE/$_n.pid" "$STATE/$_n.tree"
  done
}

_alive() { # every started process still runs
  for _n in $_started; do
    running "$_n" || { tail -n 20 "$STATE/$_n.log" >&2; die "$_n ended (port taken?), see $STATE/$_n.log"; }
  done
}

# wait_for SECONDS WHAT COMMAND... : polls until COMMAND succeeds; dies when a process ends or the time is up
wait_for() {
  _t=$1; _w=$2; shift 2
  _end=$(($(date +%s) + _t))
  until "$@" >/dev/null 2>&1; do
    _alive
    if [ "$(date +%s)" -ge $_end ]; then
      for _n in $_started; do say "--- $_n.log"; tail -n 15 "$STATE/$_n.log" >&2; done
      die "$_w not ready after $_t s"
    fi
    sleep 0.2
  done
  _alive
}

c() { curl --noproxy '*' -fsS -m 10 "$@"; }
http_ok() { c -o /dev/null "$1"; }

# emit NAME value : prints and keeps the variable in STATE/env
emit() { printf '%s=%s\n' "$1" "$2" | tee -a "$STATE/env"; }
