"""`MigrationTester`: set up, seed, run, verify, tear down, without pytest."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from dynasmith.errors import DynasmithError, UsageError
from dynasmith.local import start_ministack
from dynasmith.migrations.event import MigrationEvent
from dynasmith.project.project import Project
from dynasmith.strict import StrictServer
from dynasmith.testing.migrator import Migrator, seed
from dynasmith.testing.sandbox import ENVIRONMENT, create_tables, creates_tables, open_project, refuse_aws, region_of
from dynasmith.testing.shell_variables import isolated_variables

if TYPE_CHECKING:
    from dynasmith.project.verbs.migrations.path_choice import Command

STALL_SECONDS = 60.0
"""For how long calls may be repeated while nothing changes, before they are refused."""


class MigrationTrial(Struct, frozen=True, kw_only=True):
    """What became of a run. ``duration_ms`` is real time; ``error`` is the sentence of what failed, ``events`` what was
    done until then."""

    success: bool
    duration_ms: int
    error: str = ""
    events: tuple[MigrationEvent, ...] = ()


class MigrationTester:
    """Runs migrations of a project on an engine of its own, which is gone at the end, whatever happens meanwhile.

    ::

        with MigrationTester("my_project") as tester:
            tester.seed("users", [{"id": "1", "name": "Ann Lee"}])
            result = tester.run()
            assert result.success, result.error
            assert tester.verify(lambda migrator: all("first" in item for item in migrator.items("users")))

    ``path`` is a project file, a definition file or a folder; without it the project of the working directory. ``env``
    is the environment whose prefix, suffix and Region are used. ``endpoint`` names another engine
    (``http://host:port``; an address of AWS is refused), of which only the tables are removed that were made here.
    ``baseline`` makes what is there before the first migration; without it that are the defined tables, where no file
    of migrations calls ``create_table``. Needs the extra ``local`` where no endpoint is given. While it is set up the
    variables ``AWS_...`` of this process lead to its engine. Not for several threads.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        env: str = ENVIRONMENT,
        endpoint: str = "",
        baseline: Callable[[Project], object] | None = None,
    ) -> None:
        self._path, self._env, self._endpoint, self._baseline = path, env, endpoint, baseline
        self._stack: ExitStack | None = None
        self._migrator: Migrator | None = None

    def __enter__(self) -> Self:
        self.set_up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tear_down()

    @property
    def migrator(self) -> Migrator:
        """Runs migrations one by one, and reads items. Raises UsageError where nothing is set up."""
        if self._migrator is None:
            raise UsageError("This tester is not set up.", hint="with MigrationTester(...) as tester:")
        return self._migrator

    @property
    def project(self) -> Project:
        """The project, on the engine. Raises UsageError where nothing is set up."""
        return self.migrator.project

    def set_up(self) -> None:
        """Start the engine, open the project and make the baseline: about two seconds. What fails is torn down.

        Raises UsageError where it is set up already, for an endpoint of AWS, and for tables that are there already;
        ProjectError, DefinitionError; NotOffered where the extra is not installed.
        """
        if self._stack is not None:
            raise UsageError("This tester is set up already.", hint="tear_down() ends it")
        with ExitStack() as stack:
            project = self._open(stack)
            if self._baseline is not None:
                self._baseline(project)
            elif not creates_tables(project):
                create_tables(project)
            self._migrator = Migrator(project)
            self._stack = stack.pop_all()

    def seed(self, table: str, items: Iterable[Mapping[str, Any]]) -> None:
        """Write items (plain Python) into a table. Raises UsageError, RunError."""
        seed(self.migrator, {table: items})

    def run(self, work: Command | Callable[[Migrator], object] = "all", argument: str = "") -> MigrationTrial:
        """Run a command of `dynasmith migrate` (``all``, ``up``, ``to`` and a version ...), or a function. A failure is
        in the result, never raised; Ctrl-C is. Raises UsageError where nothing is set up."""
        migrator = self.migrator
        began, count, error = time.perf_counter(), len(migrator.events), ""
        try:
            if callable(work):
                work(migrator)
            else:
                migrator.project.migrations.run(work, argument)
        except DynasmithError as failure:
            error = f"{failure.message} {failure.hint}".strip()
        except (Exception, SystemExit) as failure:
            error = f"{type(failure).__name__}: {failure}"
        took = round((time.perf_counter() - began) * 1000)
        return MigrationTrial(success=not error, duration_ms=took, error=error, events=migrator.events[count:])

    def verify(self, assertion: Callable[[Migrator], bool]) -> bool:
        """Whether the assertion holds. Raises what it raises; UsageError for one that gives neither True nor False."""
        held = assertion(self.migrator)
        if not isinstance(held, bool):
            raise UsageError(f"The assertion gave {held!r}.", hint="return True or False")
        return held

    def tear_down(self) -> None:
        """Remove the tables that were made, and end the engine. Calling it twice is allowed."""
        stack, self._stack, self._migrator = self._stack, None, None
        if stack is not None:
            stack.close()

    def _open(self, stack: ExitStack) -> Project:
        if self._endpoint:
            refuse_aws(self._endpoint)
        engine = self._endpoint or stack.enter_context(start_ministack()).endpoint
        strict = stack.enter_context(StrictServer(engine, auto_advance=True, stall_seconds=STALL_SECONDS))
        stack.callback(strict.wipe)
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dynasmith-tester-")))
        project = stack.enter_context(
            open_project(self._path, endpoint=strict.endpoint, env=self._env, clock=strict.clock, work=work)
        )
        stack.enter_context(isolated_variables(strict.endpoint, region_of(project)))
        return project
