"""Data of persons that would leave a protected environment as it is: refused, unless it is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from dynasmith.errors import ConsentNeed, ConsentRequired, DefinitionError, UsageError
from dynasmith.items.transform import Function
from dynasmith.jobs.side import Side
from dynasmith.operations.personal_data import passing
from dynasmith.plans.consent import Consent
from dynasmith.project.protection import protected_environments
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.tables.table import known

if TYPE_CHECKING:
    from dynasmith.models import Model

ALLOW = "--allow-personal"
TableAt: TypeAlias = tuple[Side, str]
"""A table: its side, and its physical name."""


def left_environments(items: ItemWorld, source: TableAt, target: TableAt | None) -> Sequence[str]:
    """The protected environments that items leave on their way into a table, or into files (None). No call, but where
    one is known by its account."""
    there = () if target is None else _protected(items, *target)
    return [name for name in _protected(items, *source) if name not in there]


def is_protected(items: ItemWorld, side: Side, table: str) -> bool:
    """Whether a table is in a protected environment, so that no values of its items are shown in passing."""
    return bool(_protected(items, side, table))


def personal_note(items: ItemWorld, source: TableAt, left: Sequence[str], function: Function | None) -> list[str]:
    """What a dry run says about personal attributes that would pass. Raises DefinitionError for definitions that cannot
    be read: nobody knows then what is personal."""
    found = passing(_personal(items, *source), function) if left else ()
    return [f"{', '.join(found)} would leave the protected environment {left[0]} unmasked ({ALLOW})"] if found else []


def counted_personal(
    items: ItemWorld, source: TableAt, left: Sequence[str], function: Function | None
) -> tuple[str, ...]:
    """The personal attributes whose values a job counts: where its transform masks, or a protected environment is
    left."""
    return known_personal(items, *source) if left or getattr(function, "masks", False) else ()


def known_personal(items: ItemWorld, side: Side, table: str) -> tuple[str, ...]:
    """What is personal in a table; nothing where its definition cannot be read."""
    try:
        return _personal(items, side, table)
    except DefinitionError:
        return ()


def refuse_personal(
    items: ItemWorld, source: TableAt, left: Sequence[str], function: Function | None, consent: Consent | None
) -> None:
    """Raise ConsentRequired where personal attributes would leave a protected environment, neither masked nor dropped,
    that ``allow_personal`` does not name; UsageError where that names what is not personal."""
    given = items.world.consent if consent is None else consent
    if not left and not given.allow_personal:
        return
    name, personal = source[1], _personal(items, *source)
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


def refuse_leaving(items: ItemWorld, tables: Sequence[str | Side | type[Model]], consent: Consent | None) -> None:
    """The same for tables that are exported as they are."""
    given = items.world.consent if consent is None else consent
    sides = [(side, items.at(side).physical(side.table)) for side in map(items.side, tables)]
    personal = [frozenset(known_personal(items, *at)) for at in sides]
    everywhere = frozenset[str]().union(*personal)
    for at, own in zip(sides, personal, strict=True):
        allowed = frozenset(given.allow_personal) & (own | (frozenset(given.allow_personal) - everywhere))
        refuse_personal(items, at, left_environments(items, at, None), None, replace(given, allow_personal=allowed))


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
