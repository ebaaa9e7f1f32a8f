"""Which key a query uses: the table's or an index's, chosen from its conditions; the rest is a filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from dynasmith.errors import ScanNeeded, UsageError
from dynasmith.items.claims import CLAIM_OWNER
from dynasmith.models.condition import Comparison, Junction, ModelCondition
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.key_terms import (
    fixed_values,
    is_exact,
    joined_terms,
    sort_terms,
    term_on,
    term_that_fixes,
    terms_of,
)
from dynasmith.models.model_index import ModelIndex
from dynasmith.models.operand import ExprPath, StoredValue
from dynasmith.models.schema import KeyPlace, ModelSchema
from dynasmith.models.time_codec import DatetimeCodec
from dynasmith.models.value_codec import TextCodec
from dynasmith.models.visibility import visibility

_RANGES: Final = ("<", "<=", ">", ">=", "BETWEEN")


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """How the items are found: ``index`` (empty: the table itself), the condition on its key (None: a scan), the rest.

    ``attributes`` are those that the index holds; None where it holds all. ``key`` are the attributes of a cursor.
    ``has_conditions`` says that the filter is more than the entity of the class; ``key_in_filter`` are attributes of
    this key that it is about, which the service refuses.
    """

    index: str
    is_global: bool
    key_condition: ModelCondition | None
    filter: ModelCondition | None
    attributes: frozenset[str] | None
    key: tuple[str, ...]
    has_conditions: bool = False
    key_in_filter: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyCandidate:
    """The table or an index, as something to query by."""

    name: str
    index: ModelIndex | None
    partition: tuple[KeyPlace, ...]
    sort: tuple[KeyPlace, ...]


def plan_query(
    codec: ItemCodec, conditions: Sequence[ModelCondition], index: ModelIndex | None, *, deleted: bool = False
) -> QueryPlan:
    """The plan for these conditions, all of which must hold; with ``deleted`` also for items that are deleted.

    Raises ScanNeeded where no key fits, and says why; UsageError for an index that the class does not have, for one
    that holds deleted items only where those are not wanted, and for a filter by the key itself.
    """
    schema = codec.schema
    terms = [term for condition in conditions for term in terms_of(condition)]
    candidates = [each for each in key_candidates(schema) if index is None or each.index is index]
    if not candidates:
        raise UsageError(f"The index is not one of {schema.name}.", hint="use an index of the class that is queried")
    fitting = [made for each in candidates if (made := fit_key(codec, each, terms, deleted)) is not None]
    if not fitting:
        raise _scan_needed(schema, candidates, terms)
    # An index by the time of deletion holds deleted items only.
    usable = [made for made in fitting if deleted or not schema.deleted or schema.deleted.attribute not in made[1].key]
    if not usable:
        raise UsageError(
            f"The index {fitting[0][1].index} holds only items of {schema.name} that are deleted.",
            hint="add deleted=True",
        )
    _, plan = max(usable, key=lambda made: (not made[1].key_in_filter, made[0]))
    if plan.key_in_filter:
        by = f"index {plan.index}" if plan.index else "the table"
        raise UsageError(
            f"A query by {by} cannot filter by {', '.join(plan.key_in_filter)}, which is in its key.",
            hint="a key takes == and one range of the sort key; filter() looks at items here, scan reads the table",
        )
    return plan


def plan_scan(codec: ItemCodec, conditions: Sequence[ModelCondition], *, deleted: bool = False) -> QueryPlan:
    """The plan of a scan: every condition is a filter."""
    terms = [term for condition in conditions for term in terms_of(condition)]
    if codec.schema.unique and not codec.schema.entity:  # the claims of the table have no entity either
        terms.append(Comparison(ExprPath(codec.schema.model, (CLAIM_OWNER,)), "attribute_not_exists", ()))
    key = tuple(place.attribute for place in codec.schema.key)
    return QueryPlan("", False, None, filter_of(codec.schema, terms, deleted), None, key)


def key_candidates(schema: ModelSchema) -> Iterator[KeyCandidate]:
    """The keys that items of a class can be queried by: the table's, then those of its indexes."""
    yield KeyCandidate("", None, (schema.partition,), (schema.sort,) if schema.sort else ())
    for path, index in sorted(schema.indexes.items(), key=lambda entry: not entry[1].is_local):
        partition = tuple(schema.place_of(name, path) for name in index.partition) or (schema.partition,)
        yield KeyCandidate(index.name, index, partition, tuple(schema.place_of(name, path) for name in index.sort))


def fit_key(
    codec: ItemCodec,
    candidate: KeyCandidate,
    terms: Sequence[ModelCondition],
    deleted: bool = False,
    *,
    trusts_key: bool = False,
) -> tuple[tuple[int, ...], QueryPlan] | None:
    """The plan by one candidate with its worth, or None where its partition key is not fixed.

    ``trusts_key`` leaves out of the filter what templates in the key tell: an item of an older shape may have it in an
    attribute of another name.
    """
    schema = codec.schema
    used: list[ModelCondition] = []
    keys: list[ModelCondition] = []
    for place in candidate.partition:
        term = _equality(codec, place, terms, used)
        if term is None:
            return None
        keys.append(term)
    matched = len(candidate.partition)
    for place in candidate.sort:
        term = _sort_term(codec, place, terms, used)
        if term is None:
            break
        keys.append(term)
        matched += 1
        if not (isinstance(term, Comparison) and term.operator == "="):
            break
    rest = [term for term in terms if term not in used]
    attributes = held_by_index(schema, candidate)
    places = (*candidate.partition, *candidate.sort)[: len(keys)]
    in_key = {schema.fields[name].attribute for name in _in_templates(codec, places, terms)}
    others = [term for term in rest if all(term_that_fixes(attribute, [term]) is None for attribute in in_key)]
    index = candidate.index
    if attributes is not None and index is not None and not index.is_local:
        if not_held(attributes, others):
            return None
        rest = [term for term in rest if term in others or not not_held(attributes, [term])]
    if trusts_key:
        rest = others
    complete = not lacks_items(schema, candidate.sort[len(keys) - len(candidate.partition) :])
    worth = (matched, complete, attributes is None, index is None, index is not None and index.is_local)
    own = dict.fromkeys(place.attribute for place in (*candidate.partition, *candidate.sort))
    key = dict.fromkeys((*own, *(place.attribute for place in schema.key)))
    filtered = {str(path.parts[0]) for term in rest for path in term.paths()}
    condition = keys[0] if len(keys) == 1 else Junction("AND", tuple(keys))
    is_global = index is not None and not index.is_local
    plan = QueryPlan(
        candidate.name,
        is_global,
        condition,
        filter_of(schema, rest, deleted),
        attributes,
        tuple(key),
        bool(others),
        tuple(name for name in own if name in filtered),
    )
    return tuple(map(int, worth)), plan


def _in_templates(codec: ItemCodec, places: Sequence[KeyPlace], terms: Sequence[ModelCondition]) -> set[str]:
    """The fields whose values the templates of these attributes tell, as far as they are fixed."""
    found = set()
    for place in places:
        if place.template is not None:
            values = fixed_values(codec, place.template, terms)
            fixed = takewhile(values.__contains__, place.template.fields)
            found |= {name for name in fixed if is_exact(codec, place.template, name)}
    return found


def lacks_items(schema: ModelSchema, places: Sequence[KeyPlace]) -> bool:
    """Whether an index may lack items since a part of these attributes of its key may be None."""
    return any(schema.fields[name].nullable for place in places for name in place.fields)


def not_held(attributes: frozenset[str], terms: Sequence[ModelCondition]) -> list[str]:
    """What the terms are about and a global index does not hold: there it would look absent in every item."""
    names = dict.fromkeys(str(path.parts[0]) for term in terms for path in term.paths())
    return [name for name in names if name not in attributes]


def filter_of(schema: ModelSchema, terms: Sequence[ModelCondition], deleted: bool = False) -> ModelCondition | None:
    """The filter: what no key does, and which items the class sees, always."""
    found = [*terms, *visibility(schema, deleted=deleted)]
    if len(found) < 2:
        return found[0] if found else None
    return Junction("AND", tuple(found))


def _equality(
    codec: ItemCodec, place: KeyPlace, terms: Sequence[ModelCondition], used: list[ModelCondition]
) -> ModelCondition | None:
    """The term of a partition attribute: one of the conditions, or what a template makes of them."""
    direct = term_that_fixes(place.attribute, terms)
    if direct is not None:
        used.append(direct)
        return direct
    if place.template is None:
        return None
    text, is_whole = place.template.prefix(fixed_values(codec, place.template, terms))
    return _rendered(codec, place, "=", text) if is_whole else None


def _sort_term(
    codec: ItemCodec, place: KeyPlace, terms: Sequence[ModelCondition], used: list[ModelCondition]
) -> ModelCondition | None:
    """The term of a sort attribute: one of the conditions, or what a template makes of them, whole or its beginning."""
    direct = sort_terms(place.attribute, terms)
    if direct:
        used += direct
        return joined_terms(direct)
    if place.template is None:
        return None
    text, is_whole = place.template.prefix(fixed_values(codec, place.template, terms))
    if is_whole:
        return _rendered(codec, place, "=", text)
    ranged = _range(codec, place, terms)
    if ranged is not None:
        return ranged
    return _rendered(codec, place, "begins_with", text) if text else None


def _range(codec: ItemCodec, place: KeyPlace, terms: Sequence[ModelCondition]) -> ModelCondition | None:
    """A range of the only field of a template, as one of the template: where its texts sort as its values do.

    The condition on the field stays in the filter, so that it decides which items there are.
    """
    parts = place.template.parts
    if len(parts) != 1 or not parts[0].field or parts[0].spec:
        return None
    field = codec.schema.fields[parts[0].field]
    if field.codec.tags != ("S",) or not isinstance(field.codec, TextCodec | DatetimeCodec):
        return None
    for each in terms:
        term = term_on(each, field.attribute)
        if term is not None and term.operator in _RANGES and (term.operator == "BETWEEN" or not parts[0].literal):
            values = [field.decode(operand.tree) for operand in term.operands if isinstance(operand, StoredValue)]
            texts = [place.template.render({field.name: value}) for value in values]
            operands = tuple(StoredValue({"S": text}) for text in texts)
            return Comparison(ExprPath(codec.schema.model, (place.attribute,)), term.operator, operands)
    return None


def _rendered(codec: ItemCodec, place: KeyPlace, operator: str, text: str) -> Comparison:
    return Comparison(ExprPath(codec.schema.model, (place.attribute,)), operator, (StoredValue({"S": text}),))


def held_by_index(schema: ModelSchema, candidate: KeyCandidate) -> frozenset[str] | None:
    """The attributes that the index holds; None where it holds all."""
    index = candidate.index
    if index is None or index.projection == "all":
        return None
    names = {place.attribute for place in (*candidate.partition, *candidate.sort, *schema.key)}
    if isinstance(index.projection, tuple):
        names |= {schema.fields[name].attribute if name in schema.fields else name for name in index.projection}
    return frozenset(names.union(schema.held_attributes))


def _scan_needed(
    schema: ModelSchema, candidates: Sequence[KeyCandidate], terms: Sequence[ModelCondition]
) -> ScanNeeded:
    ways = []
    for each in candidates:
        needed = dict.fromkeys(part for place in each.partition for part in place.fields or (place.attribute,))
        given = [part for part in needed if term_that_fixes(schema.fields[part].attribute, terms) is not None]
        lacking = ", ".join(part for part in needed if part not in given)
        held = held_by_index(schema, each)
        if lacking or held is None:
            ways.append(f"{'index ' + each.name if each.name else 'the table'} needs {lacking or 'its key'} == VALUE")
        else:
            keys = [schema.fields[part].attribute for part in needed]
            absent = not_held(held, [term for term in terms if all(term_on(term, key) is None for key in keys)])
            ways.append(f"index {each.name} does not hold {', '.join(absent)}")
    return ScanNeeded(
        f"No key of {schema.name} fits these conditions: {'; '.join(ways)}.",
        hint="add the condition, add an index, or use scan, which reads the whole table",
    )
