"""Where the items of a populate come from, and what keeps their keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dynasmith.jobs.report import Report
from dynasmith.ports.duplicate_keys import KeyStore
from dynasmith.ports.items import OpenSource, Place

OpenSeen: TypeAlias = Callable[[str], KeyStore]
"""Where the keys of a job are kept, by its id."""


def _nothing(report: Report) -> None:
    """Nothing is left to do at the end."""


@dataclass(frozen=True, slots=True)
class PopulateSource:
    """Where the items come from: ``segments`` of them, one a file, with the files' ``names`` where they are files.

    ``total_items`` is how many there are, where that is known; ``seen`` keeps their keys. ``of_job`` opens a source
    that keeps something of its own beside the job, by the job's id, instead of ``source``. ``visible`` makes what opens
    the source in a worker that may see the same files, of what asks the job for pages. ``changes`` says that its
    items are changes of keys, of which each comes once. ``again`` says what to do
    instead of resuming the job, where the items cannot be read again. ``finish`` is called with
    the report of each run that ended by itself, and may raise what is wrong with it.
    """

    source: OpenSource
    seen: OpenSeen
    segments: int = 1
    names: Sequence[str] = ()
    total_items: int | None = None
    of_job: Callable[[str], OpenSource] | None = None
    visible: Callable[[OpenSource], OpenSource] | None = None
    again: str = ""
    changes: bool = False
    finish: Callable[[Report], None] = _nothing

    @property
    def name(self) -> "PlaceNames":
        """A place as a person reads it."""
        return PlaceNames(tuple(self.names))


@dataclass(frozen=True, slots=True)
class PlaceNames:
    """Places as a person reads them: ``people.jsonl:17``, ``item 17``, ``id=17``. Can be sent to a worker."""

    names: tuple[str, ...]

    def __call__(self, segment: int, place: Place) -> str:
        """The name of a place."""
        if isinstance(place, str):
            return place
        return f"{self.names[segment]}:{place}" if self.names else f"item {place}"
