"""A stage whose steps are user code in a guarded process: for a dry run that reads every page, not a sample."""

from collections.abc import Sequence

import msgspec

from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.transform_stage import StagedPage, Steps
from dynasmith.engine.user_code.dry_run import SLICE_ITEMS, LoadedTransform
from dynasmith.engine.workers.guarded_process import GuardedProcess
from dynasmith.errors import Interrupted, RunError
from dynasmith.items.wire import RawItem
from dynasmith.ports.items import DeadLetter, Item


class _StagedSlice(msgspec.Struct, array_like=True):
    """What became of a slice of a page, on its way back; ``items`` is a JSON list."""

    items: bytes
    fanned_out: int
    dropped: int
    already: int
    dead: tuple[DeadLetter, ...]
    moved: bool
    skipped: int


_split = msgspec.json.Decoder(list[RawItem]).decode
_decode = msgspec.msgpack.Decoder(_StagedSlice).decode


class GuardedSteps:
    """The work of the guarded process: ``steps`` as bytes of bytes. It can be sent where its function can."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def prepare(self) -> None:
        """Load the user code. Raises what loading raises."""
        transform = self._steps.transform
        if transform is not None and isinstance(transform.function, LoadedTransform):
            transform.function.prepare()

    def __call__(self, page: bytes) -> bytes:
        """A JSON list of items to a `_StagedSlice`. Raises ItemRefused where the policy is to stop."""
        staged = self._steps.apply(_split(page))
        items = b"[" + b",".join(map(bytes, staged.items)) + b"]"
        back = _StagedSlice(
            items, staged.fanned_out, staged.dropped, staged.already, staged.dead, staged.moved, staged.skipped
        )
        return msgspec.msgpack.encode(back)


class GuardedStage:
    """Stages pages in ``process``, which has `GuardedSteps`; a wish to stop (``stop``) ends that process at once."""

    def __init__(self, process: GuardedProcess, stop: StopRequest) -> None:
        self._process = process
        self._stop = stop
        stop.on_halt(process.stop)

    async def __call__(self, items: Sequence[Item]) -> StagedPage:
        """Stage a page, 25 items at a time. Raises Interrupted where it was stopped, RunError where the process died or
        hung, or its code failed."""
        made: list[Item] = []
        dead: list[DeadLetter] = []
        fanned_out = dropped = already = skipped = 0
        moved = False
        for start in range(0, len(items), SLICE_ITEMS):
            some = items[start : start + SLICE_ITEMS]
            back = _decode(await self._ask(b"[" + b",".join(map(bytes, some)) + b"]"))
            made += _split(back.items)
            dead += back.dead
            fanned_out, dropped = fanned_out + back.fanned_out, dropped + back.dropped
            already, moved, skipped = already + back.already, moved or back.moved, skipped + back.skipped
        return StagedPage(made, fanned_out, dropped, already, tuple(dead), moved, skipped=skipped)

    async def _ask(self, page: bytes) -> bytes:
        try:
            return await self._process.ask(page)
        except RunError as error:
            if not self._stop.asked:
                raise
            raise Interrupted("It was interrupted; nothing was written.", hint="run it again") from error
