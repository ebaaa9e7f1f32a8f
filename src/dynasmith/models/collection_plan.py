"""Which key a query of several classes of one table uses: what their items share is the partition.

A condition on a field that makes the partition key chooses the partition, and is no filter: the other classes may keep
the same value in a field of another name. Templates of sort keys add nothing: they would leave out other classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dynasmith.errors import ScanNeeded, UsageError
from dynasmith.models.condition import Comparison, Junction, ModelCondition
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.key_terms import fixed_values, is_exact, joined_terms, sort_terms, term_that_fixes, terms_of
from dynasmith.models.model_index import ModelIndex
from dynasmith.models.operand import ExprPath, StoredValue
from dynasmith.models.query_plan import KeyCandidate, QueryPlan, held_by_index, key_candidates, not_held
from dynasmith.models.schema import ModelSchema
from dynasmith.models.visibility import visibility


def plan_collection(
    codecs: Sequence[ItemCodec],
    conditions: Sequence[ModelCondition],
    index: ModelIndex | None,
    *,
    deleted: bool = False,
) -> QueryPlan:
    """The plan for these conditions, all of which must hold, on items of these classes.

    Raises ScanNeeded where they fix no partition, UsageError for an index that no class has.
    """
    terms = [term for condition in conditions for term in terms_of(condition)]
    schemas = [codec.schema for codec in codecs]
    names = " or ".join(schema.name for schema in schemas)
    candidates = [
        (codec, each)
        for codec in codecs
        for each in key_candidates(codec.schema)
        if index is None or each.index is index
    ]
    if not candidates:
        raise UsageError(f"The index is not one of {names}.", hint="use an index of a class of the collection")
    fitting = [made for codec, each in candidates if (made := _fit(codec, each, terms, schemas, deleted)) is not None]
    if not fitting:
        needed = "; ".join(dict.fromkeys(_needed(each) for _, each in candidates))
        raise ScanNeeded(
            f"These conditions fix no partition of {names}: {needed}.",
            hint="a collection is what one partition holds: add the condition on its key",
        )
    return max(fitting, key=lambda made: made[0])[1]


def _fit(
    codec: ItemCodec,
    candidate: KeyCandidate,
    terms: Sequence[ModelCondition],
    schemas: Sequence[ModelSchema],
    deleted: bool,
) -> tuple[tuple[int, ...], QueryPlan] | None:
    """The plan by one key of one class with its worth, or None where its partition is not fixed."""
    own = list(_about(terms, codec.schema.model))
    used: list[ModelCondition] = []
    keys: list[ModelCondition] = []
    for place in candidate.partition:
        direct = term_that_fixes(place.attribute, terms)
        if direct is not None:
            used.append(direct)
            keys.append(direct)
            continue
        if place.template is None:
            return None
        text, is_whole = place.template.prefix(fixed_values(codec, place.template, own))
        if not is_whole:
            return None
        path = ExprPath(codec.schema.model, (place.attribute,))
        keys.append(Comparison(path, "=", (StoredValue({"S": text}),)))
        exact = [
            codec.schema.fields[name].attribute
            for name in place.template.fields
            if is_exact(codec, place.template, name)
        ]
        used += [term for attribute in exact if (term := term_that_fixes(attribute, own)) is not None]
    matched = len(keys)
    for place in candidate.sort:
        on = sort_terms(place.attribute, terms)
        if not on:
            break
        used += on
        keys.append(joined_terms(on))
        if on[0].operator != "=":
            break
    rest = [term for term in terms if term not in used]
    index, attributes = candidate.index, held_by_index(codec.schema, candidate)
    if attributes is not None and index is not None and not index.is_local and not_held(attributes, rest):
        return None
    worth = (len(keys) - matched, matched, attributes is None, index is None)
    key = dict.fromkeys(place.attribute for place in (*candidate.partition, *candidate.sort, *codec.schema.key))
    plan = QueryPlan(
        candidate.name,
        index is not None and not index.is_local,
        keys[0] if len(keys) == 1 else Junction("AND", tuple(keys)),
        _all([*rest, _visibility(schemas, deleted)]),
        attributes,
        tuple(key),
        bool(rest),
    )
    return tuple(map(int, worth)), plan


def _about(terms: Sequence[ModelCondition], model: type) -> Iterator[ModelCondition]:
    """The terms on fields of the class itself."""
    for term in terms:
        if all(issubclass(path.model, model) or issubclass(model, path.model) for path in term.paths()):
            yield term


def _visibility(schemas: Sequence[ModelSchema], deleted: bool) -> ModelCondition:
    """That an item is one of one of the classes."""
    if deleted or not any(schema.deleted for schema in schemas):
        path = ExprPath(schemas[0].model, (schemas[0].entity_attribute,))
        return Comparison(path, "IN", tuple(StoredValue({"S": str(schema.entity)}) for schema in schemas))
    return Junction("OR", tuple(_all(visibility(schema, deleted=deleted)) for schema in schemas))


def _all(conditions: Sequence[ModelCondition]) -> ModelCondition:
    return conditions[0] if len(conditions) == 1 else Junction("AND", tuple(conditions))


def _needed(candidate: KeyCandidate) -> str:
    fields = ", ".join(part for place in candidate.partition for part in place.fields or (place.attribute,))
    return f"{'index ' + candidate.name if candidate.name else 'the table'} needs {fields} == VALUE"
