"""Own writes, kept before they are sent: another process would take them for somebody else's."""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from dynasmith.engine.replacement.own_writes import DIGEST_BYTES, OwnWrites
from dynasmith.errors import CheckpointError
from dynasmith.ports.record_log import RecordLog

_Entry: TypeAlias = tuple[Literal["+", "-"], bytes]
_decode: Final = msgspec.json.Decoder(_Entry).decode


class OwnWriteLog:
    """Written from one thread. Which of them were read since stands in the spool of the stream's capture."""

    def __init__(self, log: RecordLog, own: OwnWrites) -> None:
        """Read back what was announced. Raises CheckpointError where an entry is damaged."""
        self._log, self._own = log, own
        self._unsent: list[bytes] = []
        for entry in log.read():
            try:
                kind, digests = _decode(entry)
            except msgspec.DecodeError as error:
                raise CheckpointError(
                    f"What was written is damaged: {error}.", hint="abort the replacement and start another"
                ) from error
            if kind == "+":
                own.announce(_split(digests))
            else:
                own.take(*_split(digests))

    def announce(self, digests: Sequence[bytes]) -> None:
        """Keep that these are about to be sent."""
        entries: list[_Entry] = [("-", b"".join(self._unsent))] if self._unsent else []
        if digests:
            self._own.announce(digests)
            self._log.append([msgspec.json.encode(each) for each in (*entries, ("+", b"".join(digests)))])
            self._unsent = []

    def retract(self, digests: Sequence[bytes]) -> None:
        """These were not sent after all; it is kept with what comes next."""
        self._own.take(*digests)
        self._unsent += digests

    def close(self) -> None:
        """Close the log."""
        self._log.close()


def _split(digests: bytes) -> list[bytes]:
    return [digests[start : start + DIGEST_BYTES] for start in range(0, len(digests), DIGEST_BYTES)]
