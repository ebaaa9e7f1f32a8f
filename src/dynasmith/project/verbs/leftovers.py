"""Items that a target of a masked copy holds from before: they may be unmasked, and would stay beside the masked."""

from __future__ import annotations

from collections.abc import Sequence

from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import UsageError
from dynasmith.items.transform import Function
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Copy, TransformRef
from dynasmith.operations import Operations, Sample
from dynasmith.operations.text_codec import operations_of, operations_text
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.personal_data import TableAt, known_personal
from dynasmith.project.verbs.table_items import has_items
from dynasmith.project.verbs.transform_fingerprint import transform_ref
from dynasmith.project.verbs.transforms import AnyTransform, is_unnamed, name_of, names_of

KEEP = "--keep-target-items"


def leftover_text(
    items: ItemWorld,
    source: TableAt,
    target: tuple[Side, TableEnd],
    left: Sequence[str],
    transform: AnyTransform | None,
    function: Function | None,
) -> str:
    """A sentence where a protected environment is left, through a transform, for a table that holds items from before;
    empty where it holds none, where nothing is masked or personal, or where every copy into it that is known masked as
    this one does.

    Costs a strong read of one item, and a reading of the ledger where there is one.
    """
    side, end = target
    if not left or function is None:  # without a transform what is personal is let through by name
        return ""
    if not (getattr(function, "masks", False) or known_personal(items, *source)):
        return ""
    if not has_items(items.at(side), end.name) or _is_masked_alike(
        items, end, transform_ref(name_of(transform), items.folder, function)
    ):
        return ""
    return f"Table {end.name} holds items from before, which may be unmasked."


def refuse_leftovers(sentence: str, table: str) -> None:
    """Raise UsageError with what `leftover_text` found."""
    if sentence:
        raise UsageError(
            f"{sentence} Nothing changed.",
            hint=f"dynasmith delete-items {table} --all deletes them; {KEEP} leaves them",
        )


def _is_masked_alike(items: ItemWorld, end: TableEnd, ref: TransformRef) -> bool:
    """Whether copies are known that wrote the table, and each of them with these masks and this key."""
    refs = [
        job.spec.transform
        for job in items.ledger.jobs()
        if isinstance(job.spec, Copy) and job.spec.tables.target == end.identity and job.counts.arrived
    ]
    ours = _masks(ref)
    return bool(ours and refs) and all(each is not None and _masks(each) == ours for each in refs)


def _masks(ref: TransformRef) -> tuple[object, ...]:
    """What tells masks apart: files, the key, and operations that were given in place, whatever share they are of.
    Empty where that is not known."""
    names = names_of(ref.name)
    return () if any(map(is_unnamed, names)) else (ref.digest, *filter(None, map(_without_sample, names)))


def _without_sample(name: str) -> str:
    if not name.startswith("{"):
        return name
    given = operations_of(name)
    kept = [each for each in given.operations if not isinstance(each, Sample)]
    return operations_text(Operations(kept, given.where)) if kept else ""
