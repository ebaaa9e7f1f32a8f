"""Own writes, kept before they are sent: another process would take them for somebody else's.

The log is written anew where most of it was read. Which writes were read stands in the spool of the stream's capture,
each with the epoch in which that was kept: of an earlier epoch than the log's they are left out of it already.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from dynasmith.engine.replacement.own_writes import DIGEST_BYTES, OwnWrites
from dynasmith.errors import CheckpointError
from dynasmith.ports.record_log import RecordLog

WRITES_MIN: Final = 20_000
"""A log of fewer writes is left as it is."""
WRITES_EACH_MAX: Final = 4
"""Writes in the log for each that was not read, from which on it is written anew."""
WRITES_AT_ONCE: Final = 10_000
"""Writes that are written together then."""

_Entry: TypeAlias = tuple[Literal["+", "-", "epoch"], bytes]
_decode: Final = msgspec.json.Decoder(_Entry).decode
_EPOCH_BYTES: Final = 8


class OwnWriteLog:
    """Written from one thread. Which of them were read since stands in the spool of the stream's capture."""

    def __init__(self, log: RecordLog, own: OwnWrites) -> None:
        """Read back what was announced. Raises CheckpointError where an entry is damaged."""
        self._log, self._own = log, own
        self._unsent: list[bytes] = []
        self._writes = self._writes_seen = 0
        for entry in log.read():
            try:
                kind, content = _decode(entry)
            except msgspec.DecodeError as error:
                raise CheckpointError(
                    f"What was written is damaged: {error}.", hint="abort the replacement and start another"
                ) from error
            if kind == "+":
                own.announce(_split(content))
                self._writes += len(content) // DIGEST_BYTES
            elif kind == "-":
                own.take(*_split(content))
            else:
                own.epoch = int.from_bytes(content, "big")

    def announce(self, digests: Sequence[bytes]) -> None:
        """Keep that these are about to be sent."""
        if self._writes > max(WRITES_MIN, 2 * self._writes_seen):
            self._compact()
        entries: list[_Entry] = [("-", b"".join(self._unsent))] if self._unsent else []
        if digests:
            self._own.announce(digests)
            self._log.append([msgspec.json.encode(each) for each in (*entries, ("+", b"".join(digests)))])
            self._writes += len(digests)
            self._unsent = []

    def retract(self, digests: Sequence[bytes]) -> None:
        """These were not sent after all; it is kept with what comes next."""
        self._own.take(*digests)
        self._unsent += digests

    def settle(self) -> None:
        """Before anything is sent, with the stream read to its end: what was announced and has no record was never sent
        by the process that was killed, and would hide a write of others that does the same."""
        self.retract(self._own.unread())

    def close(self) -> None:
        """Keep what was not sent, and close the log."""
        try:
            if self._unsent:
                self._log.append([msgspec.json.encode(("-", b"".join(self._unsent)))])
        finally:
            self._log.close()

    def _compact(self) -> None:
        """A write whose record is read in this moment may stay, as one that changes nothing does."""
        left, epoch = self._own.announced(), self._own.epoch + 1
        self._writes_seen = self._writes
        if self._writes <= WRITES_EACH_MAX * len(left):
            return
        self._log.replace(_anew(epoch, left))
        self._own.epoch, self._unsent = epoch, []
        self._writes = self._writes_seen = len(left)


def _anew(epoch: int, left: Sequence[bytes]) -> Iterator[list[bytes]]:
    yield [msgspec.json.encode(("epoch", epoch.to_bytes(_EPOCH_BYTES, "big")))]
    for start in range(0, len(left), WRITES_AT_ONCE):
        yield [msgspec.json.encode(("+", b"".join(left[start : start + WRITES_AT_ONCE])))]


def _split(digests: bytes) -> list[bytes]:
    return [digests[start : start + DIGEST_BYTES] for start in range(0, len(digests), DIGEST_BYTES)]
