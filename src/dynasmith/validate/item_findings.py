"""Findings about items: what the model classes of a table do not accept. Pure; the items are read elsewhere."""

from collections.abc import Mapping
from typing import NamedTuple

from dynasmith.validate.finding import Finding, Severity

CODE = "DS090"
TITLE = "Items are valid for their model class"
WHY = "Reads check types only: a validator does not see what another program wrote, or what an older rule let in."
FIX = "change the items with a backfill, or the validator"


class ItemCheck(NamedTuple):
    """A check of items, as pages and reports list it: with `validate` of items only."""

    code: str
    title: str
    why: str
    fix: str
    source: str
    severities: tuple[Severity, ...]
    when: str = ""


ITEM_CHECKS: tuple[ItemCheck, ...] = (
    ItemCheck(
        code=CODE,
        title=TITLE,
        why=WHY,
        fix=FIX,
        source="pydantic's documentation, Validators; the guide of models, Attributes",
        severities=("critical", "notice"),
        when="a notice has the totals where every item is valid",
    ),
)
"""Every check of items, in the order of its code."""


class ItemFinding(Finding, frozen=True, kw_only=True):
    """An item that its class does not accept: ``path`` is the attribute, ``kind`` the sort of error."""

    model: str
    key: dict[str, str]
    kind: str
    message: str

    def redacted(self, hidden: str) -> "ItemFinding":
        """The same without values: neither of the key nor in what a validator says."""
        return item_finding(self.table, self.model, dict.fromkeys(self.key, hidden), self.path, self.kind, self.kind)


class ItemTotals(Finding, frozen=True, kw_only=True):
    """How many items of a class are not valid, of how many."""

    model: str
    items: int
    invalid: int
    problems: int
    shown: int


def item_finding(
    table: str, model: str, key: Mapping[str, str], attribute: str, kind: str, message: str
) -> ItemFinding:
    """The finding about one attribute of one item."""
    shown = ", ".join(f"{name}={value}" for name, value in key.items())
    return ItemFinding(
        table=table,
        code=CODE,
        severity="critical",
        path=attribute,
        why=f"{model} ({shown}): {message}",
        fix=FIX,
        model=model,
        key=dict(key),
        kind=kind,
        message=message,
    )


def item_totals(table: str, model: str, *, items: int, invalid: int, problems: int, shown: int) -> ItemTotals:
    """The finding about all items of a class: critical where one is not valid, a notice where all are."""
    what = f"{invalid:,} of {items:,} items of {model} are not valid" if invalid else f"All {items:,} items are valid"
    found = "1 problem" if problems == 1 else f"{problems:,} problems"
    cut = "" if shown == problems else f", of which {shown:,} {'is' if shown == 1 else 'are'} shown"
    details = f", with {found}{cut}. {WHY}" if invalid else f" for {model}."
    return ItemTotals(
        table=table,
        code=CODE,
        severity="critical" if invalid else "notice",
        path="",
        why=f"{what}{details}",
        fix=FIX if invalid else "nothing to do",
        model=model,
        items=items,
        invalid=invalid,
        problems=problems,
        shown=shown,
    )
