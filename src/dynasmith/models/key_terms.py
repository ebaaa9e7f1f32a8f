"""Conditions on the attributes of a key: those that have to hold one by one, and which of them fix a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.models.condition import Comparison, Junction, ModelCondition
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.key_template import KeyTemplate
from dynasmith.models.operand import StoredValue
from dynasmith.models.value_codec import IntCodec

SORT_OPERATORS: Final = ("=", "<", "<=", ">", ">=", "BETWEEN", "begins_with")
"""What a key condition can say about a sort key."""


def terms_of(condition: ModelCondition) -> Iterator[ModelCondition]:
    """What has to hold, one by one. Raises UsageError for what is no condition, such as a relation compared."""
    if not isinstance(condition, ModelCondition):
        raise UsageError(f"{condition!r} is not a condition.", hint="compare attributes: User.age > 18")
    if isinstance(condition, Junction) and condition.operator == "AND":
        for part in condition.parts:
            yield from terms_of(part)
    else:
        yield condition


def term_on(term: ModelCondition, attribute: str) -> Comparison | None:
    """The term as a comparison of just that attribute with values, or None."""
    if not isinstance(term, Comparison) or term.path.parts != (attribute,) or term.path.is_size:
        return None
    return term if all(isinstance(operand, StoredValue) for operand in term.operands) else None


def sort_terms(attribute: str, terms: Sequence[ModelCondition]) -> list[Comparison]:
    """The terms that a key condition can say about a sort attribute."""
    found = (term_on(term, attribute) for term in terms)
    return [term for term in found if term is not None and term.operator in SORT_OPERATORS]


def term_that_fixes(attribute: str, terms: Sequence[ModelCondition]) -> Comparison | None:
    """The term that fixes the attribute to one value."""
    found = (term_on(term, attribute) for term in terms)
    return next((term for term in found if term is not None and term.operator == "="), None)


def joined_terms(terms: Sequence[Comparison]) -> Comparison:
    """One term for conditions on one sort attribute. Raises UsageError where a key condition cannot say them."""
    if len(terms) == 1:
        return terms[0]
    by_operator = {term.operator: term for term in terms}
    if len(terms) == 2 and by_operator.keys() == {">=", "<="}:
        low, high = by_operator[">="], by_operator["<="]
        return Comparison(low.path, "BETWEEN", (*low.operands, *high.operands))
    raise UsageError(
        f"A query takes one condition on the sort key {terms[0].path}, and there are {len(terms)}.",
        hint="use between(), which includes both ends",
    )


def fixed_values(codec: ItemCodec, template: KeyTemplate, terms: Sequence[ModelCondition]) -> dict[str, Any]:
    """The fields of a template that the conditions fix."""
    values = {}
    for name in template.fields:
        field = codec.schema.fields[name]
        term = term_that_fixes(field.attribute, terms)
        if term is not None:
            operand = term.operands[0]
            assert isinstance(operand, StoredValue)
            values[name] = field.decode(operand.tree)
    return values


def is_exact(codec: ItemCodec, template: KeyTemplate, name: str) -> bool:
    """Whether a text that begins as a template does up to the end of a field tells its value.

    It is not cut or rounded by a format, and a literal or the end of the text comes after it. A whole number in a width
    is always told: one that is wider is refused.
    """
    place = next(place for place, part in enumerate(template.parts) if part.field == name)
    spec, following = template.parts[place].spec, template.parts[place + 1 :]
    if isinstance(codec.schema.fields[name].codec, IntCodec) and spec:
        return True
    return not spec and (not following or bool(following[0].literal))
