#!/usr/bin/env bash
# Runs the product in the foreground: database, worker, web server. Ctrl-C ends the last two;
# the database stays up for the next time, `make stop` ends it too.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$root"

port=${PORT:-8000}
app=$venv/bin/inspect-app
run_pid=$var/run.pid
worker_log=$var/log/worker.log
children=()

case $port in '' | *[!0-9]*) fail "PORT must be a number, not '$port'" "make run PORT=8001" ;; esac

# shellcheck disable=SC2317  # called by the traps
end_children() {
    trap - INT TERM EXIT
    if [ ${#children[@]} -gt 0 ]; then
        kill -TERM "${children[@]}" 2>/dev/null || true
        wait "${children[@]}" 2>/dev/null || true
    fi
    [ "$(cat "$run_pid" 2>/dev/null)" != $$ ] || rm -f "$run_pid"
}

check_port() {
    local answer
    answer=$("$venv/bin/python" deploy/ports.py 127.0.0.1 "$port" 2>&1) ||
        fail "$answer" "Stop it (if it is ours: make stop), or take another port: make run PORT=$((port + 1))"
}

# The key signs sessions: it must outlive a restart and be nobody else's.
ensure_secret_key() {
    if [ ! -s "$var/secret_key" ]; then
        (umask 077 && "$venv/bin/python" -c 'import secrets; print(secrets.token_hex(32))' >"$var/secret_key")
    fi
    INSPECT_SECRET_KEY=${INSPECT_SECRET_KEY:-$(cat "$var/secret_key")}
    export INSPECT_SECRET_KEY
}

start_database() {
    if [ -n "${DATABASE_URL:-}" ]; then
        note "Using the database of DATABASE_URL"
        return
    fi
    say "Starting the private PostGIS cluster"
    DATABASE_URL=$(cluster start --data-dir "$var/postgres" --database inspect) ||
        fail "the database did not start (message above)" "make stop && make run" "Its log: $var/postgres/data/server.log"
    export DATABASE_URL
}

mkdir -p "$var/log" "$var/data"
chmod 700 "$var/data"
check_port
trap end_children EXIT
trap 'end_children; exit 0' INT TERM  # being asked to end is no failure
echo $$ >"$run_pid"

ensure_secret_key
export INSPECT_DEMO=${INSPECT_DEMO:-1}
export INSPECT_DATA_DIR=${INSPECT_DATA_DIR:-$var/data}
start_database

say "Bringing the database up to date"
"$app" migrate
say "Filling an empty database with the demonstration county"
"$app" seed --if-empty

say "Starting the job worker (log: var/log/worker.log)"
"$app" worker >>"$worker_log" 2>&1 &
children+=($!)
"$app" serve --port "$port" &
children+=($!)

address=http://127.0.0.1:$port
for ((attempt = 0; attempt < 150; attempt++)); do
    kill -0 "${children[1]}" 2>/dev/null || fail "the web server ended at once (its message is above)"
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.2
done
say "Serving on $address   (Ctrl-C ends it; make stop also ends the database)"
[ "$INSPECT_DEMO" = 0 ] || "$app" demo-accounts

# When either ends by itself, the other must not run on alone.
status=0
wait -n "${children[@]}" || status=$?
kill -0 "${children[0]}" 2>/dev/null || {
    note "The job worker has ended; the end of its log:"
    tail -n 20 "$worker_log" >&2
}
[ "$status" -ne 0 ] || status=1
exit "$status"
