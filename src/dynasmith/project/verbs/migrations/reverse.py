"""A ``down`` that nobody wrote: the steps of the ``up`` taken back, the last first, where each has a reverse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dynasmith.errors import UsageError
from dynasmith.migrations.event import StepRecord
from dynasmith.migrations.step_words import drop_index_words, drop_table_words
from dynasmith.project.verbs.migrations.item_steps import ItemSteps, counts_json, counts_of
from dynasmith.project.verbs.migrations.recorded_migration import RecordedStep
from dynasmith.project.verbs.migrations.running_migration import RunningMigration
from dynasmith.project.verbs.migrations.step_log import StepLog
from dynasmith.project.verbs.transforms import AnyTransform

JOURNALLED = frozenset({"backfill", "rename", "remove", "add", "delete_where", "delete_all"})
"""Steps that keep an undo journal."""
NOTHING_TO_DO = frozenset({"read", "check"})
"""Steps that changed nothing."""
REVERSIBLE = JOURNALLED | NOTHING_TO_DO | {"add_index", "drop_index", "set", "create_table"}
"""Steps that can be taken back."""


def derived_down(
    records: Sequence[StepRecord],
    undo: Mapping[int, AnyTransform],
    steps: StepLog,
    jobs: ItemSteps,
    m: RunningMigration,
) -> Callable[[Any], None]:
    """A function that takes back what the recorded steps of an ``up`` did; ``undo`` are the transforms that its
    backfills name for that, by step. A job that was written down and did not begin changed nothing."""

    def down(_: Any) -> None:
        for record in reversed(records):
            if record.job and not record.replaced and record.state == "begun" and not jobs.is_known(record.job):
                continue
            if record.ordinal in undo:
                m.table(record.table).backfill(undo[record.ordinal])
            else:
                _take_back(record, steps, jobs, m)

    return down


def reverse_steps(records: Sequence[StepRecord]) -> list[RecordedStep]:
    """What `derived_down` would do, in its order, for a person."""
    found = []
    for record in reversed(records):
        name, table = record.operation, record.table
        if name in JOURNALLED and (record.job or record.undo):
            items = counts_of(record.result).written if record.state == "done" else None
            number = "the" if items is None else f"the {items:,}"
            verb = "deleted" if name.startswith("delete") else "changed"
            words = f"put back {number} items of {table} that step {record.ordinal} of its up {verb}"
            found.append(RecordedStep(operation="undo", table=table, words=words, items=items))
        elif name == "add_index" and record.result:
            said = drop_index_words(table, str(record.result))
            found.append(RecordedStep(operation="drop_index", table=table, words=said))
        elif name == "create_table" and record.result:
            found.append(RecordedStep(operation="drop_table", table=table, words=drop_table_words(table, backup=True)))
        elif name == "drop_index" and record.result:
            said = f"add index {record.result.get('name', '')} to {table} again"
            found.append(RecordedStep(operation="add_index", table=table, words=said))
        elif name == "set" and record.result:
            said = f"change {', '.join(record.result)} of {table} back"
            found.append(RecordedStep(operation="set", table=table, words=said))
    return found


def refuse_irreversible(file: str, records: Sequence[StepRecord], is_known: Callable[[str], bool]) -> None:
    """Raise UsageError for the first step that nothing can take back; ``is_known`` says whether a job is still there,
    whose journal a reverse needs."""
    for record in records:
        needed = () if record.undo else (*record.replaced, *([record.job] if record.state == "done" else []))
        if gone := [job for job in needed if job and not is_known(job)]:
            raise UsageError(
                f"{file} has no function down, and job {gone[0]} of its step {record.ordinal} is not here, which"
                " keeps what was before.",
                hint="run it where its jobs are, or write def down(m)",
            )
        if record.operation not in REVERSIBLE:
            raise UsageError(
                f"{file} has no function down, and its step {record.ordinal} ({record.operation}) has no reverse.",
                hint="write def down(m)",
            )


def _take_back(record: StepRecord, steps: StepLog, jobs: ItemSteps, m: RunningMigration) -> None:
    name, table = record.operation, record.table
    if name in JOURNALLED:
        for job in (record.job, *reversed(record.replaced)):
            if job and jobs.is_known(job):
                _undo(job, table, steps, jobs)
    elif name == "add_index" and record.result:
        m.table(table).drop_index(str(record.result))
    elif name == "create_table" and record.result:
        m.drop_table(table)
    elif name == "drop_index" and record.result:
        m.table(table).put_back_index(record.result)
    elif name == "set" and record.result:
        m.table(table).put_back_settings(record.result)


def _undo(job: str, table: str, steps: StepLog, jobs: ItemSteps) -> None:
    """A step that undoes a job."""

    def undo(step: StepRecord, goes_on: bool) -> Any:
        return counts_json(jobs.undo(step, goes_on, job))

    steps.step("undo", undo, table=table, arguments={"job": job}, jobs=jobs.of("undo"))
