"""Runs `dynasmith` again and again in forks of one process, each of which may be ended by SIGKILL at an instant.

A line of JSON on stdin is a run: words, folder, variables, and when it is killed: at a ``call`` (before an odd call,
after an even one was answered; 0 never) or ``seconds`` after it began. A line on stdout says how it ended.

A call is one of a port: a request to a service, or what is written of a job or of its journal in a folder. What one run
imported and read of botocore's documents is there for the next ones. Nobody waits for a lease here: whoever held it is
known to be gone.
"""

import asyncio
import importlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from botocore.httpsession import URLLib3Session

from dynasmith.aws.data.direct_exchange import DirectExchange
from dynasmith.aws.stores.lease import Lease
from dynasmith.cli.main import main
from dynasmith.files.journal.folder import FolderJournal
from dynasmith.files.ledger.folder import FolderClaim, FolderLedger
from shared_botocore import make_known, services_in_use, share

PORTS = (
    (URLLib3Session, "send"),
    (DirectExchange, "__call__"),
    (FolderLedger, "begin"),
    (FolderClaim, "save"),
    (FolderClaim, "bury"),
    (FolderClaim, "change"),
    (FolderClaim, "release"),
    (FolderJournal, "append"),
    (FolderJournal, "mark"),
)
IMPORTED = ("dynasmith.", "botocore.", "boto3.", "rich.", "click.", "uvloop", "isal", "yaml", "semver")


class Calls:
    """Counts the calls, and ends the process at one of them."""

    def __init__(self, end: int) -> None:
        self.number, self._end, self._lock = 0, end, threading.Lock()

    def before(self) -> int:
        """The number of a call that begins."""
        with self._lock:
            self.number += 1
            number = self.number
        if number == self._end and number % 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    def after(self, number: int) -> None:
        """It was answered."""
        if number == self._end:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, kind: Any, name: str) -> None:
        """Count the calls of a method."""
        call = getattr(kind, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            number = self.before()
            answer = call(*args, **kwargs)
            self.after(number)
            return answer

        async def counted_async(*args: Any, **kwargs: Any) -> Any:
            number = self.before()
            answer = await call(*args, **kwargs)
            self.after(number)
            return answer

        setattr(kind, name, counted_async if asyncio.iscoroutinefunction(call) else counted)


def run(asked: dict[str, Any], said: Path) -> None:
    """One run, in a process of its own; what it says goes into files."""
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(said / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(asked["variables"])
    os.chdir(asked["folder"])
    calls = Calls(asked.get("call", 0))
    for kind, name in PORTS:
        calls.watch(kind, name)
    Lease._still_seconds = lambda _self, _seen: 0.0  # type: ignore[assignment,method-assign]
    began = time.monotonic()
    if asked.get("seconds"):  # the default of this signal ends the process at once, as SIGKILL does
        signal.setitimer(signal.ITIMER_REAL, asked["seconds"])
    code = 0
    try:
        main(asked["words"])
    except SystemExit as ended:
        code = int(ended.code or 0)
    figures = {"calls": calls.number, "seconds": time.monotonic() - began, "modules": sorted(sys.modules)}
    figures["services"] = services_in_use()
    (said / "figures").write_text(json.dumps(figures))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def serve(said: Path) -> None:
    """Do the runs that are asked for."""
    for line in sys.stdin:
        asked = json.loads(line)
        (said / "figures").unlink(missing_ok=True)
        child = os.fork()
        if not child:
            run(asked, said)
        sys.stdout.write(json.dumps({"pid": child}) + "\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        answer = {"code": os.waitstatus_to_exitcode(status)}
        if (said / "figures").exists():
            figures = json.loads((said / "figures").read_text())
            make_known(set(figures.pop("services")) - set(services_in_use()))
            for name in figures.pop("modules"):
                if name not in sys.modules and name.startswith(IMPORTED):
                    importlib.import_module(name)
            answer |= figures
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    share()
    serve(Path(sys.argv[1]))
