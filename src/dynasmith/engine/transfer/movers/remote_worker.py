"""A worker that dials in over the network, and moves pages until its job has no more for it, or is gone."""

import os
import sys
import threading

from dynasmith.engine.transfer.movers import messages as words
from dynasmith.engine.transfer.movers.worker import move_segments
from dynasmith.engine.workers.dial import dialled
from dynasmith.engine.workers.failures import raised
from dynasmith.errors import DynasmithError, RunError

SECRET = "DYNASMITH_WORKER_SECRET"  # noqa: S105  # the name of a variable
"""The variable that holds the secret of a job and its workers: never a word of a command line, which all can read."""


def work_for(address: str, secret: str) -> None:
    """Move pages for the job at ``host:port`` until it has no more for this worker, and then return.

    Raises UsageError where the job turns this worker away, Unreachable where none listens, RunError where the job let
    it go, UnfitWorker where its credentials reach another table, or it does not see the folder of an export, and what
    the user's code raised. Ends the process, with exit code 1, as soon as the job is gone: not one
    write more may come from here. SIGTERM and SIGINT end it after the requests that are under way; what was not moved
    is moved by others.
    """
    connection = dialled(address, secret)
    os.environ.pop(SECRET, None)  # user code of the job needs no part of it
    last = move_segments(connection, gone=_say_gone)
    match last:
        case words.FailedMessage(failure) | words.UnfitMessage(failure):
            raise raised(failure)
        case words.LapsedMessage():
            raise RunError(
                "The job gave this worker no more time to write, so it ended; what it had is moved by others.",
                hint="the network to the job may be slow, or this machine stood still; start the worker again",
            )


def _say_gone() -> None:
    sys.stderr.write("The job is gone, so this worker ends. Resume the job, and start the worker again.\n")
    sys.stderr.flush()


def main() -> None:
    """The process that a task of a cluster begins: address and secret are the first line of standard input, which stays
    open for as long as the task lives. What goes wrong is one sentence and a hint in the log of the task's worker."""
    address, _, secret = sys.stdin.readline().strip().partition(" ")
    threading.Thread(target=_end_with_task, name="dynasmith-task", daemon=True).start()
    try:
        work_for(address, secret)
    except DynasmithError as error:
        sys.exit(f"{error.message} Hint: {error.hint}" if error.hint else error.message)


def _end_with_task() -> None:
    sys.stdin.read()
    os._exit(1)  # the task was ended, and with it whoever would have waited for this process
