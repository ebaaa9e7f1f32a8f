"""`Project`: the one object that a library user, the command line, a Lambda handler and a test hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.tables import AwsTables
from dynasmith.engine.apply import ApplyReport
from dynasmith.engine.ensure import Ensured
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import ItemNotFound
from dynasmith.files.definitions import Definitions
from dynasmith.masking import Masks
from dynasmith.plans.consent import NO_CONSENT, Consent
from dynasmith.plans.plan import Plan
from dynasmith.plans.where import Where
from dynasmith.ports.clock import Clock
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.factory import connected_world, load_world
from dynasmith.project.verbs import tables as verbs
from dynasmith.project.verbs.definition_import import import_tables
from dynasmith.project.verbs.plan import apply, make_plan
from dynasmith.project.verbs.tables import ListedTable
from dynasmith.project.world import World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.aws.control.session import BotoSession, Session
    from dynasmith.engine.db.db import Db
    from dynasmith.engine.transfer.verify import VerifyResult
    from dynasmith.jobs.report import Report
    from dynasmith.ports.tables import Identity
    from dynasmith.project.verbs.backfill import Backfills
    from dynasmith.project.verbs.items import ItemFlow
    from dynasmith.project.verbs.jobs import Jobs
    from dynasmith.validate import Verdict


class Project:
    """Definitions, an environment, and every verb as a method.

    Made by `Project.load` (from files) or `dynasmith.connect` (from arguments); reads nothing until asked. Safe to use
    from several threads. A context manager; ``close()`` ends its connections.
    """

    def __init__(self, world: World) -> None:
        self._world = world

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
        return cls(load_world(path, env=env, clock=clock, variables=variables, consent=consent, **options))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self._world.close()

    # --- what is defined

    @property
    def definitions(self) -> Definitions:
        """What the definition files say; read once. Raises DefinitionError with every mistake."""
        return self._world.definitions

    @property
    def masks(self) -> Masks:
        """What is shown in place of what came out of variables."""
        return self._world.masks

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        return self._world.clock

    @property
    def session(self) -> Session:
        """Clients of the services, and where they go."""
        return self._world.session

    @property
    def environment(self) -> str:
        """The name of the environment."""
        return self._world.settings.environment

    @property
    def protected(self) -> bool:
        """Whether every verb that changes something asks for the environment's name."""
        return self._world.settings.protected

    @property
    def consent(self) -> Consent:
        """What was consented to when the project was opened: it serves every verb that gets none of its own."""
        return self._world.consent

    @property
    def where(self) -> Where:
        """Environment, Region, and account or endpoint: what plans, questions and reports name. On AWS it costs one
        call (of STS) where the account is not known yet; one that cannot be found out is unknown."""
        return self._world.where

    def tables(self, names: Sequence[str] = ()) -> tuple[Table, ...]:
        """The defined tables with these names (of the definition, or physical); all where none is named.

        Raises UsageError for a name that no definition has.
        """
        return self._world.tables(names)

    def physical(self, name: str) -> str:
        """The name in the service: with prefix and suffix where a definition has ``name``, else literally."""
        return self._world.physical(name)

    # --- what is there

    @property
    def control(self) -> AwsTables:
        """The control plane."""
        return self._world.control

    @property
    def few_items(self) -> AwsItems:
        """Single items."""
        return self._world.few_items

    @cached_property
    def items(self) -> ItemFlow:
        """The verbs that move items: copy, export, populate, verify, and their jobs."""
        from dynasmith.project.verbs.item_world import ItemWorld
        from dynasmith.project.verbs.items import ItemFlow

        return ItemFlow(ItemWorld(self._world))

    @cached_property
    def backfills(self) -> Backfills:
        """Items changed in place, with an undo: run, rehearse, check, undo."""
        from dynasmith.project.verbs.backfill import Backfills
        from dynasmith.project.verbs.item_world import ItemWorld

        return Backfills(ItemWorld(self._world))

    @cached_property
    def jobs(self) -> Jobs:
        """Runs of long verbs: list, show, resume, pause, proceed, pace, cancel, undo, prune."""
        from dynasmith.project.verbs.item_world import ItemWorld
        from dynasmith.project.verbs.jobs import Jobs

        return Jobs(ItemWorld(self._world), self.backfills)

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

        return open_db(self._world.dry if dry else self._world)

    @cached_property
    def dry(self) -> Project:
        """The same project for a dry run: its clients send nothing but reads, as ``dry_run_role_arn`` where the
        environment names one. Costs no call; close it, or this one, to end its connections."""
        return self if self._world.dry is self._world else Project(self._world.dry)

    def identity(self) -> Identity:
        """Account, Region and endpoint that the calls go to; one call where the account is not known yet."""
        return self.control.identity()

    def names(self) -> Iterator[str]:
        """Every table there is, physical names, page after page (100 a call)."""
        return self.control.names()

    def describe(self, table: str | Table) -> TableDescription:
        """The live table with every setting. Raises TableNotFound. Costs about eight calls."""
        return self.control.describe(self._world.name_of(table))

    def exists(self, table: str | Table) -> bool:
        """Whether the table is there (in any state). Costs one call."""
        return verbs.exists(self._world, table)

    def list(self) -> tuple[ListedTable, ...]:
        """Every live table and every defined one that is missing, by name. Costs one call a table, ten at a time.

        A table that cannot be described has a ``failure`` in place of its description. One that is deleted between the
        listing and its description is not there.
        """
        return verbs.list_tables(self._world)

    def defined_names(self) -> frozenset[str]:
        """The physical names of the defined tables; none where there is no definition."""
        return frozenset(table.name for table in self._world.defined_tables())

    def outputs(self, names: Sequence[str] = ()) -> tuple[dict[str, Any], ...]:
        """What other programs want to know (ARNs, keys, streams): of these tables, or of all defined ones."""
        return verbs.outputs(self._world, names)

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
        return make_plan(self._world, self.tables(names), prune=prune, allow_delete_items=allow_delete_items, only=only)

    def apply(
        self,
        plan: Plan,
        *,
        consent: Consent | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
        fresh: bool = False,
    ) -> ApplyReport:
        """Do ``plan``: ten tables at a time, each in an order that the service accepts, each wait with a deadline.

        A plan that was made a while ago is compared with what is there first and refused where that changed
        (StalePlan); ``fresh`` says that it was made just now. Raises ConsentRequired before the first call of a plan
        that is not empty: it needs ``yes``, and what each hazard names. One failing table does not stop the others: see
        ``failures`` of the report. Stopped halfway, planning and applying again continues.
        """
        return apply(self._world, plan, consent=consent, listener=listener, stopped=stopped, fresh=fresh)

    def ensure(
        self, names: Sequence[str] = (), *, listener: Listener = silent, stopped: StopFlag | None = None
    ) -> Ensured:
        """Create what is absent, change nothing that exists, say where it differs. Safe from many processes at once."""
        return self.ensure_tables(self.tables(names), listener=listener, stopped=stopped)

    def ensure_tables(
        self, tables: Sequence[Table], *, listener: Listener = silent, stopped: StopFlag | None = None
    ) -> Ensured:
        """`ensure` for tables that stand in no definition."""
        return verbs.ensure(self._world, tables, listener=listener, stopped=stopped)

    def create(
        self, table: str | Table, *, listener: Listener = silent, stopped: StopFlag | None = None
    ) -> TableDescription:
        """Create one table with everything around it and wait until it is ACTIVE. Raises TableExists, TableNotDefined.

        Stopped halfway, `ensure` or `apply` continue.
        """
        return verbs.create(self._world, table, listener=listener, stopped=stopped)

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
        return verbs.delete(self._world, tables, missing_ok=missing_ok, consent=consent, stopped=stopped)

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
        from dynasmith.project.verbs.item_world import ItemWorld
        from dynasmith.project.verbs.retire import retire

        return retire(ItemWorld(self._world), exports, consent=consent, listener=listener, stopped=stopped)

    # --- definitions from what is there

    def import_tables(self, names: Sequence[str] = (), *, every_table: bool = False, minimal: bool = False) -> str:
        """A definition (YAML) of these live tables, with every setting that could be read; it plans empty.

        A name may be a pattern (``orders-*``); ``every_table`` takes all that have the environment's prefix and suffix,
        which are taken off the names. ``minimal`` leaves out what a new table has by itself. What is returned was read
        back by the parser that ``plan`` uses, and says the same. What a table has and a definition cannot say stands in
        comments on top. Costs about eight calls a table. Raises
        DefinitionError or RunError where a live table cannot be written as a definition, TableNotFound, and UsageError
        for a pattern that fits no table.
        """
        return import_tables(self._world, names, every_table=every_table, minimal=minimal)

    def validate(self, names: Sequence[str] = (), *, offline: bool = False) -> Verdict:
        """Findings about definitions and live tables; ``offline`` looks at definitions only and makes no call."""
        from dynasmith.project.verbs.validate import validate

        return validate(self._world, names, offline=offline)

    # --- a few items

    def get(self, table: str, key: Mapping[str, Any]) -> dict[str, Any]:
        """One item by its key, both DynamoDB JSON, read consistently. Raises ItemNotFound."""
        item = self.few_items.get(self.physical(table), key)
        if item is None:
            raise ItemNotFound(
                f"Table {self.physical(table)} has no item with that key.", hint=f"dynasmith scan {table}"
            )
        return item

    def put(self, table: str, item: Mapping[str, Any], *, new: bool = False, consent: Consent | None = None) -> None:
        """Write one item (DynamoDB JSON); it replaces one with the same key, unless ``new``. Costs one call.

        Raises ConsentRequired where the environment is protected, ConditionFailed for ``new`` where there is one.
        """
        name = self.physical(table)
        self._world.granted(consent, [name])
        self.few_items.put(name, item, only_new=new)

    def delete_item(self, table: str, key: Mapping[str, Any], *, consent: Consent | None = None) -> None:
        """Delete one item by its key. Raises ItemNotFound where there is none, and ConsentRequired where the
        environment is protected. Costs one call."""
        name = self.physical(table)
        self._world.granted(consent, [name])
        if not self.few_items.delete(name, key):
            raise ItemNotFound(
                f"Table {name} has no item with that key; nothing was deleted.", hint=f"dynasmith scan {table}"
            )


def connect(
    *,
    endpoint: str = "",
    region: str = "",
    profile: str = "",
    credentials: Sequence[str] = (),
    session: BotoSession | None = None,
    tables: Sequence[Table] = (),
    folder: str | Path = ".",
    clock: Clock | None = None,
    consent: Consent = NO_CONSENT,
) -> Project:
    """A `Project` with no file at all.

    ``credentials`` is access key, secret key and, where temporary, session token; ``session`` a boto3 session of the
    caller's own. With an ``endpoint`` nothing ever reaches AWS. ``tables`` are the definitions. ``consent`` serves
    every verb that gets none. Costs no call; it is a context manager and has ``close()``. Raises UsageError for what
    contradicts itself.
    """
    return Project(
        connected_world(
            endpoint=endpoint,
            region=region,
            profile=profile,
            credentials=credentials,
            session=session,
            tables=tables,
            folder=folder,
            clock=clock,
            consent=consent,
        )
    )
