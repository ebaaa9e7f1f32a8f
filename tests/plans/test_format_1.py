"""Plans of format 1 that an earlier version made: they are read and written byte for byte, and made again."""

from pathlib import Path

import msgspec
import pytest
import zstandard
from msgspec.structs import replace

from dynasmith.errors import FileFormatError
from dynasmith.plans.change import Conflict
from dynasmith.plans.make import make_table_plan
from dynasmith.plans.plan import Plan, TablePlan, decode_plan, encode_plan
from dynasmith.tables.description import TableDescription
from dynasmith.tables.prices import Prices
from dynasmith.tables.settings.access import CallGrant, SetAccess
from dynasmith.tables.table import Table

PAIRS = Path(__file__).parent / "format_1/pairs.jsonl.zst"


class Case(msgspec.Struct):
    """A definition, a live table (None: none), and the plan that was made of them."""

    desired: Table
    description: TableDescription | None
    prune: bool
    plan: msgspec.Raw


def cases() -> list[Case]:
    lines = zstandard.ZstdDecompressor().decompress(PAIRS.read_bytes()).splitlines()
    return [msgspec.json.decode(line, type=Case) for line in lines]


def written(plan: TablePlan) -> bytes:
    """The plan as it is written, without the id of its table, which plans of that time did not have."""
    return msgspec.json.encode(plan).replace(b',"table_id":""', b"")


def test_a_plan_of_format_1_is_read_and_written_as_it_was() -> None:
    for case in cases():
        assert written(msgspec.json.decode(case.plan, type=TablePlan)) == bytes(case.plan)


def test_the_same_plan_is_made_again() -> None:
    """The same calls in the same order, from the same state; refusals, warnings, notes and prices may be more."""
    assert len(cases()) == 300
    for case in cases():
        made = make_table_plan(case.desired, case.description, prices=Prices(), prune=case.prune)
        old = msgspec.json.decode(case.plan, type=TablePlan)
        assert made.fingerprint == old.fingerprint
        assert tuple(s for s in made.steps if not isinstance(s, CallGrant)) == old.steps  # access was not managed then
        added = (Conflict, SetAccess)
        assert tuple(c for c in made.changes if not isinstance(c, added) or c in old.changes) == old.changes
        assert tuple(h for h in made.hazards if h in old.hazards) == old.hazards
        # These are managed by now; before, a note said that they were not.
        by_now = {("not-managed-yet", path) for path in ("backup_plan", "access", "triggers")}
        kept = tuple(n for n in old.notes if (n.kind, n.path) not in by_now)
        assert tuple(n for n in made.notes if n in old.notes) == kept
        assert {e.path for e in old.estimates} <= {e.path for e in made.estimates}


def test_a_plan_file_of_format_1_is_read() -> None:
    tables = tuple(msgspec.json.decode(case.plan, type=TablePlan) for case in cases()[:20])
    plan = Plan(
        tool="dynasmith 0.1", created_at="", account="", region="", endpoint="", fingerprint="", tables=tables, format=1
    )
    assert decode_plan(encode_plan(plan)) == plan
    assert Plan(tool="", created_at="", account="", region="", endpoint="", fingerprint="", tables=()).format == 2
    with pytest.raises(FileFormatError, match="formats 1 and 2"):
        decode_plan(encode_plan(replace(plan, format=3)))
