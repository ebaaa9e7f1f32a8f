"""What is listed of a whole Region or account, read once for all the tables of a run.

Alarms, event source mappings, backup plans and roles are found by no table, so each table that is described needs the
whole list. Within `sharing` the first one reads it, and the others wait for it or take what it read, its error too.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from dynasmith.aws.settings.request import Service

T = TypeVar("T")


class _Lists:
    """The lists of one session, kept while somebody shares them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sharers = 0
        self.kept: dict[str, Future[list[Any]]] = {}


_SESSIONS: "WeakKeyDictionary[Service, _Lists]" = WeakKeyDictionary()
_SESSIONS_LOCK = threading.Lock()


def _lists(session: Service) -> _Lists:
    with _SESSIONS_LOCK:
        return _SESSIONS.setdefault(session, _Lists())


@contextmanager
def sharing(session: Service) -> Iterator[None]:
    """Let whatever reads through this session share its lists, in every thread, until the block ends."""
    lists = _lists(session)
    with lists.lock:
        lists.sharers += 1
    try:
        yield
    finally:
        with lists.lock:
            lists.sharers -= 1
            if not lists.sharers:
                lists.kept = {}


def forget(session: Service) -> None:
    """Read lists again from now on: something is about to be changed."""
    lists = _lists(session)
    with lists.lock:
        lists.kept = {}


def shared_list(session: Service, name: str, read: Callable[[], Iterable[T]]) -> list[T]:
    """What ``read`` lists; within `sharing` read once by this name. Raises what it raises, for each that asks."""
    lists = _lists(session)
    with lists.lock:
        if not lists.sharers:
            found, own = Future[list[Any]](), True
        else:
            own = name not in lists.kept
            found = lists.kept.setdefault(name, Future())
    if own:
        try:
            found.set_result(list(read()))
        except BaseException as error:
            found.set_exception(error)
            raise
    return found.result()
