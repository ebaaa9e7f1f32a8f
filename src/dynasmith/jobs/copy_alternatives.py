"""The ways in which a table becomes another one, with units, money and time of each: what `copy --dry-run` proposes."""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from dynasmith.jobs.estimate import JobEstimate
from dynasmith.tables.prices import GIGABYTE, Prices

MINUTE: Final = 60.0
EXPORT_SECONDS: Final = 5 * MINUTE
IMPORT_SECONDS: Final = 5 * MINUTE
BACKUP_SECONDS: Final = 1 * MINUTE
RESTORE_SECONDS: Final = 20 * MINUTE
SECONDS_A_GIGABYTE: Final = {"export": 6.0, "import": 30.0, "restore": 6.0}
"""How long the service takes: experience of small and middling tables, not a promise. Of restores the Developer Guide
says that 95 % take less than an hour ("Restoring a table from a backup")."""
BACKUP_DAYS: Final = 1
"""For so long a backup that is made for a copy is kept, and paid for."""


class CopyAlternative(Struct, frozen=True, kw_only=True):
    """One way. ``impossible`` says why it cannot be gone here; ``commands`` are those that go it.

    Units are capacity units, ``seconds`` and ``dollars`` None where they are unknown.
    """

    name: Literal["ours", "export and import", "backup and restore"]
    read_units: float
    write_units: float
    seconds: float | None
    dollars: float | None
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    impossible: str = ""
    cheapest: bool = False

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        document: dict[str, Any] = to_builtins(self)
        document["cost_dollars"] = document.pop("dollars")
        return document | {"impossible": self.impossible or None}


class CopyRequest(Struct, frozen=True, kw_only=True):
    """What a copy is to do: between which tables, and what stands in the way of the service's own ways.

    ``size_bytes`` is that of the source, ``new_target`` whether the target is yet to be created, ``changes`` what makes
    other items of them (``--transform``, ``--filter`` ...), ``recovery`` whether the source has point-in-time recovery
    (None: not known), ``local_indexes`` whether it has local secondary indexes, ``one_place`` whether both are in one
    account and Region.
    """

    source: str
    target: str
    size_bytes: int
    new_target: bool
    changes: str = ""
    recovery: bool | None = None
    local_indexes: bool = False
    one_place: bool = True


def copy_alternatives(wish: CopyRequest, ours: JobEstimate, prices: Prices) -> tuple[CopyAlternative, ...]:
    """The three ways, the cheapest of those that are possible marked: where their prices are known."""
    alternatives = (_ours(wish, ours), _by_import(wish, prices), _by_restore(wish, prices))
    possible = [
        alternative for alternative in alternatives if not alternative.impossible and alternative.dollars is not None
    ]
    if len(possible) < len([alternative for alternative in alternatives if not alternative.impossible]):
        return alternatives
    best = min(possible, key=lambda alternative: (alternative.dollars or 0.0, alternative.seconds or 0.0))
    return tuple(_marked(alternative, best) for alternative in alternatives)


def _marked(alternative: CopyAlternative, best: CopyAlternative) -> CopyAlternative:
    return replace(alternative, cheapest=alternative is best)


def _ours(wish: CopyRequest, ours: JobEstimate) -> CopyAlternative:
    flag = " --create-target" if wish.new_target else ""
    return CopyAlternative(
        name="ours",
        read_units=ours.read_units,
        write_units=ours.write_units,
        seconds=ours.seconds,
        dollars=ours.dollars,
        commands=(f"dynasmith copy {wish.source} {wish.target}{flag}",),
    )


def _by_import(wish: CopyRequest, prices: Prices) -> CopyAlternative:
    gigabytes = wish.size_bytes / GIGABYTE
    notes = [
        f"priced as {_priced(prices.export_gigabyte)} and {_priced(prices.import_gigabyte)} a gigabyte; S3 is extra"
    ]
    if not wish.recovery:
        notes.append(
            f"{wish.source} needs point-in-time recovery first" if wish.recovery is False else "needs recovery"
        )
    return CopyAlternative(
        name="export and import",
        read_units=0.0,
        write_units=0.0,
        seconds=EXPORT_SECONDS + IMPORT_SECONDS + gigabytes * _seconds("export", "import"),
        dollars=_sum(gigabytes, prices.export_gigabyte, prices.import_gigabyte),
        commands=(
            f"dynasmith export {wish.source} s3://BUCKET/PREFIX",
            f"dynasmith populate {wish.target} s3://BUCKET/PREFIX --create --by import",
        ),
        notes=(*notes, "the target must be defined"),
        impossible=_blocked(wish) or ("an import makes no local secondary index" if wish.local_indexes else ""),
    )


def _by_restore(wish: CopyRequest, prices: Prices) -> CopyAlternative:
    gigabytes = wish.size_bytes / GIGABYTE
    month = None if prices.backup_gigabyte_month is None else prices.backup_gigabyte_month * BACKUP_DAYS / 30
    elsewhere = "" if wish.one_place else "a restore stays in the account, and here in the Region of the backup"
    return CopyAlternative(
        name="backup and restore",
        read_units=0.0,
        write_units=0.0,
        seconds=BACKUP_SECONDS + RESTORE_SECONDS + gigabytes * _seconds("restore"),
        dollars=_sum(gigabytes, prices.restore_gigabyte, month),
        commands=(
            f"dynasmith backup create {wish.source}",
            f"dynasmith backup restore BACKUP --target {wish.target}",
        ),
        notes=(f"priced as {_priced(prices.restore_gigabyte)} a gigabyte, and a day of the backup",),
        impossible=_blocked(wish) or elsewhere,
    )


def _blocked(wish: CopyRequest) -> str:
    """What keeps the service from making the target."""
    if wish.changes:
        return f"the service copies items as they are, without {wish.changes}"
    return "" if wish.new_target else "the target exists, and the service makes a new table"


def _seconds(*steps: str) -> float:
    return sum(SECONDS_A_GIGABYTE[step] for step in steps)


def _sum(gigabytes: float, *prices: float | None) -> float | None:
    known = [price for price in prices if price is not None]
    return gigabytes * sum(known) if len(known) == len(prices) else None


def _priced(price: float | None) -> str:
    return "an unknown price" if price is None else f"${price:.2f}"
