"""The steps of one attempt of a migration: each is written down before it begins and when it is done."""

from __future__ import annotations

import hashlib
import inspect
import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.migrations.event import MigrationEvent, StepRecord
from dynasmith.migrations.migration import Suspended
from dynasmith.migrations.steps import Replay, changed_function, no_json_error, result_size_error
from dynasmith.operations import Operation, Operations
from dynasmith.ports.history import HistoryHold
from dynasmith.project.verbs.transforms import AnyTransform, is_file, name_of

RESULT_BYTES_MAX: Final = 65_536
"""Of what `once` and `read` keep: an item holds 400 KB, and reading all steps is one query."""

CALLS_USER_CODE: Final = frozenset({"once", "read", "check"})
"""Steps that call a function of the migration."""

Work = Callable[[StepRecord, bool], Any]
"""Does a step: a record whose job is named, and whether it goes on; gives the result that is kept."""


class JobsOfSteps(Protocol):
    """The jobs of a step that is one."""

    def new_id(self) -> str:
        """An id for a job that begins now."""
        ...

    def is_known(self, job: str) -> bool:
        """Whether a job began at all."""
        ...

    def has_written(self, job: str) -> bool:
        """Whether a job wrote something, or may have."""
        ...

    def give_up(self, job: str) -> None:
        """End a job in whose place another one begins; twice is allowed."""
        ...


class StepLog:
    """Asks the replay what to do with each step, does it, and keeps what came of it.

    ``stopping`` says whether the migration is to stop at its next step; ``note`` is told what the event will say.
    """

    def __init__(
        self,
        title: str,
        hold: HistoryHold,
        begun: MigrationEvent,
        replay: Replay,
        *,
        stopping: Callable[[], bool],
        note: Callable[[str], None],
    ) -> None:
        self.title, self.replay = title, replay
        self._hold, self._begun = hold, begun
        self._stopping, self._note = stopping, note
        self._thread = threading.get_ident()
        self._over = False
        self._suspended = False
        self._error: BaseException | None = None
        self.place = ""
        self.done: list[StepRecord] = []

    def close(self) -> None:
        """``up`` has returned: ``m`` does nothing any more."""
        self._over = True

    def enter(self) -> None:
        """What every call of ``m`` begins with. Raises UsageError from another thread or after the end, Suspended where
        the migration is to stop."""
        if self._over:
            raise UsageError(f"m of {self.title} was used after up had returned.", hint="do all of it inside up")
        if threading.get_ident() != self._thread:
            self._error = UsageError(f"m of {self.title} was used from another thread.", hint="use it from up itself")
        if self._error is not None:
            raise self._error
        if self._suspended or self._stopping():
            self._suspended = True
            self._error = Suspended(f"{self.title} is asked to stop")
            raise self._error

    def end(self) -> None:
        """``up`` returned. Raises the error of a step that it caught: it is not applied by that."""
        if self._error is not None:
            raise self._error
        self.replay.end()

    def step(self, operation: str, work: Work, **said: Any) -> Any:
        """Do a step, or give what it gave before. Its error comes again at each later step, and at the end."""
        self.enter()
        try:
            return self._step(operation, work, **said)
        except BaseException as error:
            self._error = error
            raise

    def _step(
        self,
        operation: str,
        work: Work,
        *,
        table: str = "",
        arguments: Mapping[str, Any] | None = None,
        function: AnyTransform | None = None,
        jobs: JobsOfSteps | None = None,
        before: Callable[[], Any] | None = None,
        safety: Callable[[StepRecord], str] = lambda _: "",
        undo: bool = False,
    ) -> Any:
        """``jobs`` are those of a step that is a job; ``before`` gives what a reverse needs of the time before it, kept
        with it when it begins; ``safety`` makes what its items can be restored from.

        Raises UsageError within the function of another step, which is not called again when that is done.
        """
        if self.is_inside:
            raise UsageError(
                f"{self.title} uses m.{operation} within the function of {self.place}.",
                hint="only m.client() and m.db() may be used there",
            )
        step = self.replay.next(operation, table, digest_of(arguments or {}), function_digest(function, self.title))
        record = step.record
        self.place = f"step {record.ordinal} ({operation}{f' of {table}' if table else ''})"
        if step.answer == "answer":
            if step.is_changed:
                self._note(f"{self.place}: its function has changed since the step was done")
            self.done.append(record)
            return record.result
        goes_on = step.answer == "resume" and (jobs is None or jobs.is_known(record.job))
        if goes_on and step.is_changed:
            if jobs is None or jobs.has_written(record.job):
                raise changed_function(self.title, step)
            goes_on = False
        if not goes_on:
            replaced = record if step.answer == "resume" else step.replaced
            known = json_value(_before(before, record, replaced), operation, self.title)
            record = replace(record, undo=undo, result=known)
            if jobs is not None:
                record = replace(record, job=jobs.new_id(), replaced=_replaced(replaced, jobs))
        self._hold.keep_step(self._begun, record)
        self.under_way = record
        if jobs is not None:
            for job in record.replaced:
                jobs.give_up(job)
        if not record.backup and (backup := safety(record)):
            record = replace(record, backup=backup)
            self._hold.keep_step(self._begun, record)
            self.under_way = record
        self.is_inside = operation in CALLS_USER_CODE
        try:
            result = json_value(work(record, goes_on), operation, self.title)
        finally:
            self.is_inside = False
        record = replace(record, state="done", result=result)
        self._hold.keep_step(self._begun, record)
        self.under_way = None
        self.done.append(record)
        return result

    is_inside = False
    """Whether the function of a step runs now."""
    under_way: StepRecord | None = None
    """The step that began and is not done."""


def _before(before: Callable[[], Any] | None, record: StepRecord, replaced: StepRecord | None) -> Any:
    """What a reverse needs of the time before a step: of one that is begun again, before its first beginning."""
    if before is None:
        return None
    if replaced is not None and replaced.arguments == record.arguments:
        return replaced.result
    found = before()
    if replaced is not None and isinstance(found, dict) and isinstance(replaced.result, dict):
        return found | replaced.result
    return found


def _replaced(record: StepRecord | None, jobs: JobsOfSteps) -> tuple[str, ...]:
    """The jobs that a step had before it is begun again."""
    return () if record is None else tuple(job for job in (*record.replaced, record.job) if jobs.is_known(job))


class AnsweringSteps(StepLog):
    """The steps of an ``up`` that is asked again what its steps are, and does none: they answer from their records, and
    at the first that is not done it ends."""

    def step(self, operation: str, work: Work, **said: Any) -> Any:
        """What the step gave. Raises Suspended at one that is not done."""
        del work
        step = self.replay.next(
            operation,
            said.get("table", ""),
            digest_of(said.get("arguments") or {}),
            function_digest(said.get("function"), self.title),
        )
        if step.answer != "answer":
            raise Suspended(self.title)
        return step.record.result


def digest_of(arguments: Mapping[str, Any]) -> str:
    """A digest of arguments, the same however they are ordered."""
    text = json.dumps(arguments, sort_keys=True, default=_canonical)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _canonical(value: Any) -> Any:
    """What is no JSON as something that is the same in each process: the order of a set is not."""
    return sorted(map(repr, value)) if isinstance(value, set | frozenset) else repr(value)


def function_digest(transform: AnyTransform | None, title: str) -> str:
    """A digest of what a transform does: of the source of a function, of a file, of operations.

    Raises UsageError for a lambda and for a function inside a function, which could not be found again.
    """
    if transform is None:
        return ""
    if isinstance(transform, list | tuple):
        return digest_of({str(place): function_digest(each, title) for place, each in enumerate(transform)})
    if isinstance(transform, Operation | Operations) or (isinstance(transform, str | Path) and not is_file(transform)):
        return digest_of({"operations": name_of(transform)})
    if isinstance(transform, str | Path):
        content = Path(transform).read_bytes() if Path(transform).exists() else str(transform).encode()
        return hashlib.blake2b(content, digest_size=12).hexdigest()
    qualified = getattr(transform, "__qualname__", "")
    if "<" in qualified or not qualified:
        word = "a lambda" if "<lambda>" in qualified else f"{qualified or type(transform).__name__}"
        raise UsageError(
            f"{title} gives {word} as a transform, which cannot be found again after an interruption.",
            hint="give a function that stands at the top of the file",
        )
    try:
        source = inspect.getsource(transform)  # type: ignore[arg-type]  # a callable object raises TypeError
    except (OSError, TypeError):
        source = qualified
    return hashlib.blake2b(source.encode(), digest_size=12).hexdigest()


def json_value(value: Any, what: str, title: str) -> Any:
    """A result as it will be read back: what JSON makes of it. Raises RunError for what is none or is too big."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise no_json_error(title, what, value) from error
    if len(text) > RESULT_BYTES_MAX:
        raise result_size_error(title, what, len(text), RESULT_BYTES_MAX)
    return json.loads(text)
