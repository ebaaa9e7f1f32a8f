"""Findings about items: what is wrong, how many items have it, with which keys. Pure; items are read elsewhere."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.validate.finding import Finding, Severity
from dynasmith.validate.item_checks import MODEL, ItemCheck
from dynasmith.validate.item_sample import ItemSampleSize

SHOWN_KEYS = 5
"""So many keys stand in the sentence of a finding; its field may have more."""


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


class ItemsFinding(Finding, frozen=True, kw_only=True):
    """What many items have in common. ``items`` were read, ``sampled`` says whether others were not; ``count`` have it,
    ``keys`` are of some of them; ``message`` holds no value of an item."""

    items: int
    sampled: bool
    count: int
    keys: list[dict[str, str]]
    message: str

    @classmethod
    def of(
        cls,
        check: ItemCheck,
        table: str,
        path: str,
        severity: Severity,
        message: str,
        sample: ItemSampleSize,
        *,
        count: int,
        keys: Sequence[Mapping[str, str]],
    ) -> "ItemsFinding":
        """The finding of a check."""
        some = "; ".join(_shown(key) for key in keys[:SHOWN_KEYS])
        return cls(
            table=table,
            code=check.code,
            severity=severity,
            path=path,
            why=f"{message} {f'For example {some}. ' if some else ''}{check.why}",
            fix=check.fix,
            items=sample.items,
            sampled=not sample.whole,
            count=count,
            keys=[dict(key) for key in keys],
            message=message,
        )

    def redacted(self, hidden: str) -> "ItemsFinding":
        """The same without values of keys."""
        keys = [dict.fromkeys(key, hidden) for key in self.keys]
        why = self.why
        for key in self.keys:
            why = why.replace(_shown(key), _shown(dict.fromkeys(key, hidden)), 1)
        return replace(self, keys=keys, why=why)


class AttributeCount(Struct, frozen=True, kw_only=True):
    """One attribute at the top of items: how many have it, in which types."""

    name: str
    items: int
    types: dict[str, int]


class ItemCensus(Finding, frozen=True, kw_only=True):
    """What was read of a table: how many items and how large, and the attributes that they have, the most usual first.
    ``items_estimate`` is the service's own number, up to six hours old; ``more_attributes`` were not listed."""

    items: int
    items_estimate: int
    sampled: bool
    read_units: float
    average_bytes: int
    largest_bytes: int
    attributes: list[AttributeCount]
    more_attributes: int


def _shown(key: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in key.items())


def item_finding(
    table: str, model: str, key: Mapping[str, str], attribute: str, kind: str, message: str
) -> ItemFinding:
    """The finding about one attribute of one item."""
    return ItemFinding(
        table=table,
        code=MODEL.code,
        severity="critical",
        path=attribute,
        why=f"{model} ({_shown(key)}): {message}",
        fix=MODEL.fix,
        model=model,
        key=dict(key),
        kind=kind,
        message=message,
    )


def item_totals(
    table: str, model: str, *, items: int, invalid: int, problems: int, shown: int, sampled: bool = False
) -> ItemTotals:
    """The finding about all items of a class: critical where one is not valid, a notice where all are."""
    read = " that were read" if sampled else ""
    what = f"{invalid:,} of {items:,} items of {model}{read} are not valid" if invalid else ""
    what = what or f"All {items:,} items{read} are valid"
    found = "1 problem" if problems == 1 else f"{problems:,} problems"
    cut = "" if shown == problems else f", of which {shown:,} {'is' if shown == 1 else 'are'} shown"
    details = f", with {found}{cut}. {MODEL.why}" if invalid else f" for {model}."
    return ItemTotals(
        table=table,
        code=MODEL.code,
        severity="critical" if invalid else "notice",
        path="",
        why=f"{what}{details}",
        fix=MODEL.fix if invalid else "nothing to do",
        model=model,
        items=items,
        invalid=invalid,
        problems=problems,
        shown=shown,
    )
