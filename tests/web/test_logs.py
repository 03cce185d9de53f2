"""Logs: one line an event, whatever the text in it; no values of variables."""

import json
import subprocess
import sys

SCRIPT = """
import structlog
from inspect_app.web.logs import init_logging

init_logging()
log = structlog.get_logger()

def fail(phone):
    raise ValueError("broken")

try:
    fail("13800009999")
except ValueError as error:
    log.exception("request_failed", path="/x\\r\\nfake line", exc_info=error)
"""


def test_a_crash_is_one_json_line_without_the_values_of_variables():
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60
    )
    lines = ran.stderr.strip().splitlines()
    assert len(lines) == 1
    event = json.loads(lines[0])
    assert event["event"] == "request_failed"
    assert event["path"] == "/x\r\nfake line"
    assert "ValueError: broken" in event["exception"]
    assert "13800009999" not in event["exception"]
