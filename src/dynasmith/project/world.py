"""`World`: what the verbs of a project stand on: an environment, its definitions, its connections, its clock."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from dynasmith.aws.control.data_keys import KmsDataKeys
from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.tables import AwsTables
from dynasmith.engine.crypto.key_set import KeySet
from dynasmith.errors import ConsentNeed, DefinitionError, DynasmithError, ProjectError, UsageError
from dynasmith.files.definitions import Definitions
from dynasmith.files.key_material import key_material
from dynasmith.jobs.side import Side
from dynasmith.masking import Masks
from dynasmith.plans.consent import NO_CONSENT, Consent, granted, protection
from dynasmith.plans.where import Where
from dynasmith.ports.clock import Clock
from dynasmith.ports.encryption import EncryptionKey, Keys
from dynasmith.project.model_classes import is_model
from dynasmith.project.protection import protected_environments
from dynasmith.project.settings import EnvironmentSettings
from dynasmith.tables.document import Node
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.aws.control.session import Session
    from dynasmith.models import Model

TableName: TypeAlias = "str | Table | type[Model]"
"""A table, by its name, its definition, or its model class."""


class SystemClock:
    """The machine's own time; keeps `dynasmith.ports.clock.Clock`."""

    def now(self) -> datetime:
        """Wall time, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        time.sleep(seconds)


@dataclass(frozen=True)
class World:
    """An environment with its definitions and connections. Reads nothing until asked; safe to use from several threads.

    ``load`` reads the definitions, with those of further model classes; ``reopen`` opens another environment, for the
    other side of a copy. ``model_tables`` are the physical names of classes that have another table than their own.
    ``consent`` serves every verb that gets none of its own.
    ``for_shell`` says that errors are shown by a command line, and so name its options, not arguments of Python.
    ``keys`` are those of `cipher`, and ``key_variables`` what their variables hold.
    """

    session: Session
    load: Callable[[Sequence[type[Model]]], Definitions]
    settings: EnvironmentSettings
    clock: Clock = field(default_factory=SystemClock)
    reopen: Callable[[Side], World] | None = None
    masks: Masks = field(default_factory=Masks)
    consent: Consent = NO_CONSENT
    model_tables: Mapping[type[Model], str] = field(default_factory=dict)
    keys: Keys = field(default_factory=dict)
    key_variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    for_shell: bool = False

    def close(self) -> None:
        """End the connections: whatever needs one afterwards raises UsageError."""
        self.session.close(finally_closed=True)
        dry = self.__dict__.get("dry")  # only where a dry run was asked for
        if dry is not None and dry is not self:
            dry.close()

    # --- consent

    @cached_property
    def where(self) -> Where:
        """Environment, Region, and account or endpoint: what plans, questions and reports name, the endpoint without
        values of variables. On AWS it costs one call (of STS) where the account is not known yet; one that cannot be
        found out is unknown."""
        name = self.settings.environment
        endpoint = self.masks(self.session.access.endpoint)
        try:
            found = self.control.identity()
        except DynasmithError:
            return Where(environment=name, region=self.session.region, endpoint=endpoint)
        return Where(environment=name, region=found.region, account=found.account, endpoint=endpoint)

    def protections(self, tables: Sequence[str]) -> tuple[ConsentNeed, ...]:
        """The names of protected environments that a write to these tables (physical names) needs. No call, but where
        another environment of the project file is known by its account."""
        found = protected_environments(self.settings, self.session.access, tables, lambda: self.where.account)
        return tuple(map(protection, found))

    def granted(self, consent: Consent | None, tables: Sequence[str], *needs: ConsentNeed) -> Consent:
        """The consent to write to these tables, asked for where it has a way to ask; None is that of this project.

        Raises ConsentRequired with everything that is missing.
        """
        given = self.consent if consent is None else consent
        return granted(given, (*self.protections(tables), *needs), lambda: self.where)

    # --- what is defined

    @cached_property
    def definitions(self) -> Definitions:
        """What the definition files and the model classes of the project say; read once. Raises DefinitionError with
        every mistake, ProjectError for a class or a module that is not found."""
        return self._loaded(())

    def definitions_with(self, models: Sequence[type[Model]]) -> Definitions:
        """The same with what classes say that are not among the project's."""
        try:
            further = tuple(each for each in models if each not in self.definitions.models)
        except UsageError:  # nothing is defined, or not all of it, without these classes
            if not models:
                raise
            further = tuple(models)
        if not further:
            return self.definitions
        if further not in self._further:
            self._further[further] = self._loaded(further)
        return self._further[further]

    def forget_definitions(self) -> None:
        """Let the next verb read the definitions again: a file of them has changed."""
        for world in (self, self.__dict__.get("dry", self)):
            for name in ("definitions", "_further"):
                world.__dict__.pop(name, None)

    @cached_property
    def _further(self) -> dict[tuple[type[Model], ...], Definitions]:
        return {}

    def _loaded(self, models: Sequence[type[Model]]) -> Definitions:
        read = self.load(models)
        self.masks.add(read.variables.pieces, (*read.variables.names, *(table.name for table in read.tables)))
        return read

    def tables(self, names: Sequence[TableName] = ()) -> tuple[Table, ...]:
        """The defined tables with these names (of the definition, or physical), or of these classes; all where none is
        named. A `Table` is itself.

        Raises UsageError for a name that no definition has, DefinitionError for a class that cannot be a table or
        contradicts a definition file.
        """
        if names and all(isinstance(name, Table) for name in names):
            return tuple(name for name in names if isinstance(name, Table))  # which need no definition
        everything = self.definitions_with([name for name in names if is_model(name)]).tables
        if not names:
            return everything
        by_name = {table.name: table for table in everything}
        return tuple(name if isinstance(name, Table) else by_name[self._defined(name, by_name)] for name in names)

    def _defined(self, name: str | type[Model], by_name: Mapping[str, Table]) -> str:
        physical = self.name_of(name)
        if physical in by_name:
            return physical
        name = str(name)
        close = difflib.get_close_matches(name, by_name, n=1)
        hint = f"did you mean {close[0]}?" if close else f"defined are {', '.join(by_name) or 'no tables'}"
        raise UsageError(f"No definition has a table {name}.", hint=hint)

    def defined_tables(self, names: Sequence[TableName] = ()) -> tuple[Table, ...]:
        """Every defined table, those of the classes of ``names`` too; none where there is no definition at all. A
        broken one is an error."""
        try:
            return self.definitions_with([name for name in names if is_model(name)]).tables
        except (DefinitionError, ProjectError):
            raise
        except UsageError:
            return ()

    def defined_places(self, names: Sequence[TableName] = ()) -> Mapping[str, Node]:
        """By its physical name where each table of a definition file stands; none where there is no definition."""
        try:
            return self.definitions_with([name for name in names if is_model(name)]).places
        except (DefinitionError, ProjectError):
            raise
        except UsageError:
            return {}

    def physical(self, name: str) -> str:
        """The name in the service: with prefix and suffix where a definition has ``name``, else literally. Raises
        DefinitionError where definitions are broken and the two differ: the literal name is another environment's."""
        full = self.named(name)
        if self.settings.physical or full == name:
            return name
        try:
            defined = {table.name for table in self.definitions.tables}
        except (DefinitionError, ProjectError):
            raise
        except UsageError:  # there is no definition
            return name
        return full if full in defined else name

    def name_of(self, table: TableName) -> str:
        """The physical name of a table, by its name, its class or its definition. That of a class has the prefix and
        the suffix of the environment, also where no definition has it."""
        if isinstance(table, Table):
            return table.name
        if isinstance(table, str):
            return self.physical(table)
        return self.model_table(table)

    def model_table(self, model: type[Model]) -> str:
        """The physical name of the table of a class. Raises DefinitionError where it has none."""
        from dynasmith.models.metaclass import schema_of

        name = schema_of(model).table
        assert name is not None
        given = next((self.model_tables[kind] for kind in model.__mro__ if kind in self.model_tables), None)
        return self.named(name) if given is None else given

    def named(self, name: str) -> str:
        """The physical name of a table that is defined under ``name``."""
        settings = self.settings
        return name if settings.physical else f"{settings.prefix}{name}{settings.suffix}"

    # --- what is there

    @cached_property
    def control(self) -> AwsTables:
        """The control plane."""
        return AwsTables(self.session, shown=self.masks)

    def control_in(self, region: str) -> AwsTables:
        """The control plane of another Region, as the same identity; of this one where it is the same."""
        if region == self.session.region:
            return self.control
        if region not in self._controls:
            self._controls[region] = AwsTables(self.session.in_region(region), shown=self.masks)
        return self._controls[region]

    @cached_property
    def _controls(self) -> dict[str, AwsTables]:
        return {}

    @cached_property
    def few_items(self) -> AwsItems:
        """Single items."""
        return AwsItems(self.session)

    @cached_property
    def cipher(self) -> KeySet:
        """What encrypts and decrypts values with the keys of the project. Each key is read when it is first used."""

        def material(name: str, key: EncryptionKey) -> bytes:
            return key_material(name, key, self.settings.folder, self.key_variables)

        return KeySet(self.keys, material, lambda: KmsDataKeys(self.session), self.clock)

    # --- other worlds

    def with_keys(self, keys: Keys, variables: Mapping[str, str]) -> World:
        """The same with these keys; ``variables`` are what those of variables are read from."""
        return replace(self, keys=keys, key_variables=variables)

    @cached_property
    def dry(self) -> World:
        """The same for a dry run: its clients send nothing but reads, as ``dry_run_role`` where there is one."""
        if self.session.only_reads:
            return self
        reopen = self.reopen
        return replace(
            self,
            session=self.session.reading(self.settings.dry_run_role),
            reopen=None if reopen is None else lambda side: reopen(side).dry,
        )

    def elsewhere(self, side: Side) -> World:
        """The world of a side: this one, another environment, or another endpoint. Raises UsageError where this
        project has one side only."""
        if not side.elsewhere:
            return self
        if self.reopen is None:
            raise UsageError(
                "This project cannot open another environment.", hint="make it with Project.load, which can"
            )
        return self.reopen(side)
