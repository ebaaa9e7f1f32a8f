"""What other services say of a table. Each fact says why it could not be had, and then nothing is judged by it."""

from typing import Final

from msgspec import Struct

from dynasmith.tables.prices import Prices
from dynasmith.validate.backup_coverage import BackupRun, TableSelection
from dynasmith.validate.load import ResourceLoad
from dynasmith.validate.trails import Trail


class LiveFact(Struct, frozen=True, kw_only=True):
    """Something that a service was asked for. ``unknown`` is empty, or one clause that says why it is not known."""

    unknown: str = ""


class TrailFacts(LiveFact, frozen=True, kw_only=True):
    """The trails of CloudTrail that work in the Region."""

    trails: tuple[Trail, ...] = ()


class SelectionFacts(LiveFact, frozen=True, kw_only=True):
    """The selections of AWS Backup in the Region, and whether the Region is opted in for DynamoDB."""

    selections: tuple[TableSelection, ...] = ()
    opted_in: bool = True


class BackupRunFacts(LiveFact, frozen=True, kw_only=True):
    """The backup jobs that AWS Backup still lists of the table (those of the last 30 days)."""

    runs: tuple[BackupRun, ...] = ()


class TriggerRole(Struct, frozen=True, kw_only=True):
    """The role of a function that a trigger calls, and which of the actions that it needs it lacks."""

    arn: str = ""
    function_missing: bool = False
    lacking: tuple[str, ...] = ()


class TriggerRoleFacts(LiveFact, frozen=True, kw_only=True):
    """The roles of the functions of a table's triggers, by function."""

    roles: dict[str, TriggerRole] = {}


class TriggerAgeFacts(LiveFact, frozen=True, kw_only=True):
    """How old changes were at most when each function of a table's triggers got them, lately, in milliseconds, by
    function; without those that CloudWatch has no figure of."""

    ages_ms: dict[str, int] = {}


class AccessRole(Struct, frozen=True, kw_only=True):
    """What a role with access may do beyond it: a few words on each wildcard, and actions that change tables."""

    wildcards: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


class AccessRoleFacts(LiveFact, frozen=True, kw_only=True):
    """The roles that have access to a table, by name."""

    roles: dict[str, AccessRole] = {}


class ThrottledPart(Struct, frozen=True, kw_only=True):
    """How many reads or writes of a table (``index`` is empty) or of an index were throttled."""

    index: str
    side: str
    events: float


class ThrottleFacts(LiveFact, frozen=True, kw_only=True):
    """What was throttled in the last 24 hours, as CloudWatch counts it."""

    throttled: tuple[ThrottledPart, ...] = ()


class LoadFacts(LiveFact, frozen=True, kw_only=True):
    """What a table and its indexes consumed in the last ``days``, and the prices of the Region."""

    load: tuple[ResourceLoad, ...] = ()
    days: float = 0.0
    prices: Prices = Prices()


LIVE_FACTS: Final = ("trails", "selections", "backup_runs", "throttles", "load", "now")
"""The parts of `Surroundings` that are asked of a service, or of the clock."""


def is_known(value: object) -> bool:
    """Whether a part of the surroundings is there, and could be had."""
    return bool(value) and not (isinstance(value, LiveFact) and value.unknown)
