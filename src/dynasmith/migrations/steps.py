"""Replay: the steps of a migration that is called again from its top. A finished step answers from its record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.errors import RunError
from dynasmith.migrations.event import StepRecord

STEPS_MAX: Final = 1000
"""Steps of one migration: each is a read of the history when the migration goes on."""

Answer: TypeAlias = Literal["run", "resume", "answer"]


class Step(Struct, frozen=True, kw_only=True):
    """What to do with a step: run it, resume its job, or answer from its record. ``is_changed``: its function is
    another than that of the record. ``replaced`` is the record of a step that is begun again."""

    answer: Answer
    record: StepRecord
    is_changed: bool = False
    replaced: StepRecord | None = None


class Replay:
    """The steps of one migration in the order in which it asks for them, held against those that are recorded.

    ``restart`` is a step that is begun again; of its record only what was there before it is of use.
    """

    def __init__(self, title: str, records: Iterable[StepRecord], restart: int = 0) -> None:
        self._title, self._restart = title, restart
        self._records = {record.ordinal: record for record in records}
        self._asked = 0

    @property
    def finished_ahead(self) -> bool:
        """Whether a finished step still comes: what is read now may be something else than at the first time."""
        return any(each.state == "done" for ordinal, each in self._records.items() if ordinal > self._asked)

    @property
    def asked(self) -> int:
        """How many steps were asked for."""
        return self._asked

    def next(self, operation: str, table: str, arguments: str, function: str = "") -> Step:
        """The next step. Raises RunError where the record has another one at its place."""
        self._asked += 1
        ordinal = self._asked
        if ordinal > STEPS_MAX:
            raise RunError(f"{self._title} has more than {STEPS_MAX} steps.", hint="split it into several migrations")
        fresh = StepRecord(ordinal=ordinal, operation=operation, table=table, arguments=arguments, function=function)
        found = self._records.get(ordinal)
        if found is None or ordinal == self._restart:
            return Step(answer="run", record=fresh, replaced=found)
        if (found.operation, found.table, found.arguments) != (operation, table, arguments):
            raise RunError(
                f"Step {ordinal} of {self._title} is {_words(fresh)}, and when it began it was {_words(found)}"
                f"{' with other arguments' if _words(fresh) == _words(found) else ''}.",
                hint="put back the steps that it began with; new steps go behind them",
            )
        is_changed = found.function != function
        if found.state == "done":
            return Step(answer="answer", record=found, is_changed=is_changed)
        return Step(answer="resume", record=replace(found, function=function), is_changed=is_changed)

    def end(self) -> None:
        """The migration asks for no more. Raises RunError where a step is recorded that it did not ask for."""
        left = [record for ordinal, record in sorted(self._records.items()) if ordinal > self._asked]
        if left:
            raise RunError(
                f"{self._title} ended after step {self._asked}, and step {left[0].ordinal} ({_words(left[0])}) was"
                " begun before.",
                hint="put back the steps that it began with",
            )


def changed_function(title: str, step: Step) -> RunError:
    """The error for a step that began with another function."""
    ordinal = step.record.ordinal
    return RunError(
        f"Step {ordinal} of {title} ({_words(step.record)}) began with another function.",
        hint=f"put the function back, or begin the step again with --restart-step {ordinal}",
    )


def _words(record: StepRecord) -> str:
    return f"{record.operation} of {record.table}" if record.table else record.operation


def result_size_error(title: str, what: str, size: int, most: int) -> RunError:
    """The error for a result that is too big to be kept."""
    return RunError(
        f"{what} of {title} gave {size:,} bytes, and at most {most:,} are kept.", hint="keep what it decides, not data"
    )


def no_json_error(title: str, what: str, value: Any) -> RunError:
    """The error for a result that is no JSON."""
    return RunError(
        f"{what} of {title} gave a {type(value).__name__}, which is not JSON.",
        hint="give text, numbers, booleans, lists or dicts",
    )
