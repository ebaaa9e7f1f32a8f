"""What a rule is: a code, why it exists, where that stands, what to do, and the check itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from dynasmith.limits import Quotas
from dynasmith.tables.document import Node
from dynasmith.tables.findings import Severity

Way = tuple[str | int, ...]
GSI = "global_secondary_indexes"
LSI = "local_secondary_indexes"


class RuleProblem(NamedTuple):
    """A place inside the table's document and what is wrong there; ``hint`` in place of the rule's own ``fix``."""

    way: Way
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One entry of a key_schema: where it stands, which attribute, HASH or RANGE."""

    way: Way
    attribute: str
    key_type: str


@dataclass(frozen=True, slots=True)
class JudgedTable:
    """A table's document, in form as far as it is not broken, with its physical name, the account's quotas, and the
    Region that it is for (empty where it is not known)."""

    node: Node
    name: str
    quotas: Quotas
    region: str = ""

    def sound(self, *way: str | int) -> Node | None:
        """The node at the end of that way where it is there and nothing in it was wrong."""
        node = self.node.get(*way)
        return None if node is None or node.broken else node

    def unknown(self, *way: str | int) -> bool:
        """Was it wrong or misspelt, so that nothing can be said about what is missing?"""
        node: Node | None = self.node
        for part in way:
            if node is None or part in node.meant:
                return node is not None
            node = node.get(part)
        return node is not None and node.broken

    def plain(self, *way: str | int) -> Any:
        """The plain value at the end of that way, or None."""
        return self.node.plain(*way)

    def indexes(self, kind: str) -> Iterator[tuple[Way, Node]]:
        """The indexes of that kind and the way to each."""
        for place, index in enumerate(self.node.nearest(kind).members() if self.node.get(kind) else ()):
            yield (kind, place), index

    def all_indexes(self) -> Iterator[tuple[Way, Node]]:
        """Global, then local indexes."""
        yield from self.indexes(GSI)
        yield from self.indexes(LSI)

    def key(self, *way: str | int) -> tuple[KeyUse, ...] | None:
        """The key_schema at that way, or None where it is not there or something in it was wrong."""
        schema = self.sound(*way, "key_schema")
        if schema is None:
            return None
        return tuple(
            KeyUse((*way, "key_schema", place), entry.plain("attribute_name"), entry.plain("key_type"))
            for place, entry in enumerate(schema.members())
        )

    def all_keys(self) -> Iterator[tuple[Way, tuple[KeyUse, ...]]]:
        """Every key that is sound: of the table and of each index, with the way to its owner."""
        for way in ((), *(way for way, _ in self.all_indexes())):
            key = self.key(*way)
            if key is not None:
                yield way, key

    def types(self) -> dict[str, str]:
        """The declared types of the attributes that are sound."""
        attributes = self.node.get("attributes")
        members = attributes.members() if attributes is not None else ()
        return {m.plain("name"): m.plain("type") for m in members if m.plain("name") and m.plain("type")}

    def replicas(self) -> int:
        """How many replicas it has in other Regions: one in the table's own Region is the table itself."""
        regions = [(replica or {}).get("region") for replica in self.plain("replicas") or ()]
        return sum(region != self.region for region in regions)

    def enabled(self, name: str) -> Node | None:
        """The block of that name where it is sound and on."""
        node = self.sound(name)
        return None if node is None or node.plain("enabled") is False else node


@dataclass(frozen=True, slots=True)
class DefinitionRule:
    """One rule that makes a table impossible (``error``) or doubtful (``warning``)."""

    code: str
    title: str
    why: str
    source: str
    fix: str
    check: Callable[[JudgedTable], Iterator[RuleProblem]]
    severity: Severity = "error"
