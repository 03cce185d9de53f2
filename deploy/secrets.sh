#!/usr/bin/env bash
# Makes the secret files docker-compose.yml names, where they are missing; never overwrites one.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-var/secrets}
# Containers read the files under accounts of their own, so the files are readable and the folder
# that leads to them is closed to everybody else on this machine.
mkdir -p "$folder"
chmod 700 "$folder"
umask 022

for name in db_password secret_key; do
    [ -s "$folder/$name" ] || openssl rand -hex 32 >"$folder/$name"
done
if [ ! -s "$folder/tls_key.pem" ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj "/CN=${HOST_NAME:-localhost}" \
        -addext "subjectAltName=DNS:${HOST_NAME:-localhost},IP:127.0.0.1" \
        -keyout "$folder/tls_key.pem" -out "$folder/tls_certificate.pem" 2>/dev/null
    chmod 600 "$folder/tls_key.pem" # the proxy reads it as root before it gives up its rights
    printf 'Made a self-signed certificate; put the bureau'\''s own into %s before use\n' "$folder"
fi
printf 'Secrets are in %s\n' "$folder"
