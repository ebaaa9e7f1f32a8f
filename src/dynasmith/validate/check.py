"""What a check is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct, UnsetType

from dynasmith.limits import DEFAULT_QUOTAS, Quotas
from dynasmith.plans.change import Dimension
from dynasmith.tables.description import TableDescription, WatchedMetric
from dynasmith.tables.table import Table, known
from dynasmith.validate.environments import environment_of_name, environment_of_tags
from dynasmith.validate.finding import Severity
from dynasmith.validate.live_facts import (
    AccessRoleFacts,
    BackupRunFacts,
    LoadFacts,
    SelectionFacts,
    ThrottleFacts,
    TrailFacts,
    TriggerAgeFacts,
    TriggerRoleFacts,
)


class Surroundings(Struct, frozen=True, kw_only=True):
    """What is known beside the table itself. Every part has a value that means: nothing is known.

    ``environment`` is the name of the environment, ``protected`` whether it is declared so (then what is a warning
    elsewhere can be critical). ``usual_tags`` are the tag keys of the set that the table belongs to (`usual_tags`).
    ``scaling_without_policy`` names what is registered for autoscaling and has no policy: an index (None is the table)
    and a dimension. ``unoffered`` maps a setting that the engine has no service for to the reason.
    ``trails``, ``selections`` and ``backup_runs`` are what CloudTrail and AWS Backup said, ``throttles`` and ``load``
    and ``trigger_ages`` what CloudWatch said, ``trigger_roles`` and ``access_roles`` what Lambda and IAM said; ``now``
    is the time. ``watched`` are the metrics that alarms watch of a table that is not there.
    """

    environment: str = ""
    protected: bool = False
    quotas: Quotas = DEFAULT_QUOTAS
    usual_tags: tuple[str, ...] = ()
    scaling_without_policy: tuple[tuple[str | None, Dimension], ...] = ()
    unoffered: dict[str, str] = {}
    trails: TrailFacts | None = None
    selections: SelectionFacts | None = None
    backup_runs: BackupRunFacts | None = None
    throttles: ThrottleFacts | None = None
    load: LoadFacts | None = None
    trigger_roles: TriggerRoleFacts | None = None
    trigger_ages: TriggerAgeFacts | None = None
    access_roles: AccessRoleFacts | None = None
    now: datetime | None = None
    watched: tuple[WatchedMetric, ...] = ()


class FirstPass(Struct, frozen=True, kw_only=True):
    """What the checks have done so far: every code there is, those that could judge, those that found something."""

    codes: frozenset[str] = frozenset()
    judged: frozenset[str] = frozenset()
    found: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Subject:
    """One table under examination: its definition, its description, or both; at least one is there."""

    desired: Table | None
    live: TableDescription | None
    around: Surroundings = field(default_factory=Surroundings)
    offline: bool = False
    first: FirstPass = field(default_factory=FirstPass)

    @property
    def table(self) -> Table:
        """The table that is judged: the live one, or the definition where there is none. ValueError without either."""
        if self.live is not None:
            return self.live.table
        if self.desired is None:
            raise ValueError("A table has a definition, a description, or both.")
        return self.desired

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the table; those of the definition count too, and win."""
        wanted = known(self.desired.tags, {}) if self.desired is not None else {}
        return known(self.table.tags, {}) | wanted

    @property
    def production(self) -> bool:
        """Whether losing this table would be a disaster: its environment is protected, or it says so itself."""
        said = environment_of_tags(self.tags) or environment_of_name(self.table.name)
        return self.around.protected or said == "production"

    @property
    def watched(self) -> tuple[WatchedMetric, ...]:
        """The metrics of the table that alarms watch, also where there is no such table."""
        return self.around.watched if self.live is None else self.live.watched

    @property
    def unread(self) -> dict[str, str]:
        """The settings of the live table that could not be had, and why."""
        return {} if self.live is None else self.around.unoffered | self.live.unread

    def unsaid(self, setting: str) -> bool:
        """Whether a definition is judged and does not mention the setting: a table made from it gets the default."""
        return self.live is None and isinstance(getattr(self.table, setting), UnsetType)


class Problem(NamedTuple):
    """What a check saw: where, what (a sentence), how bad (else the check's first severity), what fixes it.
    ``unknown`` says that it could not judge."""

    path: str
    what: str
    severity: Severity | None = None
    fix: str = ""
    unknown: bool = False


def not_known(path: str, why: str, fix: str) -> Problem:
    """What a check says where it cannot judge: a notice, never silence."""
    return Problem(path, f"Cannot be known here: {why.rstrip('.')}.", "notice", fix, unknown=True)


@dataclass(frozen=True, slots=True)
class Check:
    """One check: a code that never changes, what it wants, why, what fixes it, where that stands, and the test.

    ``severities`` has every severity that the check gives, worst first; ``when`` says what decides where there are
    several. ``live`` checks look at the live table only and are left out offline; ``online`` ones need to know whether
    there is one. ``reads`` names the settings of `Table`, and ``asks`` the parts of `Surroundings`, without which
    nothing can be said. ``last`` checks look at what the others found.
    """

    code: str
    title: str
    why: str
    fix: str
    source: str
    severities: tuple[Severity, ...]
    look: Callable[[Subject], Iterable[Problem]]
    when: str = ""
    live: bool = False
    online: bool = False
    reads: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    last: bool = False
