"""Watch the table that is not in use any more: which of its keys others wrote, and did not come over."""

from collections.abc import Callable
from typing import Final

from dynasmith.engine.replacement.capture_thread import CaptureThread
from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.item_mapping import ItemMapping, shown_key
from dynasmith.engine.replacement.marks import BY_LATE

KEYS_SHOWN: Final = 20
LOOK_SECONDS: Final = 0.05


class LateWatch:
    """``check`` raises where the run must not go on; ``rest`` waits."""

    def __init__(
        self,
        capture: CaptureThread,
        dirty: DirtySet,
        mapping: ItemMapping,
        *,
        check: Callable[[], None],
        rest: Callable[[float], None],
    ) -> None:
        self.capture, self._dirty, self._mapping = capture, dirty, mapping
        self._check, self._rest = check, rest

    def look(self) -> None:
        """Return once everything that was written before this is read."""
        self.capture.await_quiet()
        while not self.capture.near:
            self._check()
            self.capture.check()
            self._rest(LOOK_SECONDS)

    def conflicts(self) -> list[bytes]:
        """The keys that others wrote too late, and that did not come over."""
        return sorted({mark.key for mark in self._dirty.marks() if mark.by == BY_LATE})

    def shown(self) -> tuple[str, ...]:
        """The first 20 of them, for people."""
        return tuple(shown_key(key, self._mapping.source) for key in self.conflicts()[:KEYS_SHOWN])
