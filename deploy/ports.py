"""Say whether a TCP port of this machine is free, and otherwise which process holds it."""

import contextlib
import socket
import sys
from pathlib import Path

LISTENING = "0A"  # the state column of /proc/net/tcp


def is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def holders(port: int) -> list[str]:
    """Return "pid N (command line)" of each process listening on the port, as far as visible."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        # Processes end while we look, and those of other users are closed to us.
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) in sockets for link in (process / "fd").iterdir()):
                words = (
                    (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
                found.append(f"pid {process.name} ({words.strip()[:100]})")
    return found


def _inodes(port: int) -> set[str]:
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with contextlib.suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                _, local, _, state, *rest = line.split()
                if state == LISTENING and int(local.rsplit(":", 1)[1], 16) == port:
                    inodes.add(rest[5])
    return inodes


def main(host: str, port: str) -> int:
    """Run as a program: exit 1 with the holders' names when the port is taken."""
    if is_free(host, int(port)):
        return 0
    who = "; ".join(holders(int(port))) or "a process of another user"
    sys.stderr.write(f"port {port} is taken by {who}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
