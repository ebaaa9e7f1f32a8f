"""Where in its plan a table is, found from what is live: a process goes on that knows nothing of the one before.

Place n means that the first n steps are done. A place fits where the difference that is left there is the difference of
the live table. Several may fit: a wait leaves nothing behind, and some calls leave nothing that a difference shows
(items, a scaling target without its policy). What was recorded decides among them; a call between two places that both
fit can be sent again.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from dynasmith.plans.change import Change, DropIndex, RebuildIndex
from dynasmith.plans.diff import diff
from dynasmith.plans.plan import TablePlan
from dynasmith.plans.simulate import simulate
from dynasmith.tables.table import Index, Table


def places(plan: TablePlan, at_start: Table | None, wish: Table, live: Table | None) -> tuple[int, ...]:
    """The places of ``plan`` that fit the table as it is now, in order; none where somebody else changed it.

    ``at_start`` is the table when the plan was made, None where there was none; ``wish`` is what the plan wants of it,
    as far as it can be read.
    """
    left = _left(plan, wish, live)
    found, table = [], at_start
    for place in range(len(plan.steps) + 1):
        if _left(plan, wish, table) == left:
            found.append(place)
        if place < len(plan.steps):
            table = simulate(plan.steps[place], table)
    return tuple(found)


def _left(plan: TablePlan, wish: Table, table: Table | None) -> list[Change]:
    """What is left to do. What an index that goes was like is left out: its capacity may move until then."""
    return [_settled(change) for change in diff(wish, table, prune=plan.prune)]


def _settled(change: Change) -> Change:
    match change:
        case DropIndex():
            return replace(change, index=Index(name=change.index.name, key=change.index.key))
        case RebuildIndex():
            return replace(change, before=Index(name=change.before.name, key=change.before.key))
        case _:
            return change


def next_place(fitting: Collection[int], recorded: int) -> int | None:
    """The place to go on from: the recorded one where it fits, else the first that fits after it; None where none does.

    A place before the recorded one is an old reading, or somebody took a step back: it is never gone back to.
    """
    return min((place for place in fitting if place >= recorded), default=None)
