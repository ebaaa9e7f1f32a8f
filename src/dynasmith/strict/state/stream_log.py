"""The stream of a table: its records, and the shards that they are in. Mutable, since it is the world.

A shard holds the keys of a range of hashes; it is closed when its time is over or when a test splits it, and its
children take over its range. Records are kept for 24 hours. Times are stream time (`StrictWorld.stream_time`).
Sources: API reference of DynamoDB Streams (botocore's model), Developer Guide, "Change data capture for DynamoDB
Streams"; that a shard is closed after about four hours is observed.
"""

import bisect
import hashlib
import itertools
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

RETENTION_SECONDS: Final = 86_400.0
SHARD_SECONDS: Final = 4 * 3_600.0
READERS_MAX: Final = 2
READER_SECONDS: Final = 1.0
"""A process that read a shard within so many seconds is reading it."""
_HASHES: Final = 1 << 128
# Sequence numbers have 21 to 40 digits: milliseconds and ten digits more.
_NUMBERS_A_MILLISECOND: Final = 10**10


@dataclass(frozen=True, slots=True)
class LoggedRecord:
    """One record, as GetRecords answers it, in the shard that holds it."""

    number: int
    made_at: float
    shard: str
    said: Mapping[str, Any]


@dataclass(slots=True)
class StreamShard:
    """One shard for the hashes from ``low`` to before ``high``. ``first`` and ``last`` are its sequence numbers;
    ``last`` is None while it is open. ``trimmed``: the newest number that is not kept any more."""

    id: str
    parent: str | None
    low: int
    high: int
    first: int
    opened_at: float
    last: int | None = None
    closed_at: float | None = None
    trimmed: int = 0
    records: list[LoggedRecord] = field(default_factory=list)
    # When each process that reads on was last seen.
    readers: dict[str, float] = field(default_factory=dict)

    @property
    def horizon(self) -> int:
        """The number from which on everything is there."""
        return self.records[0].number if self.records else max(self.first, self.trimmed + 1)

    @property
    def end(self) -> int:
        """The number behind the newest record."""
        return self.records[-1].number + 1 if self.records else self.horizon

    def since(self, number: int) -> list[LoggedRecord]:
        """The records from a number on."""
        return self.records[bisect.bisect_left(self.records, number, key=_number) :]

    def others(self, reader: str, now: float) -> int:
        """How many other processes read it now."""
        self.readers = {name: at for name, at in self.readers.items() if now - at <= READER_SECONDS}
        return len(self.readers.keys() - {reader})

    def trim(self, before: float) -> None:
        """Let the records go that were made before a time."""
        gone = bisect.bisect_left(self.records, before, key=_made_at)
        if gone:
            self.trimmed = self.records[gone - 1].number
            del self.records[:gone]


def _number(record: LoggedRecord) -> int:
    return record.number


def _made_at(record: LoggedRecord) -> float:
    return record.made_at


@dataclass(slots=True)
class StreamLog:
    """One stream. ``enabled_at`` and ``disabled_at`` are on the endpoint's clock, as states of tables are;
    ``closed_at`` is when it was turned off in stream time: it is gone 24 hours later."""

    arn: str
    label: str
    table: str
    view: str
    key_schema: tuple[tuple[str, str], ...]
    created_at: float
    enabled_at: float
    disabled_at: float | None = None
    closed_at: float | None = None
    shards: list[StreamShard] = field(default_factory=list)
    records: list[LoggedRecord] = field(default_factory=list)
    numbered: int = 0
    # Whether the engine knows that it lacks records of it (`services.stream_marks`).
    marked: bool = False

    @property
    def region(self) -> str:
        """The Region of its table."""
        return self.arn.split(":")[3]

    def status(self, now: float) -> str:
        """The service's word for its state at a time on the endpoint's clock."""
        if self.disabled_at is not None:
            return "DISABLED" if now >= self.disabled_at else "DISABLING"
        return "ENABLED" if now >= self.enabled_at else "ENABLING"

    def is_open(self, now: float) -> bool:
        """Whether a change of the table makes a record now. What changes before the stream is ENABLED makes none: the
        service does not say when the first record is made."""
        return self.disabled_at is None and now >= self.enabled_at

    def expired(self, at: float) -> bool:
        """Whether it was turned off 24 hours before."""
        return self.closed_at is not None and at - self.closed_at >= RETENTION_SECONDS

    def begin(self, at: float) -> None:
        """Open the first shard."""
        self._open(None, 0, _HASHES, at)

    def shard(self, shard_id: str) -> StreamShard | None:
        """The shard of an id, as long as it is listed."""
        return next((one for one in self.shards if one.id == shard_id), None)

    @property
    def open_shards(self) -> list[StreamShard]:
        """The shards that take records."""
        return [one for one in self.shards if one.last is None]

    def next_number(self) -> int:
        """A sequence number that is above every one before, and above the engine's own of the same change: those
        begin with the milliseconds of the real time too."""
        self.numbered = max(self.numbered + 1, int(time.time() * 1000 + 1) * _NUMBERS_A_MILLISECOND)
        return self.numbered

    def add(self, partition: str, number: int, at: float, said: Mapping[str, Any]) -> None:
        """Add a record about an item with this partition key (as a text)."""
        place = int.from_bytes(hashlib.md5(partition.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest())
        shard = next(one for one in self.open_shards if one.low <= place < one.high)
        record = LoggedRecord(number, at, shard.id, said)
        shard.records.append(record)
        self.records.append(record)

    def since(self, number: int) -> list[LoggedRecord]:
        """The records behind a number, of every shard."""
        return self.records[bisect.bisect_right(self.records, number, key=_number) :]

    def settle(self, at: float) -> None:
        """Let everything happen that is due: shards end after their time, records and shards are trimmed."""
        oldest = at - RETENTION_SECONDS
        for shard in self.open_shards if self.disabled_at is None else ():
            self._renew(shard, at)
        for shard in self.shards:
            shard.trim(oldest)
        self.shards = [one for one in self.shards if one.closed_at is None or one.closed_at > oldest]
        gone = bisect.bisect_left(self.records, oldest, key=_made_at)
        if gone:
            del self.records[:gone]

    def _renew(self, shard: StreamShard, at: float) -> None:
        """Close a shard whose time is over, and so on with its child. Children that would be trimmed are left out."""
        while (due := shard.opened_at + SHARD_SECONDS) <= at:
            behind = at - RETENTION_SECONDS - SHARD_SECONDS
            if due < behind:
                due += (behind - due) // SHARD_SECONDS * SHARD_SECONDS
            (shard,) = self.close(shard, due, 1)

    def close(self, shard: StreamShard, at: float, children: int) -> list[StreamShard]:
        """Close a shard; so many children share its range of hashes (0: none takes over)."""
        shard.last = shard.records[-1].number if shard.records else max(shard.first, shard.trimmed)
        shard.closed_at = at
        width = (shard.high - shard.low) // max(1, children)
        bounds = [shard.low + place * width for place in range(children)] + [shard.high]
        return [self._open(shard.id, low, high, at) for low, high in itertools.pairwise(bounds)]

    def _open(self, parent: str | None, low: int, high: int, at: float) -> StreamShard:
        name = f"shardId-{int(at * 1000):020d}-{uuid.uuid4().hex[:8]}"
        shard = StreamShard(name, parent, low, high, self.next_number(), at)
        self.shards.append(shard)
        return shard

    def disable(self, now: float, at: float) -> None:
        """Turn it off: its shards are closed, what is in them can be read on. ``now`` is when it is DISABLED."""
        if self.disabled_at is None:
            self.settle(at)
            self.disabled_at, self.closed_at = now, at
            for shard in self.open_shards:
                self.close(shard, at, 0)
