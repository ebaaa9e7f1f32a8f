"""The seven points before a migration of production: what can be known from here, and what only people know."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UnsetType

from dynasmith.errors import TableNotFound
from dynasmith.migrations.path import PathStep
from dynasmith.migrations.report import PreflightAnswer, Rehearsal
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.preflight_facts import alarmed, quiet
from dynasmith.project.verbs.migrations.reverse import REVERSIBLE


def preflight(items: ItemWorld, path: Sequence[PathStep], rehearsal: Rehearsal) -> tuple[PreflightAnswer, ...]:
    """The answers, in the order of the list."""
    stopped = [f"{each.key}: {each.stopped}" for each in rehearsal.migrations if each.stopped]
    lacking = [
        f"{step.file.key} has no down, and its {one.operation} has no reverse"
        for step, each in zip(path, rehearsal.migrations, strict=True)
        if not step.file.has_down
        for one in each.steps
        if one.operation not in REVERSIBLE
    ]
    tables = sorted({step.table for each in rehearsal.migrations for step in each.steps if step.table})
    return (
        PreflightAnswer(
            code="rehearsal",
            point="It was tried on data like that of production",
            answer="no" if stopped else "only you know",
            why="; ".join(stopped) or "a dry run came to its end here",
        ),
        PreflightAnswer(
            code="way-back",
            point="There is a way back",
            answer="no" if lacking else "yes",
            why="; ".join(lacking) or "every migration has a down, or steps with a reverse",
        ),
        alarmed(items.dry.world, tables),
        quiet(items.dry.world, tables),
        PreflightAnswer(code="people", point="Those who use the tables know of it", answer="only you know"),
        _restorable(items, tables),
        PreflightAnswer(code="staging", point="It ran in a staging environment", answer="only you know"),
    )


def _restorable(items: ItemWorld, names: Sequence[str]) -> PreflightAnswer:
    """Whether each table has point-in-time recovery; one that is not there has nothing to lose."""
    world, point = items.dry.world, "There is a backup"
    lacking, unread = [], []
    for name in names:
        try:
            described = world.control.describe(world.physical(name), ("recovery",))
        except TableNotFound:
            continue
        if isinstance(described.table.recovery, UnsetType):
            unread.append(f"{name}: {described.unread.get('recovery', 'its point-in-time recovery is not known')}")
        elif described.table.recovery is None:
            lacking.append(name)
    if lacking:
        why = f"no point-in-time recovery: {', '.join(lacking)}"
        return PreflightAnswer(code="backup", point=point, answer="no", why=why)
    if unread:
        return PreflightAnswer(code="backup", point=point, answer="only you know", why="; ".join(unread))
    return PreflightAnswer(code="backup", point=point, answer="yes", why="point-in-time recovery is on")
