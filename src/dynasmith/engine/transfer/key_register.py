"""The keys of a job, for the segments that are moved anywhere: who had a key first, and when the end of that is known.

One register a job, beside its checkpoints. A segment opens a turn with each page that it meets and closes it when what
became of its items is known; another segment with one of these keys waits for that. Where a worker is gone in its turn
nobody knows: then what stands in the target decides, as in a job that goes on after another run.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import msgspec

from dynasmith.ports.duplicate_keys import KeyAnswer, KeyEntry, KeyStore
from dynasmith.ports.remote_reference import RemoteReference

ANSWER_SECONDS = 1.0
"""How long one question of a worker waits for turns: the question of a worker that is gone must not wait on."""


class MetKeys(msgspec.Struct, array_like=True, frozen=True):
    """``before``: by the number of an entry, who had its key; ``turns`` of others to wait for; how often keys were
    ``freed`` until then."""

    before: dict[int, KeyAnswer]
    turns: tuple[int, ...]
    freed: int


class KeyState(msgspec.Struct, array_like=True, frozen=True):
    """How often keys were ``freed``; whether only the target knows what became of some (``unknown``); whether the run
    stopped before all that was met was sent (``cut``); whether every turn that was asked for is ``over``."""

    freed: int
    unknown: bool
    cut: bool
    over: bool = True


class KeyRegister(Protocol):
    """What a segment asks of the keys of its job."""

    async def meet(
        self, segment: int, start: bytes | None, following: bytes | None, entries: Sequence[KeyEntry]
    ) -> MetKeys:
        """Keep a page's keys, each once in ``entries``, and open the turn of the segment."""
        ...

    async def tell(self, segment: int, gone: Sequence[KeyEntry], *, cut: bool) -> None:
        """Close the turn: all that was met stands in the target but ``gone``, whose keys may come again. ``cut``: not
        all of it was sent."""
        ...

    async def settled(self, turns: Sequence[int]) -> KeyState:
        """Returns when these turns are closed."""
        ...

    async def free(self, segment: int, entries: Sequence[KeyEntry]) -> int:
        """The items of these places do not stand in the target; how often keys were freed, with this."""
        ...


class JobKeys:
    """The register where the job is; keeps ``KeyRegister``. ``seen`` is asked in a thread, one question at a time."""

    def __init__(self, seen: KeyStore) -> None:
        self.seen = seen
        self.unknown = False
        self._freed = self._turns = 0
        self._cut = False
        self._one_at_a_time = asyncio.Lock()
        self._turn_of: dict[int, int] = {}
        self._open: dict[int, asyncio.Event] = {}

    async def meet(
        self, segment: int, start: bytes | None, following: bytes | None, entries: Sequence[KeyEntry]
    ) -> MetKeys:
        """See ``KeyRegister``."""
        self._turns += 1
        self._turn_of[segment], self._open[self._turns] = self._turns, asyncio.Event()
        async with self._one_at_a_time:
            freed = self._freed
            before = await asyncio.to_thread(self.seen.meet, segment, start, following, entries)
        segments = {one.segment for one in before.values()} - {segment}
        turns = tuple(self._turn_of[one] for one in segments if one in self._turn_of)
        return MetKeys(dict(before), turns, freed)

    async def tell(self, segment: int, gone: Sequence[KeyEntry], *, cut: bool) -> None:
        """See ``KeyRegister``."""
        if gone:
            await self.free(segment, gone)
        self._cut = self._cut or cut
        self._close(segment)

    async def settled(self, turns: Sequence[int]) -> KeyState:
        """See ``KeyRegister``."""
        for turn in turns:
            if turn in self._open:
                await self._open[turn].wait()
        return KeyState(self._freed, self.unknown, self._cut)

    async def free(self, segment: int, entries: Sequence[KeyEntry]) -> int:
        """See ``KeyRegister``."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self.seen.free, segment, entries)
        self._freed += 1
        return self._freed

    def lose(self, segment: int) -> None:
        """Who moved the segment is gone: what it had in its turn is perhaps in the target, and perhaps not."""
        if segment in self._turn_of:
            self.unknown = True
            self._close(segment)

    def close(self, *, over: bool) -> None:
        """Let go of the keys; of a job that is ``over`` nothing is left."""
        self.seen.close(over=over)

    def _close(self, segment: int) -> None:
        turn = self._turn_of.pop(segment, None)
        if turn is not None:
            self._open.pop(turn).set()


# --- over the line ----------------------------------------------------------------------------------------------------


class _Meet(msgspec.Struct, tag=True, array_like=True):
    segment: int
    start: bytes | None
    following: bytes | None
    entries: list[KeyEntry]


class _Tell(msgspec.Struct, tag=True, array_like=True):
    segment: int
    gone: list[KeyEntry]
    cut: bool


class _Settled(msgspec.Struct, tag=True, array_like=True):
    turns: list[int]


class _Free(msgspec.Struct, tag=True, array_like=True):
    segment: int
    entries: list[KeyEntry]


_encode = msgspec.msgpack.Encoder().encode
_decode_question = msgspec.msgpack.Decoder(_Meet | _Tell | _Settled | _Free).decode
_decode_met = msgspec.msgpack.Decoder(MetKeys).decode
_decode_state = msgspec.msgpack.Decoder(KeyState).decode
_decode_number = msgspec.msgpack.Decoder(int).decode


class KeyService(RemoteReference):
    """The register, as workers ask it."""

    def __init__(self, keys: JobKeys) -> None:
        self._keys = keys

    async def ask(self, question: bytes) -> bytes:
        """Answer a worker. Raises what the store of the keys raises, which ends the job."""
        asked: _Meet | _Tell | _Settled | _Free = _decode_question(question)
        match asked:
            case _Meet(segment, start, following, entries):
                return _encode(await self._keys.meet(segment, start, following, entries))
            case _Tell(segment, gone, cut):
                await self._keys.tell(segment, gone, cut=cut)
                return b""
            case _Free(segment, entries):
                return _encode(await self._keys.free(segment, entries))
            case _Settled(turns):
                return _encode(await self._state(turns))

    async def _state(self, turns: Sequence[int]) -> KeyState:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._keys.settled(turns)
        except TimeoutError:
            return msgspec.structs.replace(await self._keys.settled(()), over=False)


class RemoteKeys:
    """The register where a worker is; keeps ``KeyRegister``."""

    def __init__(self, service: RemoteReference) -> None:
        self._service = service

    async def meet(
        self, segment: int, start: bytes | None, following: bytes | None, entries: Sequence[KeyEntry]
    ) -> MetKeys:
        """See ``KeyRegister``."""
        met: MetKeys = _decode_met(await self._service.ask(_encode(_Meet(segment, start, following, list(entries)))))
        return met

    async def tell(self, segment: int, gone: Sequence[KeyEntry], *, cut: bool) -> None:
        """See ``KeyRegister``."""
        await self._service.ask(_encode(_Tell(segment, list(gone), cut)))

    async def settled(self, turns: Sequence[int]) -> KeyState:
        """See ``KeyRegister``."""
        while True:
            state: KeyState = _decode_state(await self._service.ask(_encode(_Settled(list(turns)))))
            if state.over:
                return state

    async def free(self, segment: int, entries: Sequence[KeyEntry]) -> int:
        """See ``KeyRegister``."""
        freed: int = _decode_number(await self._service.ask(_encode(_Free(segment, list(entries)))))
        return freed
