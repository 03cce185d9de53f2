# Shared by the set-up scripts: where things are, and how to speak. Sourced, not run.
# shellcheck shell=bash
# shellcheck disable=SC2034  # used by the scripts that source this file

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
var=$root/var
# The system's own tools stay reachable, also where a login shell has not set them up.
export PATH="$PATH:/usr/sbin:/sbin"
# The database's account must be able to enter var/; secret files are made 0600 one by one.
umask 022

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }

# fail WHAT [HOW-TO-MEND...]: what is missing, and the command that mends it.
fail() {
    printf '\n\033[1;31mSet-up stopped:\033[0m %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
    exit 1
}

# Runs a command quietly with its output in a log; on failure the end of the log is shown.
quietly() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 25 "$log" >&2
        return 1
    fi
}

fingerprint() { cat "$@" | sha256sum | cut -c1-32; }

# Stamps: a step is done when its stamp holds the fingerprint of what it was made from.
is_done() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

cluster() {
    "$venv/bin/python" -c 'from inspect_app.cli.cluster import cluster; cluster()' "$@"
}
