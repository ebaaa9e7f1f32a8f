"""Conditions: read, written, evaluated here as an engine evaluates them, and refused with the place."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import UsageError
from dynasmith.items.condition import Condition, Filter, parse_condition
from dynasmith.items.condition.tree import (
    COMPARATORS,
    AllOf,
    AnyOf,
    Between,
    Compare,
    FunctionCall,
    In,
    Node,
    Not,
    Operand,
    Path,
    Size,
    Value,
)
from dynasmith.items.lazy import LazyItem
from dynasmith.items.wire import encode_item
from wire_items import few, numbers, texts

paths = st.builds(
    lambda first, rest: Path((first, *rest)),
    st.sampled_from(["a", "Size", "and", "in", "two words", 'q"q', "é", "null", "a.b"]),
    st.lists(st.sampled_from(["b", "or", 0, 17]), max_size=2),
)
scalars = st.one_of(texts, numbers, st.booleans(), st.none()).map(Value)
ordered = st.one_of(texts, numbers).map(Value)
operands: st.SearchStrategy[Operand] = st.one_of(paths, paths.map(Size), scalars)
comparisons: st.SearchStrategy[Node] = st.one_of(
    st.builds(Compare, st.sampled_from(["=", "<>"]), operands, operands),
    st.builds(Compare, st.sampled_from(COMPARATORS), paths, ordered),
    st.builds(Between, paths, paths, ordered),
    st.builds(In, operands, st.lists(operands, min_size=1, max_size=3).map(tuple)),
    st.builds(FunctionCall, st.sampled_from(["attribute_exists", "attribute_not_exists"]), paths),
    st.builds(FunctionCall, st.just("attribute_type"), paths, st.just(Value("NS"))),
    st.builds(FunctionCall, st.just("begins_with"), paths, texts.map(Value)),
    st.builds(FunctionCall, st.just("contains"), paths, operands),
)


def several(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    terms = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, inner) | st.builds(AllOf, terms) | st.builds(AnyOf, terms)


nodes = st.recursive(comparisons, several, max_leaves=6)


@few
@given(nodes)
def test_a_condition_comes_back_from_its_text(node: Node) -> None:
    assert parse_condition(str(Condition(node))).node == node


@few
@given(nodes)
def test_a_filter_has_only_placeholders_and_uses_each(node: Node) -> None:
    found = Condition(node).filter()
    for placeholder in [*found.names, *found.values]:
        assert placeholder in found.expression
    assert len(set(found.names.values())) == len(found.names)
    assert "'" not in found.expression
    assert '"' not in found.expression


def test_or_binds_weaker_than_and_and_not_strongest() -> None:
    node = parse_condition("a = 1 or b = 2 And not c = 3").node
    one, two, three = (Compare("=", Path((name,)), Value(Decimal(number))) for number, name in enumerate("abc", 1))
    assert node == AnyOf((one, AllOf((two, Not(three)))))
    assert parse_condition("(a = 1 OR b = 2) AND NOT (c = 3)").node == AllOf((AnyOf((one, two)), Not(three)))


def test_a_filter_for_the_service() -> None:
    text = "size(a.name[0]) >= 2 AND a.b IN ('it''s', -1.50, null) AND NOT begins_with(\"a\", 'x')"
    found = parse_condition(text).filter()
    assert found == Filter(
        "size(#n0.#n1[0]) >= :v0 AND #n0.#n2 IN (:v1, :v2, :v3) AND NOT begins_with(#n0, :v4)",
        {"#n0": "a", "#n1": "name", "#n2": "b"},
        {":v0": {"N": "2"}, ":v1": {"S": "it's"}, ":v2": {"N": "-1.50"}, ":v3": {"NULL": True}, ":v4": {"S": "x"}},
    )


def test_only_the_attributes_that_it_names_are_touched() -> None:
    item = LazyItem(encode_item({"a": 1, "b": {"c": 2}, "d": 3}))
    assert parse_condition("b.c = 2 AND attribute_not_exists(e)").matches(item)
    assert item.touched == {"b", "e"}


@pytest.mark.parametrize(
    ("text", "says", "hints"),
    [
        ("", "character 1 .*it is empty", "attribute_exists"),
        ("age", "a comparison was expected, not the end", "attribute_exists(age)"),
        ("age > ", "an attribute or a value was expected, not the end", ""),
        ("age > 18 AND", "expected, not the end", ""),
        ("age > 18 status = 1", "character 10 .*AND, OR or the end was expected, not 'status'", ""),
        ("age > :v", "placeholder", "inline"),
        ("#a = 1", "placeholder", "inline"),
        ("a != 1", "not in this language", "<>"),
        ("a == 1", "expected, not '='", ""),
        ("a = 'x", "not closed", "doubled"),
        ('"" = 1', "not closed or is empty", ""),
        ("first-name = 'a'", "cannot calculate", "double quotes"),
        ("a = 1 && b = 2", "not in this language", "AND"),
        ("begin_with(a, 'x')", "begin_with is not a function", "begins_with"),
        ("frobnicate(a)", "not a function", "there are"),
        ("begins_with(a)", "',' was expected", ""),
        ("begins_with(a, 1)", "needs a string", ""),
        ("attribute_exists('a')", "takes an attribute", ""),
        ("attribute_type(a, 'X')", "needs one of S, N, B", ""),
        ("a < true", "have no order", "="),
        ("a BETWEEN 2 AND 1", "above the upper", ""),
        ("a BETWEEN 1 AND 'x'", "different types", ""),
        ("a BETWEEN 1 OR 2", "AND was expected", ""),
        ("a IN ()", "expected, not '\\)'", ""),
        ("a IN (" + "1," * 100 + "1)", "IN has 101 values", ""),
        ("(a = 1", "'\\)' was expected, not the end", ""),
        ("and = 1", "not and", 'quotes: "and"'),
        ("a[x] = 1", "place in a list", "first"),
        ("a. = 1", "name was expected after the dot", ""),
        ("a = 1e999", "magnitude", ""),
        ("(" * 101 + "a = 1" + ")" * 101, "nested deeper", ""),
        ("a" + ".b" * 32 + " = 1", "at most 32 levels", ""),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, says: str, hints: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        parse_condition(text)
    assert (hints or " ") in caught.value.hint


def test_binary_and_numbers_in_conditions() -> None:
    item: dict[str, Any] = {"b": b"abc", "p": b"ab", "n": 5, "l": [b"x", Decimal("1.0")]}
    for text, meets in {
        "begins_with(b, p)": True,
        "begins_with(p, b)": False,
        "begins_with(n, p)": False,
        "contains(b, p)": True,
        "contains(b, n)": False,
        "contains(n, n)": False,
        "contains(l, 1)": True,
        "b > p": True,
        "b > n": False,
        "n = 5.0": True,
        "n[0] = 1": False,
        "n.x = 1": False,
        "size(n) = 1": False,
        "size(b) = 3": True,
    }.items():
        assert parse_condition(text)(item) == meets, text


ITEMS: list[dict[str, Any]] = [
    {"pk": "1", "a": 1, "s": "Anna", "t": {"x", "y"}, "l": [1, "x", None], "m": {"k": {"z": "deep"}}, "b": True},
    {"pk": "2", "a": Decimal("1.50"), "s": "", "t": {"y"}, "l": [], "m": {}, "b": False},
    {"pk": "3", "a": "1", "s": "Zoë", "t": {1, 2}, "l": [{"k": 1}], "m": {"k": 1}, "b": None},
    {"pk": "4", "a": -5, "n": None, "y": b"\1\2\3", "t": {b"\1"}},
    {"pk": "5"},
]
CONDITIONS = [
    "a = 1",
    "a = 1.0",
    "a <> 1",
    "a > 0",
    "a >= 1.5",
    "a < '2'",
    "a <= 0",
    "a BETWEEN 1 AND 2",
    "a IN (1, '1', -5)",
    "NOT a = 1",
    "attribute_exists(m.k)",
    "attribute_exists(m.k.z)",
    "attribute_not_exists(a)",
    "attribute_exists(l[0])",
    "l[0] = 1",
    "l[0].k = 1",
    "l[2] = null",
    "attribute_type(a, 'N')",
    "attribute_type(t, 'SS') OR attribute_type(b, 'NULL')",
    "begins_with(s, 'An')",
    "begins_with(s, '')",
    "contains(s, 'nn')",
    "contains(t, 'x')",
    "contains(t, 2)",
    "contains(l, 'x')",
    "contains(l, null)",
    "size(s) > 0",
    "size(s) = 4",
    "size(t) = 2",
    "size(l) >= 1",
    "size(m) = 1",
    "size(y) = 3",
    "b = true",
    "b <> false",
    "b = null",
    "n = null",
    "s > 'B'",
    "a = 1 AND s = 'Anna' OR pk = '5'",
    "a = 1 AND (s = 'Anna' OR pk = '5')",
    "NOT (attribute_exists(a) AND a > 0)",
    "pk IN ('1', '5') AND NOT attribute_exists(a)",
]


@pytest.fixture(scope="module")
def scan_filtered(ministack_endpoint: str) -> Iterator[Any]:
    """What the engine finds of ITEMS under a filter."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=ministack_endpoint,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    client.create_table(
        TableName="conditions",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=ministack_endpoint,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    for item in ITEMS:
        resource.Table("conditions").put_item(Item=item)

    def scan(found: Filter) -> set[str]:
        extra = {"ExpressionAttributeValues": found.values} if found.values else {}
        page = client.scan(
            TableName="conditions",
            FilterExpression=found.expression,
            ExpressionAttributeNames=dict(found.names),
            **extra,  # type: ignore[arg-type]  # wire values as the client takes them
        )
        return {item["pk"]["S"] for item in page["Items"]}

    yield scan
    client.delete_table(TableName="conditions")
    client.close()


@pytest.mark.engine
@pytest.mark.parametrize("text", CONDITIONS)
def test_an_engine_decides_the_same(text: str, scan_filtered: Any) -> None:
    condition = parse_condition(text)
    here = {item["pk"] for item in ITEMS if condition.matches(item)}
    assert here == scan_filtered(condition.filter())
