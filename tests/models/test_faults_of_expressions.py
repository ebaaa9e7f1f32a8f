"""Expressions that DynamoDB takes, and that find nothing or write nonsense, are refused when they are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from dynasmith.errors import ItemInvalid, UsageError
from dynasmith.models import Attr, Model, Partition, attr
from dynasmith.models.expression_writer import request_expressions


class Box(BaseModel):
    """A map with members that are named as methods of expressions."""

    size: int = 1
    set: str = ""


class Thing(Model, table="things"):
    """One attribute of each kind."""

    id: Partition[str]
    number: Attr[int] = attr(default=0)
    other: Attr[int | None] = attr(default=None)
    flag: Attr[bool] = attr(default=False)
    kind: Attr[Literal["a", "b"]] = attr(default="a")
    raw: Attr[bytes] = attr(default=b"")
    tags: Attr[set[str]] = attr(default_factory=set)
    words: Attr[list[str]] = attr(default_factory=list)
    gaps: Attr[list[str | None]] = attr(default_factory=list)
    counts: Attr[dict[str, int]] = attr(default_factory=dict)
    maybe: Attr[dict[str, int | None]] = attr(default_factory=dict)
    box: Attr[Box] = attr(default_factory=Box)


Made = Callable[[], Any]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Thing.number.size() > 1, "stored as N, and size"),
        (lambda: Thing.flag.size() > 1, "stored as BOOL, and size"),
        (lambda: Thing.number.begins_with("1"), "stored as N, and begins_with"),  # type: ignore[misc]
        (lambda: Thing.number.contains(1), "stored as N, and contains"),
        (lambda: Thing.counts.contains("a"), "stored as M, and contains"),
        (lambda: Thing.tags < {"a"}, "stored as SS, and <"),
        (lambda: Thing.flag >= True, "stored as BOOL, and >="),
        (lambda: Thing.other < None, "compared with None"),
        (lambda: Thing.other.between(None, 3), "compared with None"),
        (lambda: Thing.id.is_in("abc"), "one value, not several"),
        (lambda: Thing.raw.is_in(b"abc"), "one value, not several"),  # type: ignore[arg-type]
        (lambda: Thing.number == Thing.id, "stored as N, and Thing.id as S"),  # type: ignore[operator]
        (lambda: Thing.number.set(Thing.id), "stored as N, and Thing.id as S"),  # type: ignore[arg-type]
        (lambda: Thing.number.set(Thing.id.size()), "is for conditions"),
        (lambda: Thing.words.contains(Thing.number), "stored as S, and Thing.number as N"),
        (lambda: Thing.words[0].set(None), "cannot be None"),  # REMOVE would move the other members up
        (lambda: Thing.words[-1], "has no member -1"),
        (lambda: Thing.words[True], "has no member True"),
        (lambda: Thing.number.set_if_missing(None), "set to nothing"),  # type: ignore[arg-type]
        (lambda: Thing.tags.add(set()), "No members"),
        (lambda: Thing.tags.discard(), "No members"),
        # A method, which compared with a number is just False.
        (lambda: Thing.box.size == 5, None),  # type: ignore[comparison-overlap]
    ],
)
def test_what_can_never_hold_is_refused(made: Made, message: str | None) -> None:
    with pytest.raises(UsageError, match=message):
        request_expressions(Thing, condition=made())


@pytest.mark.parametrize(
    "made",
    [
        lambda: Thing.number.add(None),
        lambda: Thing.number.add(True),
        lambda: Thing.number.add(1, start=None),
        lambda: Thing.words.append(None),
        lambda: Thing.words.contains(None),
        lambda: Thing.number == 1.0,
        lambda: Thing.kind == "c",
        lambda: Thing.tags.contains(3),
    ],
)
def test_a_value_of_another_type_is_refused_and_none_is_one(made: Made) -> None:
    with pytest.raises(ItemInvalid):
        made()


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: Thing.tags == set(), "attribute_not_exists(#n0) OR #n0 = :v0"),
        (lambda: Thing.tags != set(), "attribute_exists(#n0) AND #n0 <> :v0"),
        (lambda: Thing.other.is_in([None, 1]), "#n0 IN (:v0) OR (attribute_not_exists(#n0) OR #n0 = :v1)"),
        (lambda: Thing.other.is_in([None]), "attribute_not_exists(#n0) OR #n0 = :v0"),
        (lambda: Thing.number.is_in([]), "attribute_exists(#n0) AND attribute_not_exists(#n0)"),
        (lambda: Thing.box["size"] == 5, "#n0.#n1 = :v0"),
        (lambda: Thing.words.contains(Thing.id), "contains(#n0, #n1)"),
        (lambda: Thing.words.size() == Thing.gaps.size(), "size(#n0) = size(#n1)"),
        (lambda: Thing.counts["a.b"] == 1, "#n0.#n1 = :v0"),
    ],
)
def test_conditions(made: Made, text: str) -> None:
    assert request_expressions(Thing, condition=made())["ConditionExpression"] == text


@pytest.mark.parametrize(
    ("made", "text", "value"),
    [
        (lambda: Thing.gaps[0].set(None), "SET #n0[0] = :v0", {"NULL": True}),
        (lambda: Thing.maybe["a"].set(None), "SET #n0.#n1 = :v0", {"NULL": True}),
        (lambda: Thing.tags.add(["a", "b"]), "ADD #n0 :v0", {"SS": ["a", "b"]}),
        (lambda: Thing.tags.discard({"a"}, "b"), "DELETE #n0 :v0", {"SS": ["a", "b"]}),
        (lambda: Thing.box["set"].set("x"), "SET #n0.#n1 = :v0", {"S": "x"}),
        (lambda: Thing.counts["a"].set(1), "SET #n0.#n1 = :v0", {"N": "1"}),
    ],
)
def test_actions(made: Made, text: str, value: dict[str, Any]) -> None:
    request = request_expressions(Thing, update=[made()])
    assert (request["UpdateExpression"], request["ExpressionAttributeValues"]) == (text, {":v0": value})


def test_none_as_the_member_of_a_map_without_none_removes_it() -> None:
    assert request_expressions(Thing, update=[Thing.counts["a"].set(None)])["UpdateExpression"] == "REMOVE #n0.#n1"
