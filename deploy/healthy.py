"""Exit 0 when the part named on the command line answers: "web" or "database"."""

import os
import sys
import urllib.request

import psycopg

TIMEOUT_S = 4


def web() -> None:
    """Ask the web server of this container for its health page; an error status raises."""
    port = int(os.environ.get("PORT", "8000"))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=TIMEOUT_S) as answer:
        answer.read()


def database() -> None:
    """Run one statement on the database the worker lives from."""
    address = os.environ["DATABASE_URL"].replace("+psycopg", "", 1)
    with psycopg.connect(address, connect_timeout=TIMEOUT_S) as connection:
        connection.execute("SELECT 1")


CHECKS = {"web": web, "database": database}

if __name__ == "__main__":
    CHECKS[sys.argv[1]]()
