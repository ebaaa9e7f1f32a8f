"""Which records of a table's stream are of our own writes, so that what others wrote there is seen."""

from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from threading import Lock
from typing import Final

from dynasmith.items.digest import item_hash
from dynasmith.items.wire import RawItem
from dynasmith.ports.streams import ChangeRecord

PLACE_BYTES: Final = 16
DIGEST_BYTES: Final = 2 * PLACE_BYTES
_DELETED: Final = bytes(PLACE_BYTES)


def write_digest(place: bytes, item: RawItem | None) -> bytes:
    """What is remembered of a write, 32 bytes: of the place and of what it put there, None for a deletion."""
    return _of_place(place) + (_DELETED if item is None else item_hash(item).to_bytes(PLACE_BYTES, "big"))


def _of_place(place: bytes) -> bytes:
    return blake2b(place, digest_size=PLACE_BYTES).digest()


class OwnWrites:
    """Writes that are announced and whose records were not read. Safe to use from several threads.

    ``epoch`` grows each time that the log of the announcements is written anew, without what was read until then.
    """

    def __init__(self) -> None:
        self._left: dict[bytes, Counter[bytes]] = {}
        self._read = Counter[bytes]()
        self._lock = Lock()
        self.epoch = 0

    def announce(self, digests: Iterable[bytes]) -> None:
        """These are about to be sent."""
        with self._lock:
            for digest in digests:
                self._left.setdefault(digest[:PLACE_BYTES], Counter())[digest] += 1

    def match(self, record: ChangeRecord, place: bytes) -> bytes | None:
        """The write that a record is of, which is read then; None for somebody else's. Where the stream does not show
        what was put any put of the place will do."""
        with self._lock:
            known = self._left.get(_of_place(place), ())
            if record.new is None and not record.removed:
                return next((each for each in known if not each.endswith(_DELETED)), None)
            digest = write_digest(place, record.new)
            return digest if digest in known else None

    def take(self, *digests: bytes) -> None:
        """The records of these writes were read, which is kept, or there will be none."""
        with self._lock:
            self._take(digests)

    def read(self, digest: bytes) -> None:
        """The record of this write was read, which is not kept yet."""
        with self._lock:
            self._take([digest])
            self._read[digest] += 1

    def forget_unkept(self) -> None:
        """What was read and is not kept is read again: the page came to nothing."""
        with self._lock:
            for digest in self._read.elements():
                self._left.setdefault(digest[:PLACE_BYTES], Counter())[digest] += 1
            self._read.clear()

    def keep(self, digests: Iterable[bytes]) -> None:
        """It is kept now that the records of these were read."""
        with self._lock:
            self._read.subtract(digests)
            self._read = +self._read

    def unread(self) -> list[bytes]:
        """Every write whose record was not read."""
        with self._lock:
            return [digest for known in self._left.values() for digest in known.elements()]

    def announced(self) -> list[bytes]:
        """Every write whose record was not read, as far as that is kept."""
        left = self.unread()
        with self._lock:
            return [*left, *self._read.elements()]

    def _take(self, digests: Iterable[bytes]) -> None:
        for digest in digests:
            known = self._left.get(digest[:PLACE_BYTES], Counter())
            known[digest] -= 1
            if known[digest] <= 0:
                del known[digest]
            if not known:
                self._left.pop(digest[:PLACE_BYTES], None)
