#!/bin/bash
# Turns secret files into the settings the application reads, then becomes the given command.
set -euo pipefail

secret() {
    local file=/run/secrets/$1
    [ -r "$file" ] || {
        printf 'The secret file %s is missing or not readable for uid %s\n' "$file" "$(id -u)" >&2
        exit 1
    }
    printf '%s' "$(<"$file")"
}

if [ -z "${DATABASE_URL:-}" ]; then
    password=$(secret db_password)
    encoded=$(printf '%s' "$password" | python -c 'import sys, urllib.parse as u; print(u.quote(sys.stdin.read(), safe=""))')
    export DATABASE_URL="postgresql+psycopg://${POSTGRES_USER:-app}:$encoded@${POSTGRES_HOST:-db}:${POSTGRES_PORT:-5432}/${POSTGRES_DB:-inspect}"
fi
if [ -z "${INSPECT_SECRET_KEY:-}" ]; then
    INSPECT_SECRET_KEY=$(secret secret_key)
    export INSPECT_SECRET_KEY
fi
exec "$@"
