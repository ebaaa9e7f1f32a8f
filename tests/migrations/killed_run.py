"""`dynasmith migrate` as a process that ends itself by SIGKILL at one of its calls: ``killed_run.py CALL WORD...``.

``CALL`` counts the requests that botocore sends (of the history, of tables) and those of the item flow; 0 never. Before
an odd one, and after an even one was answered. The lease of the lock is short here, so that a test need not wait.
"""

import os
import signal
import sys
import threading
from typing import Any

from botocore.httpsession import URLLib3Session

from dynasmith.aws.data.direct_exchange import DirectExchange
from dynasmith.aws.stores.history.table import HistoryTable
from dynasmith.cli.main import main

CALL = int(sys.argv[1])
_lock, _calls = threading.Lock(), 0


def counted() -> int:
    """The number of this call."""
    global _calls
    with _lock:
        _calls += 1
        return _calls


def die() -> None:
    """End at once, as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def watched(send: Any) -> Any:
    """A function that ends the process before or after the call of that number."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        number = counted()
        if number == CALL and number % 2:
            die()
        answer = send(self, *args, **kwargs)
        if number == CALL:
            die()
        return answer

    return call


def watched_flow(send: Any) -> Any:
    """The same of a call of the item flow."""

    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        number = counted()
        if number == CALL and number % 2:
            die()
        answer = await send(self, *args, **kwargs)
        if number == CALL:
            die()
        return answer

    return call


DirectExchange.__call__ = watched_flow(DirectExchange.__call__)  # type: ignore[method-assign]
URLLib3Session.send = watched(URLLib3Session.send)  # type: ignore[method-assign]
HistoryTable.__init__.__kwdefaults__["lease_seconds"] = 0.6  # type: ignore[index]
try:
    main(sys.argv[2:])
finally:
    if not CALL:
        sys.stderr.write(f"calls {_calls}\n")
