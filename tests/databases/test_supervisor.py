"""The servers of these tests end with the test worker, however it ends."""

import getpass
import os
import subprocess
import sys
import time
from pathlib import Path

WORKER = """
import sys
from pathlib import Path
from databases.servers import _running
folder = Path(sys.argv[1])
def ready():
    if not (folder / "server.log").read_text().endswith("\\n"):
        raise OSError
server = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(3600)"]
with _running(server, sys.argv[2], folder, ready):
    print((folder / "server.log").read_text(), flush=True)
    sys.stdin.read()
"""
DEADLINE_SECONDS = 60


def test_a_worker_that_is_killed_leaves_neither_its_server_nor_its_data(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    words = [sys.executable, "-c", WORKER, str(folder), getpass.getuser()]
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
    ) as worker:
        assert worker.stdout is not None
        server = int(worker.stdout.readline())
        assert _lives(server)
        worker.kill()
    end = time.monotonic() + DEADLINE_SECONDS
    while _lives(server) or folder.exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
