"""Plans of format 1 that an earlier version made: they are read and written byte for byte, and made again."""

from pathlib import Path

import msgspec
import zstandard

from dynasmith.plans.change import Conflict
from dynasmith.plans.make import make_table_plan
from dynasmith.plans.plan import TablePlan
from dynasmith.tables.description import TableDescription
from dynasmith.tables.prices import Prices
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
    """Byte for byte, but for what is refused or warned of since: all that it had then, it has."""
    assert len(cases()) == 300
    same = 0
    for case in cases():
        made = make_table_plan(case.desired, case.description, prices=Prices(), prune=case.prune)
        old = msgspec.json.decode(case.plan, type=TablePlan)
        assert made.fingerprint == old.fingerprint
        assert made.steps == old.steps
        assert made.notes == old.notes
        assert tuple(c for c in made.changes if c in old.changes) == old.changes
        assert all(isinstance(change, Conflict) for change in made.changes if change not in old.changes)
        assert tuple(h for h in made.hazards if h in old.hazards) == old.hazards
        same += written(made) == bytes(case.plan)
    assert same > 50
