"""Data of persons that would leave a protected environment as it is: refused, unless it is named."""

from __future__ import annotations

from collections.abc import Sequence

from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import ConsentNeed, ConsentRequired, DefinitionError, UsageError
from dynasmith.items.transform import Function
from dynasmith.jobs.side import Side
from dynasmith.operations.personal_data import passing
from dynasmith.plans.consent import Consent
from dynasmith.project.protection import protected_environments
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.tables.table import known

ALLOW = "--allow-personal"


def left_environments(items: ItemWorld, source: Side, target: Side, ends: tuple[TableEnd, TableEnd]) -> Sequence[str]:
    """The protected environments that items of a copy leave. No call, but where one is known by its account."""
    there = _protected(items, target, ends[1].name)
    return [name for name in _protected(items, source, ends[0].name) if name not in there]


def personal_passing(items: ItemWorld, source: Side, table: str, function: Function | None) -> Sequence[str]:
    """The personal attributes of a table that a transform lets through. Raises DefinitionError for definitions that
    cannot be read: nobody knows then what is personal."""
    return passing(_personal(items, source, table), function)


def counted_personal(
    items: ItemWorld, source: Side, target: Side, ends: tuple[TableEnd, TableEnd], function: Function | None
) -> tuple[str, ...]:
    """The personal attributes whose values a copy counts: where its transform masks, or a protected environment is
    left."""
    if not (getattr(function, "masks", False) or left_environments(items, source, target, ends)):
        return ()
    return known_personal(items, source, ends[0].name)


def known_personal(items: ItemWorld, side: Side, table: str) -> tuple[str, ...]:
    """What is personal in a table; nothing where its definition cannot be read."""
    try:
        return _personal(items, side, table)
    except DefinitionError:
        return ()


def refuse_personal(
    items: ItemWorld,
    source: Side,
    target: Side,
    ends: tuple[TableEnd, TableEnd],
    function: Function | None,
    consent: Consent | None,
) -> None:
    """Raise ConsentRequired where a copy takes personal attributes out of a protected environment, neither masked nor
    dropped, that ``allow_personal`` does not name; UsageError where that names what is not personal."""
    given = items.world.consent if consent is None else consent
    left = left_environments(items, source, target, ends)
    if not left and not given.allow_personal:
        return
    name = ends[0].name
    personal = _personal(items, source, name)
    for unknown in sorted(set(given.allow_personal) - set(personal)):
        raise UsageError(
            f"{unknown} is not personal in the definition of {name}.",
            hint=f"personal there: {', '.join(personal)}" if personal else f"leave out {ALLOW}",
        )
    found = [each for each in passing(personal, function) if each not in given.allow_personal] if left else []
    if not found:
        return
    flags = " ".join(f"{ALLOW} {each}" for each in found)
    text = f"{', '.join(found)} of {name} would leave the protected environment {left[0]} unmasked."
    raise ConsentRequired(
        f"Consent is required: {text} Nothing changed.",
        hint=f"mask, hash or redact {found[0]} in --transform, or add {flags}",
        needs=[ConsentNeed("flag", text, flags)],
    )


def _protected(items: ItemWorld, side: Side, table: str) -> tuple[str, ...]:
    at = items.at(side)
    return protected_environments(at.settings, at.session.access, [table], lambda: at.where.account)


def _personal(items: ItemWorld, side: Side, table: str) -> tuple[str, ...]:
    try:
        defined = items.at(side).definitions.tables
    except DefinitionError:
        raise
    except UsageError:  # nothing is defined there
        return ()
    return next((known(each.personal, ()) for each in defined if each.name == table), ())
