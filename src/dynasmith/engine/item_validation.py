"""Items of a table, held against its definition and its model classes. Writes nothing, and keeps only what is shown."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dynasmith.engine.item_reading import read_items
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import DecryptionFailed
from dynasmith.jobs.options import TransferOptions
from dynasmith.models.item_check import ItemProblem, item_problems
from dynasmith.models.metaclass import schema_of
from dynasmith.models.model import Model
from dynasmith.models.visibility import is_visible
from dynasmith.ports.items import Item
from dynasmith.validate import Finding, ItemFinding, ItemTotals
from dynasmith.validate.item_checks import ITEM_CHECKS, MODEL, TTL
from dynasmith.validate.item_examiner import ItemExaminer
from dynasmith.validate.item_findings import item_finding, item_totals

Tree = dict[str, Any]
OpenItem = Callable[[type[Model], Tree], Tree]
"""What decrypts an item for its class. Raises DecryptionFailed."""


@dataclass(slots=True)
class _Judged:
    """What was seen of one class; ``shown`` are the first findings of each segment."""

    model: type[Model]
    items: int = 0
    invalid: int = 0
    problems: int = 0
    shown: dict[int, list[ItemFinding]] = field(default_factory=dict)

    def findings(self, table: str, limit: int, *, sampled: bool) -> list[ItemFinding | ItemTotals]:
        shown = [each for segment in sorted(self.shown) for each in self.shown[segment]][:limit]
        totals = item_totals(
            table,
            schema_of(self.model).name,
            items=self.items,
            invalid=self.invalid,
            problems=self.problems,
            shown=len(shown),
            sampled=sampled,
        )
        return [totals, *shown]


@dataclass(frozen=True, slots=True)
class ItemVerdict:
    """The findings about the items of a table, and the codes of the checks that could judge."""

    findings: tuple[Finding, ...]
    judged: frozenset[str]


def validate_items(
    end: TableEnd,
    examiner: ItemExaminer,
    models: Sequence[type[Model]],
    opened: OpenItem,
    asked: TransferOptions,
    around: RunContext,
    *,
    wanted: int | None,
    limit: int,
    chance: random.Random,
) -> ItemVerdict:
    """What ``examiner`` finds, then for each class a finding with its totals and at most ``limit`` about its items.

    ``wanted`` items are read, from segments that ``chance`` chooses; None reads all, and then the findings are the same
    in every run. Items of no class are looked at by ``examiner`` only. Validators run here, one item after the other.
    A check that found nothing in a sample has not judged. It costs read units, at the pace of ``asked``. Raises
    Interrupted where it was stopped: it is run again.
    """
    judged = [_Judged(model) for model in models]
    look = _Look(end.name, judged, opened, examiner, limit)
    sample = read_items(end, wanted, look.item, asked, around, chance=chance)
    found: list[Finding] = list(examiner.findings(sample))
    for each in judged:
        found += each.findings(end.name, limit, sampled=not sample.whole)
    codes = {finding.code for finding in found}
    if sample.whole:
        codes |= {check.code for check in ITEM_CHECKS} - {TTL.code, MODEL.code}
        codes |= {TTL.code} if examiner.judges_ttl else set()
    return ItemVerdict(tuple(found), frozenset(codes))


@dataclass(frozen=True, slots=True)
class _Look:
    """Judges items one by one."""

    table: str
    judged: Sequence[_Judged]
    opened: OpenItem
    examiner: ItemExaminer
    limit: int

    def item(self, segment: int, raw: Item, tree: Tree) -> None:
        self.examiner.add(raw, tree)
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
        key = self.examiner.key(tree)
        for each in problems[: self.limit - len(shown)]:
            name = schema_of(judged.model).name
            shown.append(item_finding(self.table, name, key, each.attribute, each.kind, each.message))

    def _problems(self, model: type[Model], tree: Tree) -> list[ItemProblem]:
        try:
            return item_problems(model, self.opened(model, tree))
        except DecryptionFailed as error:
            return [ItemProblem(error.attribute, "decryption_failed", "The value cannot be decrypted.")]
