"""The path of a request: chosen once, under the lock, and kept, so that no later invocation chooses another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from dynasmith.errors import UsageError
from dynasmith.migrations.event import Direction, MigrationEvent
from dynasmith.migrations.path import Catalog, PathStep
from dynasmith.ports.history import HistoryStore

ENDS = ("applied", "reverted")
"""Kinds of events with which a migration of a path is over."""


class RequestStep(Struct, frozen=True, kw_only=True):
    """One migration of a request's path."""

    key: str
    direction: Direction


class RequestPath(Struct, frozen=True, kw_only=True):
    """What a request does. ``work`` is a digest of what was requested, ``since`` how many events there were when the
    path was chosen, ``failure`` the sentence of what failed where the path takes that back.
    """

    work: str
    since: int
    path: tuple[RequestStep, ...]
    failure: str = ""

    def ended(self, catalog: Catalog, run: str) -> list[MigrationEvent]:
        """The last event of each migration that is over, in the order of the path."""
        ended: list[MigrationEvent] = []
        for event in sorted(catalog.history.events, key=lambda event: event.number):
            if event.run != run or event.number <= self.since or event.kind not in ENDS:
                continue
            if len(ended) == len(self.path):
                break
            step = self.path[len(ended)]
            if (event.version or event.name, event.direction) == (step.key, step.direction):
                ended.append(event)
        return ended

    def left(self, catalog: Catalog, ended: int) -> list[PathStep]:
        """What is not over. Raises UsageError for a file that is gone."""
        steps = []
        for step in self.path[ended:]:
            file, state = catalog.files.find(step.key), catalog.states.get(step.key)
            if file is None:
                raise UsageError(f"The function has no migration {step.key}.", hint="deploy it with all of them")
            goes_on = state is not None and state.is_open and state.last.direction == step.direction
            steps.append(PathStep(file=file, direction=step.direction, goes_on=goes_on))
        return steps


def path_of(work: str, catalog: Catalog, path: Sequence[PathStep], failure: str = "") -> RequestPath:
    """A path that is chosen now."""
    return RequestPath(
        work=work,
        since=len(catalog.history.events),
        path=tuple(RequestStep(key=step.file.key, direction=step.direction) for step in path),
        failure=failure,
    )


class KeptRequest:
    """What the history keeps of a request: its path, the one that takes it back, its answer."""

    def __init__(self, history: HistoryStore, request_id: str, work: str) -> None:
        self._history, self._id, self._work = history, request_id, work

    def answer(self) -> dict[str, Any] | None:
        """The answer. Raises UsageError where the id was another command's."""
        found = self._history.answer(self._id)
        if found is None:
            return None
        self._check(found["work"])
        reply: dict[str, Any] = found["reply"]
        return reply

    def keep_answer(self, reply: dict[str, Any]) -> None:
        """Keep it: the same request gets it again."""
        self._history.keep_answer(self._id, {"work": self._work, "reply": reply})

    def path(self) -> RequestPath | None:
        """The path, or that which takes it back. Raises UsageError where the id was another command's."""
        for name in ("rollback", "path"):
            found = self._history.answer(f"{self._id}/{name}")
            if found is not None:
                path = msgspec.convert(found, RequestPath)
                self._check(path.work)
                return path
        return None

    def keep_path(self, path: RequestPath) -> RequestPath:
        """Keep it, and give what is kept."""
        name = "rollback" if path.failure else "path"
        return msgspec.convert(self._history.keep_answer(f"{self._id}/{name}", msgspec.to_builtins(path)), RequestPath)

    def _check(self, work: str) -> None:
        if work != self._work:
            raise UsageError(
                f"The request {self._id} was another command.", hint="a request id is used for one command only"
            )
