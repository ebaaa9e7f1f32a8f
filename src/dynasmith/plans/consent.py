"""What was consented to, and what still lacks consent: of a plan, or of another verb that writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import force_setattr, replace

from dynasmith.errors import ConsentNeed, ConsentRequired, UsageError
from dynasmith.plans.plan import Plan
from dynasmith.plans.where import Where
from dynasmith.tables.settings.base import Hazard
from dynasmith.tables.table import known


class Consent(Struct, frozen=True, kw_only=True):
    """What the caller accepts. ``yes`` answers every question; it never destroys: for that a name is given
    (``confirm``: physical table names, or the name of a protected environment), or the exact flag.

    ``ask`` is called with the `ConsentRequired` that would be raised, and returns the consent with the answers, or
    raises it: that is how a door asks a person. ``allow_personal`` names personal attributes that may leave a protected
    environment as they are. Names may be any collection of texts, or one text.
    """

    yes: bool = False
    confirm: Collection[str] = frozenset()
    prune: bool = False
    rebuild_indexes: Collection[str] = frozenset()
    allow_delete_items: bool = False
    allow_personal: Collection[str] = frozenset()
    ask: Callable[[ConsentRequired], Consent] | None = None

    def __post_init__(self) -> None:
        for field in ("confirm", "rebuild_indexes", "allow_personal"):
            given = getattr(self, field)
            force_setattr(self, field, frozenset([given] if isinstance(given, str) else given))


NO_CONSENT = Consent()


def question(text: str) -> ConsentNeed:
    """A question that ``yes`` answers. ``{where}`` in it becomes the environment with its address."""
    return ConsentNeed("yes", text, "--yes")


def named(text: str, name: str) -> ConsentNeed:
    """A question that only the name answers."""
    return ConsentNeed("name", text, f"--confirm {name}", name)


def protection(environment: str) -> ConsentNeed:
    """The name of a protected environment that is written."""
    return named(f"Environment {environment} is protected ({{address}}).", environment)


def granted(consent: Consent, needs: Sequence[ConsentNeed], where: Callable[[], Where]) -> Consent:
    """The consent, with what its ``ask`` answered, where it covers every need. Raises ConsentRequired with all that is
    missing. ``where`` is called only then: it may cost a call."""
    missing = [need for need in needs if not _answered(consent, need)]
    if not missing:
        return consent
    place = where()
    shown = tuple(need._replace(question=_placed(need.question, place)) for need in missing)
    required = ConsentRequired(
        " ".join(["Consent is required:", *(need.question for need in shown), "Nothing changed."]),
        hint=f"add {' '.join(dict.fromkeys(need.flag for need in shown))}",
        needs=shown,
        where=place.to_json(),
    )
    if consent.ask is None or any(need.kind == "flag" for need in missing):
        raise required
    return granted(replace(consent.ask(required), ask=None), needs, lambda: place)


def _placed(text: str, place: Where) -> str:
    return text.replace("{where}", str(place)).replace("{address}", place.address)


def _answered(consent: Consent, need: ConsentNeed) -> bool:
    return consent.yes if need.kind == "yes" else need.kind == "name" and need.name in consent.confirm


def needs_of(plan: Plan, consent: Consent) -> tuple[ConsentNeed, ...]:
    """What the hazards of a plan need that ``consent`` does not cover. Those that a name or a yes answers come last."""
    found = [_need(table, hazard, consent) for table, hazard in lacking(plan, consent)]
    return tuple(sorted(dict.fromkeys(found), key=lambda need: need.kind != "flag"))


def _need(table: str, hazard: Hazard, consent: Consent) -> ConsentNeed:
    text = f"{table} {hazard.path}: {hazard.why}."
    if hazard.consent == "yes":
        return ConsentNeed("yes", text, hazard.flag)
    flags_given = consent.prune and consent.allow_delete_items
    if hazard.consent == "confirm" or (hazard.consent == "allow-delete-items" and flags_given):
        return ConsentNeed("name", text, hazard.flag, table)
    return ConsentNeed("flag", text, hazard.flag)


def refuse_unknown_indexes(plan: Plan, rebuilt: Collection[str]) -> None:
    """Raise UsageError for a name of ``--rebuild-index`` that no table of the plan gives to an index. An index that is
    as defined already has nothing to rebuild: the same command goes on after a stop."""
    known_names = {index.name for table in plan.tables for index in known(table.desired.indexes, ())}
    for name in sorted(rebuilt):
        if name not in known_names:
            raise UsageError(
                f"No table of the plan has an index {name} in its definition.",
                hint="use the name of an index that the plan shows",
            )


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
