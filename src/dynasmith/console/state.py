"""`Console`: what the pages of one console share: the project, whether it may be changed, and what is kept between
requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar, cast, runtime_checkable

from dynasmith.plans.consent import NO_CONSENT
from dynasmith.plans.where import Where
from dynasmith.project.project import Project, world_of
from dynasmith.project.redaction import hidden

T = TypeVar("T")


@runtime_checkable
class ClosedWithConsole(Protocol):
    """What is kept and has something to end: a thread, a run."""

    def close(self) -> None:
        """End it; may be called from any thread."""
        ...


class Console:
    """The project and what pages keep between requests. Safe to use from several threads.

    ``changes`` says whether pages may change something. Where they may not, the project is that of a dry run: its
    clients send nothing but reads. ``options`` are the words that a command line needs to go to the same place.
    ``redact`` hides every value of items, as ``--redact`` does; ``hides`` those that nobody asked for, in plans and
    jobs, as the command line does by itself in a protected environment.
    """

    def __init__(
        self,
        project: Project,
        *,
        changes: bool,
        options: tuple[str, ...] = (),
        redact: bool = False,
        hides: bool = False,
    ) -> None:
        # What a page may do is what its reader agreed to on that page: never what the command was given.
        world = replace(world_of(project if changes else project.dry), consent=NO_CONSENT)
        self._world = world
        self.project = Project(world)
        self.changes = changes
        self.options = options
        self.redact = redact
        self.hides = hides or redact
        self._kept: dict[object, object] = {}
        self._lock = threading.RLock()
        self._closed = threading.Event()

    @property
    def where(self) -> Where:
        """Environment, Region, and account or endpoint; asked for once."""
        return self._world.where

    @property
    def closed(self) -> bool:
        """Whether the console is ending."""
        return self._closed.is_set()

    def masks(self, text: str) -> str:
        """A text as it may be shown: ``${NAME}`` in place of what came out of a variable."""
        return self._world.masks(text)

    def shown(self, value: T) -> T:
        """A plan or a report as it may be shown: without values of items where the console hides them."""
        return hidden(value) if self.hides else value

    def reread(self) -> Project:
        """The project with its definitions as the files have them now; the connections stay."""
        with self._lock:
            self.project = Project(replace(self._world))
            return self.project

    def kept(self, kind: Callable[[Console], T]) -> T:
        """The one value of this kind, made with ``kind(console)`` when it is first asked for, and closed with the
        console where it has ``close``."""
        with self._lock:
            if kind not in self._kept:
                self._kept[kind] = kind(self)
            return cast("T", self._kept[kind])

    def close(self) -> None:
        """End what is kept. The project stays open: it is its owner's."""
        self._closed.set()
        with self._lock:
            kept = tuple(self._kept.values())
        for value in kept:
            if isinstance(value, ClosedWithConsole):
                value.close()
