"""`Plan`: changes, steps, hazards and notes as a value that can be read, kept in a file and applied later.

It carries a fingerprint of the live state that it was made from; `apply` refuses another state, account, Region or
endpoint. Two interpreters: `explain` shows a plan, `engine.apply` does it.
"""

import hashlib
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from dynasmith.errors import FileFormatError
from dynasmith.plans.capacity import owned_by_autoscaling
from dynasmith.plans.change import Change, Note
from dynasmith.plans.step import Step
from dynasmith.tables.settings.base import CostEstimate, Hazard
from dynasmith.tables.table import SAID_ONLY, UNMANAGED_YET, Index, Table, known

FORMAT = 2
READ_FORMATS = (1, 2)
NEVER_MANAGED = ("name", "items", *SAID_ONLY, *UNMANAGED_YET)


class TablePlan(Struct, frozen=True, kw_only=True):
    """The plan of one table. ``exists`` says whether it was there, ``table_id`` which one (empty where the engine gives
    no id, and in plans of earlier versions), ``size_bytes_estimate`` how large the service counts it (since format 2,
    where it counts any); empty ``changes`` says that the table matches its definition."""

    table: str
    exists: bool
    desired: Table
    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    notes: tuple[Note, ...] = ()
    estimates: tuple[CostEstimate, ...] = ()
    fingerprint: str = ""
    prune: bool = False
    table_id: str = ""
    size_bytes_estimate: int | UnsetType = UNSET


class PlanFailure(Struct, frozen=True, kw_only=True):
    """A table that could not be planned; the others were."""

    table: str
    code: str
    message: str
    hint: str


class Plan(Struct, frozen=True, kw_only=True):
    """What would change, table by table. ``format`` is the version of this form; ``tool`` what wrote it."""

    tool: str
    created_at: str
    account: str
    region: str
    endpoint: str
    fingerprint: str
    tables: tuple[TablePlan, ...]
    failures: tuple[PlanFailure, ...] = ()
    prices: str = ""
    format: int = FORMAT

    def __repr__(self) -> str:
        changed = [table.table for table in self.tables if table.changes]
        failed = f", {len(self.failures)} not planned" if self.failures else ""
        return f"<Plan of {self.created_at}: {', '.join(changed) or 'nothing'} of {len(self.tables)} to change{failed}>"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not any(table.changes for table in self.tables)


def managed(desired: Table, current: Table) -> dict[str, Any]:
    """The part of ``current`` that ``desired`` manages, without what moves by itself (capacity under autoscaling)."""
    unmanaged = {
        field: UNSET
        for field in Table.__struct_fields__
        if field != "key" and (field in NEVER_MANAGED or isinstance(getattr(desired, field), UnsetType))
    }
    kept: dict[str, Any] = msgspec.to_builtins(replace(_still(desired, current), **unmanaged))
    return kept


Part = TypeVar("Part", Table, Index)


def _still(desired: Table, current: Table) -> Table:
    """``current`` without the capacities that autoscaling moves, the warm throughput that grows by itself, and the tags
    of replicas that the definition does not mention."""
    indexes = tuple(_still_part(desired.index(index.name) or index, index) for index in known(current.indexes, ()))
    tagged = {each.region for each in known(desired.replicas, ()) if not isinstance(each.tags, UnsetType)}
    replicas = current.replicas
    if not isinstance(replicas, UnsetType):
        replicas = tuple(each if each.region in tagged else replace(each, tags=UNSET) for each in replicas)
    return replace(_still_part(desired, current), indexes=indexes, replicas=replicas)


def _still_part(desired: Table | Index, part: Part) -> Part:
    moving = owned_by_autoscaling(desired, part, "read") or owned_by_autoscaling(desired, part, "write")
    return replace(part, warm=UNSET, capacity=UNSET if moving else part.capacity)


def fingerprint_of(desired: Table, current: Table | None) -> str:
    """SHA-256 of the canonical JSON of what was described of the managed part; never counts, sizes or times."""
    return digest_of(None if current is None else managed(desired, current))


def digest_of(value: Any) -> str:
    """SHA-256 of the canonical JSON of ``value``: keys sorted, no spaces."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def encode_plan(plan: Plan) -> bytes:
    """A plan as a file: indented JSON, UTF-8, with a checksum, so that what is applied is what was shown."""
    document = msgspec.to_builtins(plan)
    sealed = {**document, "checksum": digest_of(document)}
    return msgspec.json.format(msgspec.json.encode(sealed), indent=2) + b"\n"


def decode_plan(document: bytes, source: str = "the plan") -> Plan:
    """The plan of a file that `encode_plan` wrote; `FileFormatError` where it is something else."""
    try:
        stated = msgspec.json.decode(document, type=dict[str, Any])
        if stated.get("format") not in READ_FORMATS:
            raise FileFormatError(
                f"{source} is a plan of format {stated.get('format')!r}, and this version reads formats 1 and 2.",
                hint="make it again: dynasmith plan --out FILE",
            )
        if stated.pop("checksum", None) != digest_of(stated):
            raise FileFormatError(
                f"{source} was changed after it was written: its checksum differs.",
                hint="a plan is not edited: change the definition and make it again: dynasmith plan --out FILE",
            )
        return msgspec.json.decode(document, type=Plan)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FileFormatError(
            f"{source} is not a plan: {error}.", hint="make one: dynasmith plan --out FILE"
        ) from error
