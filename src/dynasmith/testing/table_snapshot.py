"""Tables as they are at one moment, and where two moments differ."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from dynasmith.aws.control.settings_reads import ASIDES
from dynasmith.items.digest import Digest, digest_items
from dynasmith.plans.notes import DEFINITION_WORDS
from dynasmith.tables.table import Billing, Table

if TYPE_CHECKING:
    from dynasmith.project.world import World


PAGE: Final = 500


class TableSnapshot(Struct, frozen=True, kw_only=True):
    """One table. ``keys`` is the digest of the keys of its items, ``items`` that of the items."""

    table: Table
    keys: Digest
    items: Digest


TableSnapshots: TypeAlias = Mapping[str, TableSnapshot]


def read_snapshots(world: World) -> TableSnapshots:
    """Every table of the account but the history of migrations. A scan of each: for tables of tests."""
    history = world.settings.new_name(world.settings.history_table)
    return {name: _state(world, name) for name in world.control.names() if name != history}


def wire_items(world: World, table: str) -> Iterator[dict[str, Any]]:
    """The items of a table in DynamoDB JSON, with binary as base64 text, page after page, read consistently."""
    start: Mapping[str, Any] | None = None
    while True:
        page = world.few_items.scan_page(table, limit=PAGE, start=start)
        yield from page.items
        start = page.next
        if start is None:
            return


def differences(before: TableSnapshots, after: TableSnapshots, *, values: bool = True) -> list[str]:
    """Where ``after`` is not as ``before``, a sentence a table; without ``values`` items are the same when their keys
    are."""
    found = [f"table {name} is gone" for name in sorted(set(before) - set(after))]
    found += [f"table {name} is there and was not" for name in sorted(set(after) - set(before))]
    for name in sorted(set(before) & set(after)):
        one, other = before[name], after[name]
        fields = [
            field for field in Table.__struct_fields__ if getattr(one.table, field) != getattr(other.table, field)
        ]
        if fields:
            words = ", ".join(DEFINITION_WORDS.get(field, field) for field in fields)
            found.append(f"table {name} differs in {words}")
        if one.keys != other.keys:
            found.append(f"table {name} has other items: {one.keys.count:,} before, {other.keys.count:,} after")
        elif values and one.items != other.items:
            found.append(f"table {name} has items whose attributes differ")
    return found


def _state(world: World, name: str) -> TableSnapshot:
    table = world.control.describe(name, ()).table
    # An on-demand table has no autoscaling, and to ask for it starts an engine of its own.
    settings = None if table.billing is Billing.PROVISIONED else {"encryption", "replicas", *ASIDES}
    table = world.control.describe(name, settings).table
    keys = items = Digest()
    for item in wire_items(world, name):
        keys += digest_items([_raw({each: item[each] for each in table.key.names})])
        items += digest_items([_raw(item)])
    return TableSnapshot(table=table, keys=keys, items=items)


def _raw(item: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(item, enc_hook=lambda value: base64.b64encode(value).decode())
