"""What a setting is to the planner: one value of a table, and everything that follows from a difference of it.

A setting lives in one file of this folder. It declares the change and the steps that it needs, and answers every
question that `plans` asks; an unanswered one is an error of mypy ("cannot instantiate abstract class"). How the
service is called for it stands in `aws.settings`, in a file of the same name.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import ClassVar, Generic, Literal, TypeVar

from msgspec import Struct, UnsetType

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import DocumentKey
from dynasmith.tables.prices import Prices
from dynasmith.tables.table import Table

Consent = Literal["yes", "confirm", "prune", "rebuild-index", "allow-delete-items", "impossible"]
Symbol = Literal["+", "~", "-", "±"]


# --- changes and steps


class ChangeBase(Struct, frozen=True, kw_only=True, repr_omit_defaults=True, forbid_unknown_fields=True):
    """Base of the changes. Before is what was described, after what the definition wants."""


class SettingChange(ChangeBase, frozen=True, kw_only=True):
    """A change that a setting declares: another value."""

    before: object
    after: object


class StepBase(Struct, frozen=True, kw_only=True, repr_omit_defaults=True, forbid_unknown_fields=True):
    """Base of the steps."""


class SettingCall(StepBase, frozen=True, kw_only=True):
    """A call of the service that a setting declares."""


class SettingWait(StepBase, frozen=True, kw_only=True):
    """A wait that a setting declares. ``usual_seconds`` are the least and the most that it usually takes."""

    usual_seconds: ClassVar[tuple[int, int]]


class WaitTable(StepBase, frozen=True, kw_only=True, tag="wait-table"):
    """Until the table is ACTIVE and its encryption is settled."""


SettingStep = SettingCall | SettingWait | WaitTable


class WaitState(Struct, frozen=True, kw_only=True):
    """What a poll found: over, still ``seen``, ``stuck`` where waiting longer is of no use, ``absent`` where what is
    waited for is not described at all."""

    over: bool
    seen: str
    stuck: bool = False
    absent: bool = False


class Phase(IntEnum):
    """When a step may be sent, in the order that is always safe (docs/design.md). A phase is a function of the change:
    what protects comes first when it is turned on and last when it is turned off."""

    PROTECT = 1
    RECOVER = 2
    PERMIT = 3
    STREAM = 4
    CLASS = 5
    ENCRYPT = 6
    SEND_CHANGES = 7
    MEASURE = 8
    EXPIRE = 9
    STOP_RECOVERY = 10
    UNPROTECT = 11


class RetirementPhase(IntEnum):
    """When ``retire`` turns off what would outlive its table, in the order that is safe; the name of a step is the
    name here in lower case. What is not here goes with the table."""

    TRIGGERS = 1
    ACCESS = 2
    AUTOSCALING = 3
    ALARMS = 4
    BACKUP_SELECTION = 5
    CONTRIBUTOR_INSIGHTS = 6
    KINESIS_DESTINATION = 7


# --- what a change means


class Hazard(Struct, frozen=True, kw_only=True):
    """One hazard of a plan. ``consent`` names what accepts it: ``yes`` (a question, or ``--yes``), ``confirm`` (the
    table's name typed, or ``--confirm NAME``), the flags ``--prune``, ``--rebuild-index NAME``,
    ``--allow-delete-items`` with the name typed, or ``impossible``: dynasmith refuses it."""

    kind: str
    path: str
    why: str
    consent: Consent
    flag: str


class Facts(Struct, frozen=True, kw_only=True):
    """What was looked up for the verdicts. ``expired_sample`` counts sampled items whose TTL attribute-to-be holds a
    past time, of ``sampled``; None where nothing was sampled."""

    expired_sample: int | None = None
    sampled: int = 0


class CostEstimate(Struct, frozen=True, kw_only=True):
    """What one change costs. ``once`` and ``monthly`` are US dollars, None where unknown; ``basis`` says from what."""

    path: str
    basis: str
    once: float | None = 0.0
    monthly: float | None = 0.0


# --- the setting

V = TypeVar("V")
C = TypeVar("C", bound=SettingChange)
S = TypeVar("S", bound=SettingCall)


class Setting(ABC, Generic[V, C, S]):
    """One setting of a table: its value ``V``, its change ``C``, its calls ``S``. Pure."""

    retirement: ClassVar[RetirementPhase | None] = None
    """When ``retire`` turns the setting off; None for one that goes with the table."""

    @property
    @abstractmethod
    def field(self) -> str:
        """The field of `Table`."""

    @property
    @abstractmethod
    def key(self) -> DocumentKey:
        """The key in a definition file, with what it may hold and what the reference says of it."""

    @property
    @abstractmethod
    def label(self) -> str:
        """Its name for people, as ``describe`` shows it."""

    @property
    @abstractmethod
    def types(self) -> tuple[type[SettingChange | SettingCall | SettingWait], ...]:
        """The change, the calls and the waits that this setting declares."""

    @property
    @abstractmethod
    def off(self) -> V:
        """What a table has that was never told otherwise."""

    @property
    @abstractmethod
    def in_create_table(self) -> bool:
        """Whether CreateTable takes it; else it follows in a step of its own."""

    @property
    @abstractmethod
    def copied(self) -> bool:
        """Whether a table that is created from another one (``copy --create-target``) gets it too."""

    @abstractmethod
    def of(self, table: Table) -> V | UnsetType:
        """The value in a table, wanted or live."""

    @abstractmethod
    def parse(self, written: object) -> V:
        """The value of what a definition says, which is sound in form (``key``)."""

    @abstractmethod
    def render(self, value: V) -> object:
        """What a definition says for a value: what ``parse`` reads back as that value."""

    @abstractmethod
    def difference(self, desired: V, current: V) -> C | None:
        """The change that makes ``current`` what ``desired`` says; None where it matches."""

    @abstractmethod
    def steps(self, change: C) -> Iterator[tuple[Phase, SettingStep]]:
        """The calls and waits that make a change, each with its phase."""

    @abstractmethod
    def after(self, step: S, table: Table) -> Table:
        """What a call leaves behind of a table."""

    @abstractmethod
    def hazard(self, change: C, table: str, facts: Facts) -> Hazard | None:
        """What of a change destroys, costs for good or takes something away. ``table`` is the physical name."""

    @abstractmethod
    def price(self, change: C, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        """What a change costs; None where it costs nothing by itself."""

    @abstractmethod
    def words(self, step: S) -> str:
        """A call in words, as a plan lists it."""

    def changed_with(self, current: V, changes: Sequence[SettingChange]) -> V:  # one that follows another overrides it
        """The live value as these changes of other settings leave it, which come first in a plan."""
        return current

    def removal(self, desired: V, current: V) -> C | None:  # a setting that is a list overrides it
        """The change that removes what ``current`` has and ``desired`` does not list, which ``--prune`` makes; None
        where there is nothing."""
        return None

    def undefined(self, desired: V, current: V) -> Iterator[tuple[str, str]]:  # a setting that is a list overrides it
        """What `removal` removes, each with its path: ``("triggers.audit", "trigger audit")``. A plan without
        ``--prune`` says it."""
        yield from ()

    def left_alone(self, desired: V, current: V) -> Iterator[tuple[str, str]]:  # a setting with such parts overrides it
        """What differs and is never changed: its path, and a sentence. A plan says it."""
        yield from ()

    def retired(self, table: Table) -> Iterator[SettingStep]:  # one with more than its value to remove overrides it
        """The calls and waits by which ``retire`` turns it off; none where it is off. Asked where ``retirement``."""
        value = self.of(table)
        if isinstance(value, UnsetType):
            return
        for change in (self.difference(self.off, value), self.removal(self.off, value)):
            if change is not None:
                yield from (step for _, step in self.steps(change))

    def path(self, change: C) -> str:  # a setting that an index has too overrides it
        """Where in a definition a change belongs."""
        return self.key.name

    def summary(self, change: C) -> str:  # a setting whose values are long overrides it
        """A change in words, as a plan shows it; empty for its two values with an arrow between them."""
        return ""

    def symbol(self, change: C) -> Symbol:  # a setting whose change takes something away overrides it
        """How a plan marks a change."""
        return "~"


W = TypeVar("W", bound=SettingWait)


class WaitedSetting(Setting[V, C, S], Generic[V, C, S, W]):
    """A setting whose change the service makes after its answer, with a state of its own to wait for."""

    @abstractmethod
    def reached(self, wait: W, description: TableDescription) -> WaitState:
        """Whether a wait is over for the table as it was just described."""

    @abstractmethod
    def wait_words(self, wait: W) -> str:
        """A wait in words, as a plan lists it."""


def settled(thing: str, status: str, wanted: str) -> WaitState:
    """The state of a thing that is to become ``wanted``. One that an engine does not report (empty) cannot be waited
    for and counts as reached."""
    if status in ("", wanted):
        return WaitState(over=True, seen=f"{thing}: {wanted}")
    return WaitState(over=False, seen=f"{thing}: {status}")


def stuck(seen: str) -> WaitState:
    """A state from which nothing goes on by itself."""
    return WaitState(over=False, seen=seen, stuck=True)
