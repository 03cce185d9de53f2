#!/usr/bin/env bash
# Brings a bare clone to the point where the product can run. Safe to repeat; the second time is fast.
#   deploy/setup.sh run     what `make run` needs
#   deploy/setup.sh check   what `make check` needs: also the development tools, no database
#   deploy/setup.sh test    what `make test` needs: everything, and a browser
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$root"

purpose=${1:-run}
case $purpose in run | check | test) ;; *) fail "unknown purpose '$purpose'" "deploy/setup.sh run|check|test" ;; esac
started=$SECONDS
logs=$var/log
NEEDED_MB=3000
NODE_MAJOR=18

# --- Debian packages -------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

can_be_root() { [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }

is_installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# Library and control file come in two packages, and removing one leaves the other.
has_postgis() {
    local library major
    for library in /usr/lib/postgresql/*/lib/postgis-3.so; do
        major=${library#/usr/lib/postgresql/}
        major=${major%%/*}
        [ -x "/usr/lib/postgresql/$major/bin/initdb" ] &&
            [ -e "/usr/share/postgresql/$major/extension/postgis.control" ] && return
    done
    return 1
}

# The name of Debian's PostGIS package carries PostgreSQL's major version: take the newest.
postgis_package() {
    apt-cache pkgnames postgresql- 2>/dev/null | grep -E '^postgresql-[0-9]+-postgis-3$' | sort -V | tail -n 1 || true
}

install_packages() {
    local why=$1
    shift
    command -v apt-get >/dev/null || fail "$why is missing, and this is not Debian (no apt-get)" "Install by hand: $*"
    can_be_root || fail "$why is missing, and neither root nor password-less sudo is at hand" \
        "Ask an administrator for:" "apt-get update && apt-get install --no-install-recommends $*"
    refresh_package_lists
    say "Installing Debian packages ($why): $*"
    quietly "$logs/apt-install.log" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@" ||
        fail "apt-get could not install: $*" "The whole output: $logs/apt-install.log"
}

lists_refreshed=no
refresh_package_lists() {
    [ "$lists_refreshed" = no ] || return 0
    lists_refreshed=yes
    say "Refreshing Debian's package lists"
    quietly "$logs/apt-update.log" as_root env DEBIAN_FRONTEND=noninteractive apt-get update ||
        note "apt-get update reported errors; going on with the lists at hand"
}

ensure_postgis() {
    if [ -n "${DATABASE_URL:-}" ]; then
        note "DATABASE_URL is set: no database is installed or started"
        return
    fi
    ! has_postgis || return 0
    local package
    ! can_be_root || refresh_package_lists
    package=$(postgis_package)
    [ -n "$package" ] || fail "PostGIS is missing, and apt offers no postgresql-*-postgis-3 package" \
        "Check the sources of your Debian (component main), then: apt-get update" \
        "or set DATABASE_URL to a PostGIS server"
    # Debian would make a cluster of its own, and start it on port 5432: not while we install.
    local prevent=/etc/postgresql-common/createcluster.d/inspect-app.conf
    if can_be_root; then
        as_root mkdir -p "${prevent%/*}"
        echo 'create_main_cluster = false' | as_root tee "$prevent" >/dev/null
    fi
    install_packages "PostGIS, the database" "$package"
    as_root rm -f "$prevent"
    has_postgis || fail "PostGIS was installed, but its library or control file is not where Debian puts them"
}

ensure_browser() {
    local missing=() package
    for package in chromium chromium-driver fonts-noto-cjk; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] || install_packages "a browser for the tests" "${missing[@]}"
}

# --- Python ----------------------------------------------------------------------------------

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3 /usr/bin/python3; do
        if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is missing" "apt-get install python3 python3-venv" "or: make $purpose PYTHON=/path/to/python3"
}

ensure_venv() {
    # A checkout that was moved or an upgraded Python leaves a .venv that cannot run.
    if [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 &&
        [ "$(cat "$venv/.made-for" 2>/dev/null)" = "$root" ]; then
        return
    fi
    local python
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install_packages "Python's venv module" python3-venv
    say "Making .venv with $("$python" --version)"
    rm -rf "$venv"
    quietly "$logs/venv.log" "$python" -m venv "$venv" || fail "the virtual environment could not be made" "$python -m venv .venv"
    printf '%s' "$root" >"$venv/.made-for"
}

pip_install() {
    quietly "$logs/pip.log" "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-compile "$@" ||
        fail "pip could not install the locked packages" "The whole output: $logs/pip.log" "Try again: make setup"
}

ensure_python_packages() {
    # The development lock contains the other: once it is in, `make run` needs nothing new.
    local lock=requirements.lock stamp=$venv/.done-python wanted
    [ "$purpose" = run ] || lock=requirements-dev.lock
    wanted=$(fingerprint requirements-build.lock "$lock")
    if ! is_done "$stamp" "$wanted" && ! is_done "$stamp" "$(fingerprint requirements-build.lock requirements-dev.lock)"; then
        say "Installing $(grep -c '^[a-z0-9].*==' "$lock") Python packages from $lock"
        rm -f "$stamp"
        pip_install --require-hashes -r requirements-build.lock
        pip_install --require-hashes -r "$lock"
        printf '%s' "$wanted" >"$stamp"
    fi
    wanted=$(fingerprint pyproject.toml)
    if ! is_done "$venv/.done-project" "$wanted"; then
        say "Installing the project itself"
        pip_install --no-deps --no-build-isolation -e .
        printf '%s' "$wanted" >"$venv/.done-project"
    fi
}

ensure_translations() {
    local catalogue
    for catalogue in inspect_app/translations/*/LC_MESSAGES/*.po; do
        [ -e "$catalogue" ] || return 0
        if [ "$catalogue" -nt "${catalogue%.po}.mo" ]; then
            quietly "$logs/translations.log" "$venv/bin/pybabel" compile -d inspect_app/translations ||
                fail "the translations could not be compiled" "$venv/bin/pybabel compile -d inspect_app/translations"
            return 0
        fi
    done
}

# The search of the weekly plan is translated to machine code now, so that nobody waits for it later.
ensure_compiled_search() {
    local wanted
    wanted=$(fingerprint requirements.lock gis/routing/engine/*.py)
    ! is_done "$venv/.done-search" "$wanted" || return 0
    say "Compiling the search of the weekly plan"
    quietly "$logs/search.log" "$venv/bin/python" -c 'from gis.routing.warm import warm_up; warm_up()' ||
        fail "the search could not be compiled" "The whole output: $logs/search.log"
    printf '%s' "$wanted" >"$venv/.done-search"
}

# --- Front end -------------------------------------------------------------------------------

node_is_new_enough() {
    command -v npm >/dev/null && command -v node >/dev/null &&
        node -e "process.exit(parseInt(process.versions.node) < $NODE_MAJOR ? 1 : 0)" 2>/dev/null
}

ensure_front_end() {
    local wanted
    wanted=$(fingerprint package.json package-lock.json deploy/vendor.py)
    is_done inspect_app/static/vendor/.done "$wanted" && return
    if ! node_is_new_enough; then
        if [ ! -x "$venv/bin/npm" ]; then
            say "Installing Node.js into .venv (this machine has none, or one older than $NODE_MAJOR)"
            pip_install --require-hashes -r requirements-node.lock
        fi
        export PATH="$venv/bin:$PATH"
    fi
    say "Installing the front-end packages"
    quietly "$logs/npm.log" npm ci --ignore-scripts --no-audit --no-fund ||
        fail "npm could not install the locked packages" "The whole output: $logs/npm.log" "Try again: make setup"
    local copied
    copied=$("$venv/bin/python" deploy/vendor.py) || exit 1
    note "$copied"
    printf '%s' "$wanted" >inspect_app/static/vendor/.done
}

# --- In order --------------------------------------------------------------------------------

ensure_disk() {
    [ ! -f "$venv/.done-python" ] || return 0
    local free_mb
    free_mb=$(df -Pm . | awk 'NR == 2 { print $4 }')
    [ "$free_mb" -ge "$NEEDED_MB" ] || fail "only $free_mb MB are free here, set-up needs about $NEEDED_MB MB" "df -h $root"
    [ -w . ] || fail "$(id -un) may not write into $root" "chown -R $(id -un) $root"
}

ensure_disk
mkdir -p "$logs"
ensure_venv
[ "$purpose" = check ] || ensure_postgis
[ "$purpose" != test ] || ensure_browser
ensure_python_packages
[ "$purpose" = check ] || ensure_compiled_search
[ "$purpose" = check ] || ensure_front_end
ensure_translations
say "Set-up ready ($((SECONDS - started)) s)"
