#!/usr/bin/env bash
# Ends everything `make run` started here: web server, worker, private database. Nothing else.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$root"

run_pid=$var/run.pid
ENOUGH_TENTHS=150

# After a reboot the number may belong to another process: look at what it runs, and where.
is_ours() {
    tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -q 'run\.sh' &&
        [ "$(readlink "/proc/$1/cwd")" = "$root" ]
}

stopped=no
if [ -s "$run_pid" ]; then
    pid=$(cat "$run_pid")
    if is_ours "$pid"; then
        kill -TERM "$pid"
        for ((waited = 0; waited < ENOUGH_TENTHS; waited++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        if kill -0 "$pid" 2>/dev/null; then
            fail "the product (process $pid) does not end" "kill -9 $pid"
        fi
        stopped=yes
    fi
    rm -f "$run_pid"
fi
[ "$stopped" = no ] || say "Web server and worker stopped"
if [ -d "$var/postgres" ] && [ -x "$venv/bin/python" ]; then
    say "$(cluster stop --data-dir "$var/postgres")"
elif [ "$stopped" = no ]; then
    say "Nothing was running"
fi
