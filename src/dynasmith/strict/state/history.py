"""What a table with point-in-time recovery held at any moment of its window: every write's image, by key.

Kept in memory from the moment PITR is turned on, up to ``HISTORY_BYTES_MAX`` a table; beyond it the window starts again
(``EarliestRestorableDateTime`` says so), so that a restore is right or refused, never wrong.
"""

from dataclasses import dataclass, field

HISTORY_BYTES_MAX = 256 * 1024 * 1024


@dataclass(slots=True)
class Images:
    """The images of one key: what was there before the first write that was seen, then (time, image) of each."""

    before: bytes | None
    after: list[tuple[float, bytes | None]] = field(default_factory=list)

    def at(self, time: float) -> bytes | None:
        """The image at a time: of the last write up to it."""
        image = self.before
        for written_at, content in self.after:
            if written_at > time:
                break
            image = content
        return image


@dataclass(slots=True)
class History:
    """All images of one table, since ``since``."""

    since: float
    keys: dict[str, Images] = field(default_factory=dict)
    size_bytes: int = 0
    written_at: float = 0.0

    def knows(self, key: str) -> bool:
        """Whether the key was written since the window began."""
        return key in self.keys

    def begin(self, key: str, before: bytes | None) -> None:
        """Note what was there before the first write of a key."""
        if key not in self.keys:
            self.keys[key] = Images(before)
            self.size_bytes += len(key) + len(before or b"")

    def write(self, key: str, at: float, image: bytes | None) -> None:
        """Note a write (None: the item is gone)."""
        self.keys[key].after.append((at, image))
        self.size_bytes += len(image or b"") + 16
        self.written_at = at

    @property
    def full(self) -> bool:
        """Whether it grew beyond its bound."""
        return self.size_bytes > HISTORY_BYTES_MAX
