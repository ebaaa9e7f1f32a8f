"""Triggers at Lambda: there, on, on the stream that is on, succeeding, permitted."""

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription, TriggerState
from dynasmith.tables.settings.trigger_parts import merged
from dynasmith.tables.table import Trigger
from dynasmith.validate import Surroundings
from dynasmith.validate.live_facts import TriggerAgeFacts, TriggerRole, TriggerRoleFacts
from validate.case import Case
from validate.tables import GOOD, Seen, live, trigger

SHIP = "triggers.ship"


def state(**parts: Any) -> TriggerState:
    """A mapping of ``ship`` that is on."""
    given = {"uuid": "u", "function": "ship", "stream_arn": "arn:s", "state": "Enabled", "last_result": "OK"}
    return TriggerState(**{**given, **parts})


def described(*states: TriggerState, enabled: bool = True) -> TableDescription:
    """The good table, as it is defined, with these mappings."""
    table = live()
    there = merged(replace(trigger(), enabled=enabled), None)
    return replace(table, table=replace(table.table, triggers=(there,)), triggers=states)


def case(name: str, found: Seen, *states: TriggerState, roles: TriggerRoleFacts | None = None) -> Case:
    """The good definition, which lists ``ship``, and a table with these mappings."""
    return Case(name, GOOD, described(*states), found, Surroundings(trigger_roles=roles))


def aged(**ages_ms: int) -> Surroundings:
    """How old changes were when the functions got them."""
    return Surroundings(trigger_ages=TriggerAgeFacts(ages_ms=ages_ms))


ROLE = TriggerRole(arn="arn:r", lacking=("dynamodb:GetRecords",))
CASES = (
    case("a trigger that is as it should be", [], state()),
    case("an alias of the function is another", [("DS056", "critical", SHIP)], state(function="ship:live")),
    case("a trigger that Lambda does not have", [("DS056", "critical", SHIP)]),
    Case("triggers that were not read", GOOD, live(), []),
    case("a trigger that was turned off", [("DS056", "critical", SHIP)], state(state="Disabled")),
    Case(
        "a trigger that is meant to be off",
        replace(GOOD, triggers=(Trigger(function="ship", enabled=False, maximum_retry_attempts=3),)),
        described(state(state="Disabled"), enabled=False),
        [],
    ),
    Case(
        "one that nobody defined is off",
        replace(GOOD, triggers=UNSET),
        described(state(state="Disabled")),
        [("DS056", "notice", SHIP)],
    ),
    case("a trigger on an old stream", [("DS057", "critical", SHIP)], state(on_current_stream=False)),
    case("a mapping that is left over", [("DS057", "notice", SHIP)], state(), state(on_current_stream=False)),
    case("a call that failed", [("DS058", "warning", SHIP)], state(last_result="PROBLEM: Function call failed")),
    Case("changes come late", GOOD, described(state()), [("DS058", "warning", SHIP)], aged(ship=61_000)),
    Case("changes come in time", GOOD, described(state()), [], aged(ship=60_000)),
    Case(
        "an old mapping has no age",
        GOOD,
        described(state(), state(function="late", on_current_stream=False)),
        [("DS057", "critical", "triggers.late")],
        aged(late=70_000),
    ),
    Case(
        "how late they come cannot be known",
        GOOD,
        described(state()),
        [("DS058", "notice", "triggers")],
        Surroundings(trigger_ages=TriggerAgeFacts(unknown="CloudWatch denies it")),
    ),
    case("nothing was called yet", [], state(last_result="No records processed")),
    case("an old mapping that failed is old", [("DS057", "critical", SHIP)],
         state(on_current_stream=False, last_result="PROBLEM: Function call failed")),
    case("a role that may not read the stream", [("DS059", "critical", SHIP)], state(),
         roles=TriggerRoleFacts(roles={"ship": ROLE})),
    case("a role that may", [], state(), roles=TriggerRoleFacts(roles={"ship": TriggerRole(arn="arn:r")})),
    case("a function that is gone", [("DS059", "critical", SHIP)], state(),
         roles=TriggerRoleFacts(roles={"ship": TriggerRole(function_missing=True)})),
    case("roles that may not be looked at", [("DS059", "notice", "triggers")], state(),
         roles=TriggerRoleFacts(unknown="not allowed")),
)  # fmt: skip
