"""What an environment says differently, laid over the tables: the deep merge of `environments:`."""

from __future__ import annotations

from dynasmith.tables.document import Node
from dynasmith.tables.document_kinds import Block, DocumentKey, Kind, ListOf, MapOf


def overlay(base: Node, over: Node, kind: Kind) -> Node:
    """``over`` laid over ``base``: maps merge, lists of named things merge by name, everything else replaces.

    null leaves the key out: it is not managed any more. What comes from ``over`` keeps its own place.
    """
    if isinstance(kind, ListOf) and kind.by and base.is_list and over.is_list:
        return _named(base, over, kind)
    if isinstance(kind, Block | MapOf) and base.is_map and over.is_map:
        return _map(base, over, kind)
    return over


def _map(base: Node, over: Node, kind: Block | MapOf) -> Node:
    entries = dict(base.entries())
    if isinstance(kind, Block) and kind.switch and "enabled" not in over.entries() and over.value:
        # Saying how something is to be says that it is on again.
        entries.pop("enabled", None)
    for name, value in over.entries().items():
        known = kind.key(name) if isinstance(kind, Block) else DocumentKey(name, kind.kind, "")
        spelling = _spelling(entries, known) if known is not None else name
        if value.value is None:
            entries.pop(spelling, None)
        elif spelling in entries and known is not None:
            entries[spelling] = overlay(entries[spelling], value, known.kind)
        else:
            entries[name] = value
    return base.with_value(entries)


def _spelling(entries: dict[str, Node], key: DocumentKey) -> str:
    """The name under which the base has that key: ours, or the service's."""
    return key.aws if key.aws and key.aws in entries else key.name


def _named(base: Node, over: Node, kind: ListOf) -> Node:
    members = list(base.members())
    places = {name: place for place, member in enumerate(members) if (name := name_of(member, kind)) is not None}
    for member in over.members():
        place = places.get(name_of(member, kind) or "")
        if place is None:
            members.append(member)
        else:
            members[place] = overlay(members[place], member, kind.kind)
    if not over.value:
        members = []  # [] says that none is wanted
    return over.with_value(tuple(members))


def name_of(member: Node, kind: ListOf) -> str | None:
    """What tells a member of the list from the others: its name, Region or function; None where it says none."""
    if not isinstance(kind.kind, Block):
        return None
    key = kind.kind.key(kind.by)
    for spelling in (kind.by, key.aws if key is not None else ""):
        named = member.get(spelling)
        if named is not None and isinstance(named.value, str):
            return named.value
    other = member.get(kind.or_by) if kind.or_by else None
    return f"{kind.or_by} {other.value}" if other is not None and isinstance(other.value, str) else None
