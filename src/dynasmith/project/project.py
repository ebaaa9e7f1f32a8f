"""`Project`: the one object that a library user, the command line, a Lambda handler and a test hold."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from msgspec.structs import replace

from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.tables import AwsTables
from dynasmith.engine import apply as engine_apply
from dynasmith.engine import retire as engine_retire
from dynasmith.engine.ensure import Ensured, ensure
from dynasmith.engine.outputs import outputs_of
from dynasmith.engine.planner import CONCURRENT_TABLES, PlanOptions, make_plan
from dynasmith.engine.waiter import StopFlag, delete_table
from dynasmith.errors import (
    ConsentNeed,
    DefinitionError,
    DynasmithError,
    ItemNotFound,
    Recorded,
    RunError,
    TableExists,
    TableNotFound,
    UsageError,
)
from dynasmith.files.definitions import Definitions
from dynasmith.masking import Masks
from dynasmith.plans.consent import (
    NO_CONSENT,
    Consent,
    granted,
    named,
    needs_of,
    protection,
    question,
    refuse_unknown_indexes,
)
from dynasmith.plans.plan import Plan
from dynasmith.plans.refusal import impossible
from dynasmith.plans.where import Where
from dynasmith.ports.clock import Clock
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.clock import SystemClock
from dynasmith.project.protection import protected_environments
from dynasmith.project.world import ListedTable, World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.prices import prices_for
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.aws.control.session import Session
    from dynasmith.engine.db.db import Db
    from dynasmith.engine.transfer.verify import VerifyResult
    from dynasmith.jobs.report import Report
    from dynasmith.ports.tables import Identity
    from dynasmith.project.locations import Location
    from dynasmith.project.verbs.backfill import Backfills
    from dynasmith.project.verbs.items import ItemFlow
    from dynasmith.project.verbs.jobs import Jobs
    from dynasmith.validate import Verdict


class Project:
    """Definitions, an environment, and every verb as a method.

    Made by `Project.load` (from files) or `dynasmith.connect` (from arguments); reads nothing until asked. Safe to use
    from several threads. A context manager; ``close()`` ends its connections.
    """

    def __init__(
        self,
        *,
        session: Session,
        definitions: Callable[[], Definitions],
        place: World | None = None,
        clock: Clock | None = None,
        reopen: Callable[[Location], Project] | None = None,
        masks: Masks | None = None,
        consent: Consent = NO_CONSENT,
    ) -> None:
        self._reopen = reopen
        self.consent = consent
        self.session = session
        self.place = place or World()
        self.clock: Clock = clock or SystemClock()
        self._load = definitions
        self.masks = masks or Masks()

    @classmethod
    def load(
        cls,
        path: str | Path | None = None,
        *,
        env: str | None = None,
        clock: Clock | None = None,
        variables: Mapping[str, str] | None = None,
        consent: Consent = NO_CONSENT,
        **options: Any,
    ) -> Project:
        """The project of ``path`` (a project file, a definition file or a folder), for an environment.

        Without ``path`` it is looked for upward from the working directory. ``options`` are those of the command line
        (``endpoint``, ``region``, ``profile``, ``access_key``, ``secret_key``, ``session_token``). ``consent`` serves
        every verb that gets none of its own. Raises ProjectError; definitions are read, and their errors raised, when
        first asked for. Costs no call.
        """
        from dynasmith.project.factory import load

        project: Project = load(path, env=env, clock=clock, variables=variables, consent=consent, **options)
        return project

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self.session.close()
        dry = self.__dict__.get("dry")  # only where a dry run was asked for
        if dry is not None and dry is not self:
            dry.close()

    # --- what is wished

    @cached_property
    def definitions(self) -> Definitions:
        """What the definition files say; read once. Raises DefinitionError with every mistake."""
        read = self._load()
        self.masks.add(read.variables.pieces, (*read.variables.names, *(table.name for table in read.tables)))
        return read

    @property
    def environment(self) -> str:
        """The name of the environment."""
        return self.place.environment

    @property
    def protected(self) -> bool:
        """Whether every verb that changes something asks for the environment's name."""
        return self.place.protected

    @cached_property
    def where(self) -> Where:
        """Environment, Region, and account or endpoint: what plans, questions and reports name. On AWS it costs one
        call (of STS) where the account is not known yet; one that cannot be found out is unknown."""
        try:
            found = self.identity()
        except DynasmithError:
            return Where(
                environment=self.environment, region=self.session.region, endpoint=self.session.access.endpoint
            )
        return Where(environment=self.environment, region=found.region, account=found.account, endpoint=found.endpoint)

    def protections(self, tables: Sequence[str]) -> tuple[ConsentNeed, ...]:
        """The names of protected environments that a write to these tables (physical names) needs. No call, but where
        another environment of the project file is known by its account."""
        found = protected_environments(self.place, self.session.access, tables, lambda: self.where.account)
        return tuple(map(protection, found))

    def granted(self, consent: Consent | None, tables: Sequence[str], *needs: ConsentNeed) -> Consent:
        """The consent to write to these tables, asked for where it has a way to ask; None is that of this project.

        Raises ConsentRequired with everything that is missing.
        """
        given = self.consent if consent is None else consent
        return granted(given, (*self.protections(tables), *needs), lambda: self.where)

    def tables(self, names: Sequence[str] = ()) -> tuple[Table, ...]:
        """The defined tables with these names (of the definition, or physical); all where none is named.

        Raises UsageError for a name that no definition has.
        """
        everything = self.definitions.tables
        if not names:
            return everything
        by_name = {table.name: table for table in everything}
        return tuple(by_name[self._defined(name, by_name)] for name in names)

    def _defined(self, name: str, by_name: Mapping[str, Table]) -> str:
        physical = self.physical(name)
        if physical in by_name:
            return physical
        close = difflib.get_close_matches(name, by_name, n=1)
        hint = f"did you mean {close[0]}?" if close else f"defined are {', '.join(by_name) or 'no tables'}"
        raise UsageError(f"No definition has a table {name}.", hint=hint)

    def physical(self, name: str) -> str:
        """The name in the service: with prefix and suffix where a definition has ``name``, else literally."""
        if self.place.physical:
            return name
        full = f"{self.place.prefix}{name}{self.place.suffix}"
        try:
            defined = {table.name for table in self.definitions.tables}
        except UsageError:
            # A literal name needs no definition; a verb that does need one reads them itself and says what is wrong.
            return name
        return full if full in defined else name

    # --- what is there

    @cached_property
    def control(self) -> AwsTables:
        """The control plane."""
        return AwsTables(self.session, shown=self.masks)

    @cached_property
    def few_items(self) -> AwsItems:
        """Single items."""
        return AwsItems(self.session)

    @cached_property
    def items(self) -> ItemFlow:
        """The verbs that move items: copy, export, populate, verify, and their jobs."""
        from dynasmith.project.verbs.items import ItemFlow

        return ItemFlow(self)

    @cached_property
    def backfills(self) -> Backfills:
        """Items changed in place, with an undo: run, rehearse, check, undo."""
        from dynasmith.project.verbs.backfill import Backfills

        return Backfills(self)

    @cached_property
    def jobs(self) -> Jobs:
        """Runs of long verbs: list, show, resume, pause, proceed, pace, cancel, undo, prune."""
        from dynasmith.project.verbs.jobs import Jobs

        return Jobs(self.items, self.backfills)

    # The verbs of the item flow, under the project's own name too: `project.copy(...)` is `project.items.copy(...)`.

    @property
    def copy(self) -> Callable[..., Report]:
        """`ItemFlow.copy`."""
        return self.items.copy

    @property
    def export(self) -> Callable[..., Report]:
        """`ItemFlow.export`."""
        return self.items.export

    @property
    def populate(self) -> Callable[..., Report]:
        """`ItemFlow.populate`."""
        return self.items.populate

    @property
    def backfill(self) -> Callable[..., Report]:
        """`Backfills.run`."""
        return self.backfills.run

    @property
    def verify(self) -> Callable[..., VerifyResult]:
        """`ItemFlow.verify`."""
        return self.items.verify

    @property
    def auto_migrate(self) -> Callable[..., Sequence[Report]]:
        """`ItemFlow.auto_migrate`."""
        return self.items.auto_migrate

    def db(self, *, dry: bool = False) -> Db:
        """Items of model classes: create, get, save, query and the like. Needs the extra ``models``. Costs no call.

        It is application code and asks for no consent, in a protected environment neither. ``dry`` sends nothing but
        reads. Closed with the project.
        """
        from dynasmith.project.verbs.models import open_db

        return open_db(self.dry if dry else self)

    @cached_property
    def dry(self) -> Project:
        """The same project for a dry run: its clients send nothing but reads, as ``dry_run_role_arn`` where the
        environment names one. Costs no call; close it, or this one, to end its connections."""
        if self.session.only_reads:
            return self
        reopen = self._reopen
        return Project(
            session=self.session.reading(self.place.dry_run_role),
            definitions=self._load,
            place=self.place,
            clock=self.clock,
            reopen=None if reopen is None else lambda side: reopen(side).dry,
            masks=self.masks,
            consent=self.consent,
        )

    def elsewhere(self, side: Location) -> Project:
        """The same project in another environment, or at another endpoint: the other side of a copy."""
        if self._reopen is None:
            raise UsageError("This project has one side only.", hint="Project.load gives one that finds others")
        return self._reopen(side)

    def identity(self) -> Identity:
        """Account, Region and endpoint that the calls go to; one call where the account is not known yet."""
        return self.control.identity()

    def names(self) -> Iterator[str]:
        """Every table there is, physical names, page after page (100 a call)."""
        return self.control.names()

    def describe(self, table: str | Table) -> TableDescription:
        """The live table with every setting. Raises TableNotFound. Costs about eight calls."""
        return self.control.describe(self._name(table))

    def exists(self, table: str | Table) -> bool:
        """Whether the table is there (in any state). Costs one call."""
        try:
            self.control.describe(self._name(table), ())
        except TableNotFound:
            return False
        return True

    def list(self) -> tuple[ListedTable, ...]:
        """Every live table and every defined one that is missing, by name. Costs one call a table, ten at a time.

        A table that cannot be described has a ``failure`` in place of its description. One that is deleted between the
        listing and its description is not there.
        """
        live = sorted(self.names())
        defined = {table.name for table in self.wished()}
        with ThreadPoolExecutor(CONCURRENT_TABLES) as pool:
            looked = pool.map(lambda name: self._listed(name, defined), live)
            found = tuple(entry for entry in looked if entry is not None)
        missing = tuple(ListedTable(name=name, defined="missing") for name in defined - {entry.name for entry in found})
        return tuple(sorted((*found, *missing), key=lambda entry: entry.name))

    def defined_names(self) -> frozenset[str]:
        """The physical names of the defined tables; none where there is no definition."""
        return frozenset(table.name for table in self.wished())

    def wished(self) -> tuple[Table, ...]:
        """What is defined; nothing where there is no definition at all. A broken one is an error."""
        try:
            return self.definitions.tables
        except DefinitionError:
            raise
        except UsageError:
            return ()

    def _listed(self, name: str, defined: set[str]) -> ListedTable | None:
        mark = "defined" if name in defined else "undefined"
        try:
            return ListedTable(name=name, defined=mark, description=self.control.describe(name, ()))
        except TableNotFound:
            return None
        except DynasmithError as error:
            return ListedTable(name=name, defined=mark, failure=self.masks(error.message))

    def outputs(self, names: Sequence[str] = ()) -> tuple[dict[str, Any], ...]:
        """What other programs want to know (ARNs, keys, streams): of these tables, or of all defined ones."""
        wanted = [self._name(name) for name in names] or [table.name for table in self.tables()]
        with ThreadPoolExecutor(CONCURRENT_TABLES) as pool:
            return tuple(outputs_of(description) for description in pool.map(self.control.describe, wanted))

    def _name(self, table: str | Table) -> str:
        return table.name if isinstance(table, Table) else self.physical(table)

    # --- change

    def plan(
        self,
        names: Sequence[str] = (),
        *,
        prune: bool = False,
        allow_delete_items: bool = False,
        only: Sequence[str] = (),
    ) -> Plan:
        """What would change. Reads only: one DescribeTable a table, and a call for each managed setting that it lacks.

        ``only`` limits it to settings of the definition's vocabulary, ``prune`` also removes what a list lacks. Raises
        DefinitionError before any call; a table that cannot be read is one of the plan's ``failures``.
        """
        return self._plan(self.tables(names), prune=prune, allow_delete_items=allow_delete_items, only=only)

    def _plan(
        self,
        tables: Sequence[Table],
        *,
        prune: bool = False,
        allow_delete_items: bool = False,
        only: Sequence[str] = (),
    ) -> Plan:
        options = PlanOptions(
            prune=prune,
            allow_delete_items=allow_delete_items,
            only=settings_named(only),
            prices=prices_for(self.session.region, dict(self.place.prices)),
            quotas=self.place.quotas,
        )
        plan = make_plan(tables, self.control, self.few_items, self.clock, options)
        failures = tuple(
            replace(each, message=self.masks(each.message), hint=self.masks(each.hint)) for each in plan.failures
        )
        return replace(plan, failures=failures)

    def apply(
        self,
        plan: Plan,
        *,
        consent: Consent | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
        fresh: bool = False,
    ) -> engine_apply.ApplyReport:
        """Do ``plan``: ten tables at a time, each in an order that the service accepts, each wait with a deadline.

        A plan that was made a while ago is compared with what is there first and refused where that changed
        (StalePlan); ``fresh`` says that it was made just now. Raises ConsentRequired before the first call of a plan
        that is not empty: it needs ``yes``, and what each hazard names. One failing table does not stop the others: see
        ``failures`` of the report. Stopped halfway, planning and applying again continues.
        """
        if not fresh:
            engine_apply.refuse_stale(plan, self.control)
        given = self.consent if consent is None else consent
        flags = [need for need in needs_of(plan, given) if need.kind == "flag"]
        granted(given, flags, lambda: self.where)  # no question where a flag is missing anyway
        refuse_unknown_indexes(plan, given.rebuild_indexes)
        refused = impossible(plan)  # they fail whatever is consented to: nothing is asked for them
        changing = [table.table for table in plan.tables if table.changes and table not in refused]
        if changing:
            self.granted(given, changing, *needs_of(plan, given), question("Apply the plan to {where}?"))
        return engine_apply.apply_plan(plan, self.control, self.clock, listener=listener, stopped=stopped)

    def ensure(
        self, names: Sequence[str] = (), *, listener: Listener = silent, stopped: StopFlag | None = None
    ) -> Ensured:
        """Create what is absent, change nothing that exists, say where it differs. Safe from many processes at once."""
        return self.ensure_tables(self.tables(names), listener=listener, stopped=stopped)

    def ensure_tables(
        self, tables: Sequence[Table], *, listener: Listener = silent, stopped: StopFlag | None = None
    ) -> Ensured:
        """`ensure` for tables that stand in no definition."""
        plan = self._plan(tables)
        done = ensure(plan, self.control, self.clock, listener=listener, stopped=stopped)
        failures = dict(done.failures)
        for failure in plan.failures:
            failures[failure.table] = Recorded(failure.code, failure.message, failure.hint)
        return Ensured(created=done.created, existing=done.existing, differing=done.differing, failures=failures)

    def create(
        self, table: str | Table, *, listener: Listener = silent, stopped: StopFlag | None = None
    ) -> TableDescription:
        """Create one table with everything around it and wait until it is ACTIVE. Raises TableExists, TableNotDefined.

        Stopped halfway, `ensure` or `apply` continue.
        """
        wish = table if isinstance(table, Table) else self.tables([table])[0]
        if self.exists(wish):
            raise TableExists(wish.name)
        done = self.ensure_tables([wish], listener=listener, stopped=stopped)
        for error in done.failures.values():
            raise error
        return self.describe(wish)

    def delete(
        self,
        table: str | Table,
        *,
        missing_ok: bool = False,
        consent: Consent | None = None,
        stopped: StopFlag | None = None,
    ) -> bool:
        """Delete a table and wait until it is gone; True when it was there. See `delete_tables`."""
        return bool(self.delete_tables([table], missing_ok=missing_ok, consent=consent, stopped=stopped))

    def delete_tables(
        self,
        tables: Sequence[str | Table],
        *,
        missing_ok: bool = False,
        consent: Consent | None = None,
        stopped: StopFlag | None = None,
    ) -> tuple[str, ...]:
        """Delete tables with their items, wait until they are gone, and give the physical names of those that were
        there.

        Each name must be in ``consent.confirm``: ConsentRequired is raised before the first is deleted. Raises
        TableNotFound, before any is deleted, unless ``missing_ok``. Deletion protection is not taken off: the service
        refuses then, and the hint says how.
        """
        names = list(dict.fromkeys(map(self._name, tables)))
        there = []
        for name in names:
            with suppress(*([TableNotFound] if missing_ok else [])):
                self.control.describe(name, ())
                there.append(name)
        if there:
            self.granted(
                consent, there, *(named(f"Delete table {n} and all its items in {{where}}?", n) for n in there)
            )
        gone = []
        for name in there:
            try:
                delete_table(name, self.control, self.clock, stopped or StopFlag())
            except TableNotFound:
                if not missing_ok:
                    raise
            else:
                gone.append(name)
        return tuple(gone)

    def retire(
        self,
        table: str,
        *,
        export_to: str | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
    ) -> dict[str, Any]:
        """Retire one table; what was done. See `retire_tables`."""
        return next(self.retire_tables({table: export_to}, consent=consent, listener=listener, stopped=stopped))

    def retire_tables(
        self,
        exports: Mapping[str, str | None],
        *,
        consent: Consent | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
    ) -> Iterator[dict[str, Any]]:
        """For each table a last export that is verified, then what is around the table, then the table; what was done.

        ``exports`` says for each table where to export it; None exports nothing. Each name must be in
        ``consent.confirm``: ConsentRequired is raised before the first is touched. Raises RunError where an export
        differs from its table (somebody writes to it): that one is not deleted then. An export that is there and equals
        the table is not made again. An iterator: each table is retired when it is asked for.
        """
        found = [(self.describe(table), export) for table, export in exports.items()]
        names = [description.table.name for description, _ in found]
        needs = (named(f"Retire table {name} of {{where}} and delete all its items?", name) for name in names)
        self.granted(consent, names, *needs)
        return (self._retire(each, export, listener, stopped) for each, export in found)

    def _retire(
        self, description: TableDescription, export_to: str | None, listener: Listener, stopped: StopFlag | None
    ) -> dict[str, Any]:
        name = description.table.name
        digest = None
        if export_to is not None:
            if not Path(export_to).exists():
                self.items.export(name, export_to, listener=listener)
            compared = self.items.verify(name, export_to)
            if not compared.equal:
                raise RunError(
                    f"The export {export_to} differs from table {name}; nothing was deleted.",
                    hint="somebody writes to the table, or the export is an old one: name another folder",
                )
            digest = str(compared.source)
        engine_retire.retire(description, self.control, self.clock, stopped or StopFlag())
        return {"table": name, "export": export_to, "digest": digest}

    # --- definitions from what is there

    def import_tables(self, names: Sequence[str] = (), *, every_table: bool = False, minimal: bool = False) -> str:
        """A definition (YAML) of these live tables, with every setting that could be read; it plans empty.

        A name may be a pattern (``orders-*``); ``every_table`` takes all that have the environment's prefix and suffix,
        which are taken off the names. ``minimal`` leaves out what a new table has by itself. What is returned was read
        back by the parser that ``plan`` uses, and says the same. Costs about eight calls a table. Raises
        DefinitionError or RunError where a live table cannot be written as a definition, TableNotFound, and UsageError
        for a pattern that fits no table.
        """
        from dynasmith.project.verbs.definition_import import chosen_tables, import_tables

        wanted = chosen_tables(names, self.control, self.place, self.physical, every_table=every_table)
        return import_tables(self.control, self.place, wanted, minimal=minimal)

    def validate(self, names: Sequence[str] = (), *, offline: bool = False) -> Verdict:
        """Findings about definitions and live tables; ``offline`` looks at definitions only and makes no call."""
        from dynasmith.project.verbs.validate import validate

        return validate(self, names, offline=offline)

    # --- a few items

    def get(self, table: str, key: Mapping[str, Any]) -> dict[str, Any]:
        """One item by its key, both DynamoDB JSON, read consistently. Raises ItemNotFound."""
        item = self.few_items.get(self._name(table), key)
        if item is None:
            raise ItemNotFound(f"Table {self._name(table)} has no item with that key.", hint=f"dynasmith scan {table}")
        return item

    def put(self, table: str, item: Mapping[str, Any], *, new: bool = False, consent: Consent | None = None) -> None:
        """Write one item (DynamoDB JSON); it replaces one with the same key, unless ``new``. Costs one call.

        Raises ConsentRequired where the environment is protected, ConditionFailed for ``new`` where there is one.
        """
        name = self._name(table)
        self.granted(consent, [name])
        self.few_items.put(name, item, only_new=new)

    def delete_item(self, table: str, key: Mapping[str, Any], *, consent: Consent | None = None) -> None:
        """Delete one item by its key. Raises ItemNotFound where there is none, and ConsentRequired where the
        environment is protected. Costs one call."""
        name = self._name(table)
        self.granted(consent, [name])
        if not self.few_items.delete(name, key):
            raise ItemNotFound(
                f"Table {name} has no item with that key; nothing was deleted.", hint=f"dynasmith scan {table}"
            )


KEY_FIELDS = ("name", "key")
"""What of a table is no setting."""


def settings_named(words: Iterable[str]) -> tuple[str, ...]:
    """Fields of `Table` for words of a definition (``global_secondary_indexes`` -> ``indexes``). Raises UsageError."""
    from dynasmith.plans.notes import DEFINITION_WORDS

    fields = {word: field for field, word in DEFINITION_WORDS.items()}
    found = []
    for word in words:
        field = fields.get(word, word)
        if field not in Table.__struct_fields__ or field in KEY_FIELDS:
            close = difflib.get_close_matches(word, [*fields, *Table.__struct_fields__], n=1)
            all_of_them = [
                DEFINITION_WORDS.get(each, each) for each in Table.__struct_fields__ if each not in KEY_FIELDS
            ]
            hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(sorted(all_of_them))}"
            raise UsageError(f"{word} is not a setting of a table.", hint=hint)
        found.append(field)
    return tuple(found)
