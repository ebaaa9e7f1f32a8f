"""A refresh of an environment from another one: what its recipe says, and the parts that it is done in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct, field

from dynasmith.errors import UsageError
from dynasmith.jobs.counts import Counts
from dynasmith.tables.findings import did_you_mean

Action: TypeAlias = Literal["empty", "copy", "migrate", "validate", "verify", "run"]
PartState: TypeAlias = Literal["waiting", "running", "done", "failed", "skipped"]
AFTER: Final = ("migrate", "validate", "verify")
"""What may be done after the tables are copied, beside commands."""
COMMAND: Final = "run "
"""Begins a command of ``after``."""


class RefreshTable(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One table of a recipe: its transforms, in order, then its operations; its own sample in place of the recipe's."""

    transform: tuple[str, ...] = ()
    operations: tuple[dict[str, Any], ...] = ()
    filter: str = ""
    sample: str = ""
    by: str = ""
    missing: Literal["", "drop", "keep"] = ""


class RefreshRecipe(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What ``[refresh.NAME]`` says. ``source`` is the environment that is copied; ``empty`` are tables that lose every
    item first, ``keep`` those that may hold items from before; ``after`` is done when every table is copied."""

    source: str = field(name="from", default="")
    tables: dict[str, RefreshTable] = {}
    sample: str = ""
    by: str = ""
    missing: Literal["", "drop", "keep"] = ""
    empty: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class RefreshPart(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One part of a refresh, and how far it got. ``job`` is its own job, by whose id it is gone on with; ``found`` is
    how many differences or findings it ended with, ``plain_reason`` that the reason repeats nothing of an item."""

    do: Action
    table: str = ""
    transform: str = ""
    filter: str = ""
    command: str = ""
    state: PartState = "waiting"
    job: str = ""
    reason: str = ""
    plain_reason: bool = False
    found: int = 0
    counts: Counts = Counts()

    def __str__(self) -> str:
        return " ".join(each for each in (self.do, self.table, self.command) if each)

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        return {
            "part": str(self),
            "do": self.do,
            "table": self.table or None,
            "state": self.state,
            "job": self.job or None,
            "reason": self.reason or None,
            "found": self.found,
            **self.counts.to_json(),
        }


def check_recipe(name: str, recipe: RefreshRecipe) -> None:
    """Raise UsageError for a recipe that contradicts itself or names what is not there. Pure."""
    what = f"Recipe {name}"
    if not recipe.tables and not recipe.empty:
        raise UsageError(
            f"{what} names no tables.", hint=f"write [refresh.{name}.tables.TABLE] for each that is copied"
        )
    for each in recipe.after:
        if each not in AFTER and not each.startswith(COMMAND):
            near = did_you_mean(each, AFTER) or f"use {', '.join(AFTER)}, or {COMMAND}COMMAND"
            raise UsageError(f"{what}: after has {each!r}, which is not known.", hint=near)
        if each.startswith(COMMAND) and not each.removeprefix(COMMAND).strip():
            raise UsageError(f"{what}: after has a command that is empty.", hint=f"{COMMAND}python seed.py")
    for list_name in ("empty", "keep", "after"):
        if twice := _twice(getattr(recipe, list_name)):
            raise UsageError(f"{what}: {list_name} names {twice} twice.", hint="remove one of the two")
    for each in recipe.keep:
        if each in recipe.empty or each not in recipe.tables:
            why = "is emptied, too" if each in recipe.empty else "is not copied"
            raise UsageError(f"{what}: keep names {each}, which {why}.", hint=f"remove {each} from keep")
    if "verify" in recipe.after and not recipe.tables:
        raise UsageError(f"{what}: verify compares copied tables, and none is copied.", hint="remove verify")


def _twice(names: Sequence[str]) -> str:
    return next((each for each in names if names.count(each) > 1), "")


def refresh_parts(recipe: RefreshRecipe, transforms: dict[str, str]) -> tuple[RefreshPart, ...]:
    """The parts in their order: all that is emptied, all that is copied, what is done after. ``transforms`` are the
    texts of the tables' transforms, samples included."""
    empty = [RefreshPart(do="empty", table=table) for table in recipe.empty]
    copies = [
        RefreshPart(do="copy", table=name, transform=transforms.get(name, ""), filter=table.filter)
        for name, table in recipe.tables.items()
    ]
    after = [
        RefreshPart(do="run", command=each.removeprefix(COMMAND).strip())
        if each.startswith(COMMAND)
        else RefreshPart(do=each)  # type: ignore[arg-type]  # `check_recipe` knows the words
        for each in recipe.after
    ]
    return (*empty, *copies, *after)


def blocked(part: RefreshPart, before: Sequence[RefreshPart]) -> str:
    """Why a part cannot be done after those ``before`` it; empty where it can. A table that could not be emptied is not
    copied into; what comes after needs every table."""
    unfinished = [each for each in before if each.state != "done"]
    if part.do == "empty":
        return ""
    if part.do == "copy":
        unfinished = [each for each in unfinished if each.table == part.table]
    return f"{unfinished[0]} is not done" if unfinished else ""
