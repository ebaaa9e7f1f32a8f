"""`World`: what the verbs of a project stand on: an environment, its definitions, its connections, its clock."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.tables import AwsTables
from dynasmith.errors import ConsentNeed, DefinitionError, DynasmithError, UsageError
from dynasmith.files.definitions import Definitions
from dynasmith.jobs.side import Side
from dynasmith.masking import Masks
from dynasmith.plans.consent import NO_CONSENT, Consent, granted, protection
from dynasmith.plans.where import Where
from dynasmith.ports.clock import Clock
from dynasmith.project.protection import protected_environments
from dynasmith.project.settings import EnvironmentSettings
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.aws.control.session import Session


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

    ``load`` reads the definitions; ``reopen`` opens another environment, for the other side of a copy.
    ``consent`` serves every verb that gets none of its own.
    """

    session: Session
    load: Callable[[], Definitions]
    settings: EnvironmentSettings
    clock: Clock = field(default_factory=SystemClock)
    reopen: Callable[[Side], World] | None = None
    masks: Masks = field(default_factory=Masks)
    consent: Consent = NO_CONSENT

    def close(self) -> None:
        """End the connections."""
        self.session.close()
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
        """What the definition files say; read once. Raises DefinitionError with every mistake."""
        read = self.load()
        self.masks.add(read.variables.pieces, (*read.variables.names, *(table.name for table in read.tables)))
        return read

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

    def defined_tables(self) -> tuple[Table, ...]:
        """Every defined table; none where there is no definition at all. A broken one is an error."""
        try:
            return self.definitions.tables
        except DefinitionError:
            raise
        except UsageError:
            return ()

    def physical(self, name: str) -> str:
        """The name in the service: with prefix and suffix where a definition has ``name``, else literally."""
        if self.settings.physical:
            return name
        full = f"{self.settings.prefix}{name}{self.settings.suffix}"
        try:
            defined = {table.name for table in self.definitions.tables}
        except UsageError:
            # A literal name needs no definition; a verb that does need one reads them itself and says what is wrong.
            return name
        return full if full in defined else name

    def name_of(self, table: str | Table) -> str:
        """The physical name of a table."""
        return table.name if isinstance(table, Table) else self.physical(table)

    # --- what is there

    @cached_property
    def control(self) -> AwsTables:
        """The control plane."""
        return AwsTables(self.session, shown=self.masks)

    @cached_property
    def few_items(self) -> AwsItems:
        """Single items."""
        return AwsItems(self.session)

    # --- other worlds

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
