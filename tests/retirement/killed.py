"""``dynasmith`` in processes that a SIGKILL ends right after a call that changes something: no handler runs.

One process, which has imported everything, forks one for each command that it reads as a line of JSON: ``[nth, word,
...]``. The answer is a line too: the exit code (-9 where it was killed), the calls that were sent, what was written.
"""

import json
import os
import signal
import sys
import tempfile
from typing import Any

import dynasmith.aws.control.leftovers
import dynasmith.project.project  # noqa: F401  # before the first fork, so that no child imports it
from dynasmith.aws.control.session import Session
from dynasmith.aws.data.allow_list import own_call_reads
from dynasmith.cli.main import run

REGIONS: tuple[str, ...] = ("ap-southeast-1", "eu-west-1", "us-east-1")


def deadly(nth: int, calls: int) -> None:
    """End this process by a SIGKILL after its ``nth`` call that changes something; each is written to ``calls``."""
    send, sent = Session._send, [0]

    def dying(self: Session, session: Any, service: str, name: str, parameters: Any, of: str) -> dict[str, Any]:
        answer = send(self, session, service, name, parameters, of)
        if not own_call_reads(service, name, parameters):
            sent[0] += 1
            os.write(calls, f"{service}:{name}\n".encode())
            if sent[0] == nth:
                os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Session._send = dying  # type: ignore[method-assign, assignment]  # the one place that every call goes through
    Session.regions = known  # type: ignore[method-assign, assignment]  # the parameters have other names


def known(_session: Session, _service: str) -> tuple[str, ...]:
    """Three Regions of 34, which take their time."""
    return REGIONS


def forked(nth: int, words: list[str]) -> dict[str, Any]:
    """Run one command in a process of its own, to its end or to its death."""
    with tempfile.TemporaryFile() as calls, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            deadly(nth, calls.fileno())
            code = run(words)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sent, said, complained = (_read(each) for each in (calls, out, err))
    return {"code": code, "calls": sent.split(), "out": said, "err": complained}


def _read(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode())


if __name__ == "__main__":
    for line in sys.stdin:
        nth, *words = json.loads(line)
        sys.stdout.write(json.dumps(forked(nth, words)) + "\n")
        sys.stdout.flush()
