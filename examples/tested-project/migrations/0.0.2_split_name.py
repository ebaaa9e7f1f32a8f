"""Names are two attributes."""

from dynasmith.migrations import Migration


def up(m: Migration) -> None:
    m.table("users").backfill(split, undo=join)


def split(item):
    if "name" in item:
        item["first"], _, item["last"] = item.pop("name").partition(" ")
    return item


def join(item):
    if "first" in item:
        item["name"] = f"{item.pop('first')} {item.pop('last')}".strip()
    return item
