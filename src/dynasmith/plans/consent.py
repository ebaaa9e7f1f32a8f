"""What was consented to, and what of a plan still lacks consent."""

from collections.abc import Iterator

from msgspec import Struct

from dynasmith.plans.plan import Plan
from dynasmith.tables.settings.base import Hazard


class Consent(Struct, frozen=True, kw_only=True):
    """What the caller accepts. ``yes`` answers every question; it never destroys: for that a name is typed
    (``confirm``: physical table names, or the name of a protected environment), or the exact flag given."""

    yes: bool = False
    confirm: frozenset[str] = frozenset()
    prune: bool = False
    rebuild_indexes: frozenset[str] = frozenset()
    allow_delete_items: bool = False


def lacking(plan: Plan, consent: Consent) -> tuple[tuple[str, Hazard], ...]:
    """The hazards that ``consent`` does not cover, each with its table. A table that cannot be changed as
    its definition says lacks none: it is refused whatever is consented to. Pure."""
    return tuple(_lacking(plan, consent))


def _lacking(plan: Plan, consent: Consent) -> Iterator[tuple[str, Hazard]]:
    for table in plan.tables:
        if any(hazard.consent == "impossible" for hazard in table.hazards):
            continue  # it is refused (`plans.refusal`), so there is nothing to consent to
        for hazard in table.hazards:
            if not covers(consent, table.table, hazard):
                yield table.table, hazard


def covers(consent: Consent, table: str, hazard: Hazard) -> bool:
    """Whether ``consent`` covers this hazard of this table."""
    match hazard.consent:
        case "yes":
            return consent.yes
        case "confirm":
            return table in consent.confirm
        case "prune":
            return consent.prune
        case "rebuild-index":
            return hazard.path.removeprefix("global_secondary_indexes.") in consent.rebuild_indexes
        case "allow-delete-items":
            return consent.prune and consent.allow_delete_items and table in consent.confirm
        case "impossible":
            return False
