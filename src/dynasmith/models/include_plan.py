"""`IncludeStep`: how the items of a relation are read along: by their keys, by queries, or by one of a partition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dynasmith.errors import UsageError
from dynasmith.models.query_plan import held_by_index
from dynasmith.models.relation import Relation, merged_relations
from dynasmith.models.relation_link import RelationLink
from dynasmith.models.relation_resolution import link_of

IncludeMethod = Literal["keys", "queries", "partition"]


@dataclass(frozen=True, slots=True)
class IncludeStep:
    """One relation of an include, and those of its items.

    ``keys``: by the keys of the items, each once. ``queries``: one query for each distinct parent. ``partition``: one
    query for all parents of a partition, since they come in the order of its sort key.
    """

    link: RelationLink
    method: IncludeMethod
    nested: tuple[IncludeStep, ...]

    @property
    def is_list(self) -> bool:
        """Whether an instance has a list of them."""
        return self.link.relation.kind in ("has_many", "many_to_many")

    @property
    def index(self) -> str:
        """The index that is read; empty where the table is."""
        return self.link.candidate.name if self.link.candidate else ""


def plan_include(
    models: Sequence[type],
    relations: Iterable[Relation[Any]],
    *,
    attributes: frozenset[str] | None = None,
    is_contiguous: bool = False,
    is_consistent: bool = False,
) -> tuple[IncludeStep, ...]:
    """The steps that read ``relations`` of items of ``models``.

    ``attributes`` are those that the items have (None: all); ``is_contiguous`` says that they are all that their
    partition has between the first and the last. Raises DefinitionError for a relation that cannot be, UsageError for
    one of another class, where an attribute that leads to it is not read, and where a global index would have to be
    read consistently.
    """
    return tuple(_step(models, each, attributes, is_contiguous, is_consistent) for each in merged_relations(relations))


def _step(
    models: Sequence[type],
    relation: Relation[Any],
    attributes: frozenset[str] | None,
    is_contiguous: bool,
    is_consistent: bool,
) -> IncludeStep:
    if not any(issubclass(model, relation.model) for model in models):
        names = " or ".join(model.__name__ for model in models)
        raise UsageError(
            f"{relation!r} is a relation of {relation.model.__name__}, and items of {names} are read.",
            hint="relations of what is included go into then(): User.orders.then(Order.lines)",
        )
    link = link_of(relation)
    require_fields(link, attributes)
    index = link.candidate.index if link.candidate else None
    if is_consistent and index is not None and not index.is_local:
        raise UsageError(
            f"{relation!r} reads the global index {index.name}, which cannot be read consistently.",
            hint="remove consistent(), or include it in a query of its own",
        )
    method: IncludeMethod = "keys" if link.candidate is None else "queries"
    if is_contiguous and link.is_in_partition:
        method = "partition"
    held = None if link.candidate is None else held_by_index(link.target.schema, link.candidate)
    if link.onward is not None:
        require_fields(link.onward, held)
    nested = plan_include(
        [(link.onward or link).target.schema.model],
        relation.nested,
        attributes=None if link.onward else held,
        is_contiguous=link.onward is None and (method == "partition" or link.is_whole_partition),
        is_consistent=is_consistent,
    )
    return IncludeStep(link, method, nested)


def require_fields(link: RelationLink, attributes: frozenset[str] | None) -> None:
    """Raise UsageError where a field that leads to the target is not among what is read (None: all is)."""
    for each in link.fields:
        if attributes is not None and each.own.attribute not in attributes:
            raise UsageError(
                f"{link.relation!r} needs {each.own.name}, which is not read.",
                hint="read it too, or query by another index",
            )
