"""Read every item of a table and let its model classes judge it. Writes nothing, and keeps only what is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from dynasmith.engine.transfer.copy import table_reader
from dynasmith.engine.transfer.event_thread import StopRequest, run
from dynasmith.engine.transfer.pacer import Pacer, reading
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.engine.transfer.table_identity import READING, TableIdentityCheck
from dynasmith.errors import DecryptionFailed, Interrupted
from dynasmith.items.wire import Units
from dynasmith.jobs.options import TransferOptions
from dynasmith.models.item_check import ItemProblem, item_problems
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.visibility import is_visible
from dynasmith.ports.concurrency import together
from dynasmith.ports.items import Source
from dynasmith.validate.item_findings import ItemFinding, ItemTotals, item_finding, item_totals

SEGMENTS: Final = 8
Tree = dict[str, Any]
OpenItem = Callable[[type[Model], Tree], Tree]
"""What decrypts an item for its class. Raises DecryptionFailed."""
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(slots=True)
class _Judged:
    """What was seen of one class; ``shown`` are the first findings of each segment."""

    model: type[Model]
    items: int = 0
    invalid: int = 0
    problems: int = 0
    shown: dict[int, list[ItemFinding]] = field(default_factory=dict)

    def findings(self, table: str, limit: int) -> list[ItemFinding | ItemTotals]:
        shown = [each for segment in sorted(self.shown) for each in self.shown[segment]][:limit]
        totals = item_totals(
            table,
            schema_of(self.model).name,
            items=self.items,
            invalid=self.invalid,
            problems=self.problems,
            shown=len(shown),
        )
        return [totals, *shown]


def validate_items(
    end: TableEnd,
    models: Sequence[type[Model]],
    opened: OpenItem,
    asked: TransferOptions,
    around: RunContext,
    *,
    limit: int,
) -> list[ItemFinding | ItemTotals]:
    """For each class a finding with its totals, and at most ``limit`` findings about its items, the same in every run.

    Items of no class are not looked at. Validators run here, one item after the other. It costs the read units of the
    table, at the pace of ``asked``. Raises Interrupted where it was stopped: it is run again.
    """
    judged = [_Judged(model) for model in models]

    async def main(stop: StopRequest) -> None:
        reads, heard = reading(rates(end, "read", asked.max_read_units, share=asked.share), stop)
        source = await table_reader(end, SEGMENTS, asked)(heard)
        look = _Look(end, judged, opened, limit)
        try:
            async with TableIdentityCheck([end], READING, around.listener, around.monotonic).watched():
                await together(_segment(source, each, reads, stop, look) for each in range(SEGMENTS))
        except Exception:
            if not stop.asked:
                raise
        finally:
            await source.close()
        if stop.asked:
            raise Interrupted("Stopped while items were validated; nothing was written.", hint="run it again")

    run(main, loop_factory=around.loop_factory, stop=around.stop)
    return [finding for each in judged for finding in each.findings(end.name, limit)]


async def _segment(source: Source, segment: int, reads: Pacer, stop: StopRequest, look: _Look) -> None:
    start: bytes | None = None
    while not stop.asked:
        taken = await reads.leave(1)
        page = await source.read(segment, start)
        reads.settle(taken, Units(page.units), 1)
        for item in page.items:
            look.item(segment, _decode(item))
        start = page.next
        if start is None:
            return
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class _Look:
    """Judges items one by one."""

    end: TableEnd
    judged: Sequence[_Judged]
    opened: OpenItem
    limit: int

    def item(self, segment: int, tree: Tree) -> None:
        for each in self.judged:
            if is_visible(schema_of(each.model), tree, deleted=True):
                self._add(each, segment, tree)

    def _add(self, judged: _Judged, segment: int, tree: Tree) -> None:
        judged.items += 1
        problems = self._problems(judged.model, tree)
        if not problems:
            return
        judged.invalid += 1
        judged.problems += len(problems)
        shown = judged.shown.setdefault(segment, [])
        key = {name: str(value) for name, value in codec_of(judged.model).describe_key(tree).items()}
        for each in problems[: self.limit - len(shown)]:
            name = schema_of(judged.model).name
            shown.append(item_finding(self.end.name, name, key, each.attribute, each.kind, each.message))

    def _problems(self, model: type[Model], tree: Tree) -> list[ItemProblem]:
        try:
            return item_problems(model, self.opened(model, tree))
        except DecryptionFailed as error:
            return [ItemProblem(error.attribute, "decryption_failed", "The value cannot be decrypted.")]
