"""Runs a server until standard input ends, then ends it and removes its folder: FOLDER USER COMMAND...

The other end of the pipe is the test worker's; the kernel closes it however the worker ends. The supervisor is in a
session of its own, so that Ctrl-C reaches the worker first.
"""

import os
import shutil
import subprocess
import sys
import threading
from typing import Any

PATIENCE_SECONDS = 20


def owner(name: str) -> dict[str, Any]:
    """How a process becomes another user, where this one is root."""
    return {"user": name, "group": name, "extra_groups": []} if os.geteuid() == 0 else {}


def main(folder: str, user: str, *command: str) -> int:
    """The server's exit code where it ends by itself, else 0."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=folder, **owner(user)) as server:
        threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
        code = server.wait()
    shutil.rmtree(folder, ignore_errors=True)
    return max(code, 0)


def _end_with_parent(server: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    server.terminate()
    try:
        server.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:  # somebody is still connected
        server.kill()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
