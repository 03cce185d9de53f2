"""nginx.conf, run by a real nginx in front of a small server, where nginx is installed."""

import http.client
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

OWN_POLICY = "script-src 'nonce-1'"


class Application(http.server.BaseHTTPRequestHandler):
    """Stands behind the proxy and says what reached it."""

    def do_GET(self) -> None:
        """Answer with the forwarded facts, a policy of its own, and 4 KB that compress well."""
        body = b" " * 4096
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", OWN_POLICY)
        self.send_header("X-Frame-Options", "DENY")
        for name in ("Host", "X-Forwarded-For", "X-Forwarded-Proto"):
            self.send_header(f"Seen-{name}", self.headers.get(name, ""))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """Run nginx with our file, only its addresses and folders changed; yield its two ports."""
    folder = tmp_path_factory.mktemp("proxy")
    subprocess.run(
        [ROOT / "deploy/secrets.sh", folder / "secrets"], check=True, capture_output=True
    )
    (folder / "static/patrol").mkdir(parents=True)
    (folder / "static/patrol/sw.js").write_text("// worker\n" * 500)
    behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    plain, secure = free_port(), free_port()
    text = (ROOT / "deploy/nginx.conf").read_text()
    for ours, trial in {
        " /tmp/": f" {folder}/",  # first: the folder itself lies in /tmp
        "app:8000": f"127.0.0.1:{behind.server_address[1]}",
        "listen 8080": f"listen 127.0.0.1:{plain}",
        "listen 8443": f"listen 127.0.0.1:{secure}",
        "/run/secrets/tls_certificate": f"{folder}/secrets/tls_certificate.pem",
        "/run/secrets/tls_key": f"{folder}/secrets/tls_key.pem",
        "/srv/static/": f"{folder}/static/",
        "/dev/stdout": f"{folder}/access.log",
        "/dev/stderr": f"{folder}/error.log",
    }.items():
        assert ours in text
        text = text.replace(ours, trial)
    if os.geteuid() == 0:
        text = f"user root;\n{text}"
    configuration = folder / "nginx.conf"
    configuration.write_text(text)
    assert NGINX is not None
    command = [NGINX, "-e", folder / "error.log", "-c", configuration]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    process = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        wait_for(plain)
        yield plain, secure
    finally:
        process.terminate()
        process.wait(10)
        behind.shutdown()
        behind.server_close()


def wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("nginx did not start")


def get(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_plain_http_is_sent_to_https(proxy: tuple[int, int]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy[0], timeout=10)
    connection.request("GET", "/map?x=1", headers={"Host": "county.example"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 308
    assert answer.headers["Location"] == "https://county.example/map?x=1"


def test_pages_carry_each_security_header_once_and_their_own_policy(
    proxy: tuple[int, int],
) -> None:
    answer = get(proxy[1], "/map")
    assert answer.headers.get_all("Content-Security-Policy") == [OWN_POLICY]
    assert answer.headers.get_all("X-Frame-Options") == ["SAMEORIGIN"]
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers["Strict-Transport-Security"]
    assert "nginx/" not in answer.headers["Server"]


def test_static_files_come_from_the_proxy_with_a_strict_policy(proxy: tuple[int, int]) -> None:
    answer = get(proxy[1], "/static/patrol/sw.js")
    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert answer.headers["Cache-Control"] == "no-cache"
    again = get(proxy[1], "/static/patrol/sw.js", **{"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


def test_a_path_cannot_climb_out_of_the_static_folder(proxy: tuple[int, int]) -> None:
    for path in ("/static/../secrets/db_password", "/static/..%2fsecrets/db_password"):
        # The path is made plain first and is then no static one: the application answers.
        assert get(proxy[1], path).headers["Seen-Host"], path
    assert get(proxy[1], "/static..%2fsecrets/db_password").headers["Seen-Host"]


def test_the_application_learns_the_true_client_whatever_it_claims(proxy: tuple[int, int]) -> None:
    answer = get(proxy[1], "/map", **{"X-Forwarded-For": "10.9.9.9", "X-Forwarded-Proto": "http"})
    assert answer.headers["Seen-X-Forwarded-For"] == "127.0.0.1"
    assert answer.headers["Seen-X-Forwarded-Proto"] == "https"


def test_data_are_compressed(proxy: tuple[int, int]) -> None:
    assert (
        get(proxy[1], "/data", **{"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    )


def test_a_request_that_is_too_large_is_refused_before_it_is_sent(proxy: tuple[int, int]) -> None:
    assert get(proxy[1], "/upload", **{"Content-Length": str(65 * 2**20)}).status == 413


def test_the_health_page_is_not_for_the_outside(proxy: tuple[int, int]) -> None:
    assert get(proxy[1], "/healthz").status == 404


def test_hurried_sign_ins_are_slowed_down(proxy: tuple[int, int]) -> None:
    answers = [get(proxy[1], "/login").status for _ in range(20)]
    assert answers[0] == 200
    assert answers[-1] == 429
