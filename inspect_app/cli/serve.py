"""`inspect-app serve`: the web server."""

import os
import secrets
import sys

import click

from inspect_app.cli.edge import read_settings


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.option("--threads", default=8, show_default=True)
def command(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the application with gunicorn (threads, behind a buffering proxy in production)."""
    settings = read_settings()  # faults are reported here, once, not by each worker
    if not settings.secret_key:  # allowed in the demo only; all workers must share one
        os.environ["INSPECT_SECRET_KEY"] = secrets.token_hex(32)
    arguments = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        f"{host}:{port}",
        "--workers",
        str(workers),
        "--threads",
        str(threads),
        "--worker-class",
        "gthread",
        "--no-control-socket",
        "--access-logfile",
        "-",
        "inspect_app.web.wsgi:app",
    ]
    os.execv(sys.executable, arguments)  # noqa: S606 - replaces this process, no shell
