"""Conditions and actions as DynamoDB's expressions."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dynasmith.errors import ItemInvalid, UsageError
from dynasmith.models.expression import path_of
from dynasmith.models.expression_writer import ExpressionWriter, request_expressions
from models.shop import Buyer, Customer, Sale, Status

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def filled(writer: ExpressionWriter, text: str) -> str:
    """The text with names and values in their places."""
    members = writer.placeholders
    for placeholder, tree in sorted(members.get("ExpressionAttributeValues", {}).items(), reverse=True):
        ((_, content),) = tree.items()
        text = text.replace(placeholder, str(content))
    for placeholder, name in sorted(members.get("ExpressionAttributeNames", {}).items(), reverse=True):
        text = text.replace(placeholder, name)
    return text


def condition(value: Any) -> str:
    writer = ExpressionWriter(Customer)
    return filled(writer, writer.condition(value))


def update(*actions: Any) -> str:
    writer = ExpressionWriter(Customer)
    return filled(writer, writer.update(actions))


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: Customer.age == 3, "years = 3"),
        (lambda: Customer.age != 3, "years <> 3"),
        (lambda: Customer.total > 10, "total > 10"),
        (lambda: Customer.total <= Decimal("1.5"), "total <= 1.5"),
        (lambda: Customer.age == None, "attribute_not_exists(years) OR years = True"),  # noqa: E711 - an expression
        (lambda: Customer.age != None, "attribute_exists(years) AND years <> True"),  # noqa: E711 - an expression
        (lambda: Customer.status == Status.PAID, "status = paid"),
        (lambda: Customer.created < NOW, "created < 2026-03-01T00:00:00.000000Z"),
        (lambda: Customer.expires < NOW, "expires < 1772323200"),
        (lambda: Customer.seen < NOW, "seen < 1772323200000"),
        (lambda: Customer.age.between(1, 2), "years BETWEEN 1 AND 2"),
        (lambda: Customer.email.begins_with("a"), "begins_with(email, a)"),
        (lambda: Customer.tags.contains("a"), "contains(tags, a)"),
        (lambda: Customer.sizes.contains(3), "contains(sizes, 3)"),
        (lambda: Customer.email.contains("a"), "contains(email, a)"),
        (lambda: Customer.email.exists(), "attribute_exists(email)"),
        (lambda: Customer.email.missing(), "attribute_not_exists(email)"),
        (lambda: Customer.email.is_type("N"), "attribute_type(email, N)"),
        (lambda: Customer.tags.size() > 2, "size(tags) > 2"),
        (lambda: Customer.rev == Customer.at, "rev = n"),
        (lambda: Customer.address.city == "Bern", "address.city = Bern"),
        (lambda: Customer.labels["a.b"] == 1, "labels.a.b = 1"),
        (lambda: Customer.places[0].street == "x", "places[0].street = x"),
        (lambda: Customer.age.is_in([1, 2]), "years IN (1, 2)"),
        (lambda: Customer.age.is_in([]), "attribute_exists(years) AND attribute_not_exists(years)"),
        (lambda: ~(Customer.age == 3), "NOT (years = 3)"),
        (lambda: (Customer.age > 1) & (Customer.age < 3) & (Customer.rev == 1), "years > 1 AND years < 3 AND rev = 1"),
        (
            lambda: (Customer.total > 10) & ~(Customer.status == Status.NEW) | Customer.tags.contains("vip"),
            "(total > 10 AND NOT (status = new)) OR contains(tags, vip)",
        ),
        (
            lambda: (Customer.age > 1) & ((Customer.age == 2) | (Customer.age == 3)),
            "years > 1 AND (years = 2 OR years = 3)",
        ),
    ],
)
def test_conditions(made: Any, text: str) -> None:
    assert condition(made()) == text


def test_more_than_a_hundred_values_are_several_in() -> None:
    text = condition(Customer.at.is_in(range(250)))
    assert text.count(" IN (") == 3
    assert text.count(" OR ") == 2


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: [Customer.age.set(3)], "SET years = 3"),
        (lambda: [Customer.age.set(None), Customer.tags.set(set())], "REMOVE years, tags"),
        (lambda: [Customer.rev.set(Customer.at)], "SET rev = n"),
        (lambda: [Customer.age.set_if_missing(3)], "SET years = if_not_exists(years, 3)"),
        (lambda: [Customer.rev.add(1)], "SET rev = if_not_exists(rev, 0) + 1"),
        (lambda: [Customer.rev.add(1, start=10)], "SET rev = if_not_exists(rev, 10) + 1"),
        (lambda: [Customer.total.add(Decimal("-1.5"))], "SET total = if_not_exists(total, 0) + -1.5"),
        (lambda: [Customer.tags.add({"a"})], "ADD tags ['a']"),
        (lambda: [Customer.tags.add("a")], "ADD tags ['a']"),
        (lambda: [Customer.sizes.discard(1, 2)], "DELETE sizes ['1', '2']"),
        (lambda: [Customer.notes.append("x")], "SET notes = list_append(if_not_exists(notes, []), [{'S': 'x'}])"),
        (lambda: [Customer.address.city.set("Bern")], "SET address.city = Bern"),
        (lambda: [Customer.age.set(1), Customer.email.remove()], "SET years = 1 REMOVE email"),
    ],
)
def test_actions(made: Any, text: str) -> None:
    assert update(*made()) == text


def test_two_actions_on_one_path_or_a_part_of_it_are_refused() -> None:
    for actions in (
        (Customer.age.set(1), Customer.age.add(1)),
        (Customer.address.set(None), Customer.address.city.set("x")),
        (Customer.labels["a"].set(1), Customer.labels.remove()),
    ):
        with pytest.raises(UsageError, match="Two actions change"):
            update(*actions)
    update(Customer.labels["a"].set(1), Customer.labels["b"].set(2))


def test_what_is_no_condition_or_no_action_is_refused() -> None:
    with pytest.raises(UsageError, match="neither true nor false"):
        _ = (Customer.age > 1) and (Customer.age < 3)
    with pytest.raises(UsageError, match="neither true nor false"):
        _ = 1 < Customer.at < 3
    with pytest.raises(UsageError, match="is not a condition"):
        _ = (Customer.at == 1) & True  # type: ignore[operator]
    with pytest.raises(UsageError, match="is not an action"):
        update(Customer.age == 3)
    with pytest.raises(UsageError, match="is not a condition"):
        condition(Customer.age.set(3))
    with pytest.raises(UsageError, match="not a number or a set"):
        Customer.email.add("x")
    with pytest.raises(UsageError, match="not a list"):
        Customer.email.append("x")
    with pytest.raises(UsageError, match="not a list"):
        _ = Customer.tags[0]
    with pytest.raises(AttributeError, match="has no part 'zip'"):
        _ = Customer.address.zip
    with pytest.raises(TypeError, match="no members"):
        list(Customer.tags)


def test_a_value_of_another_type_is_refused_where_it_is_written() -> None:
    with pytest.raises(ItemInvalid, match=r"Customer\.years: The value is of type str") as raised:
        _ = Customer.age == "3"
    assert (raised.value.model, raised.value.attribute) == ("Customer", "years")
    with pytest.raises(ItemInvalid, match="no time zone"):
        _ = Customer.created > datetime(2026, 3, 1)


def test_an_expression_of_another_class_is_refused() -> None:
    with pytest.raises(UsageError, match=r"Sale\.number is of Sale, and the request is about Customer"):
        condition(Sale.number == 3)
    writer = ExpressionWriter(Buyer, Sale)
    assert filled(writer, writer.condition((Sale.number == 3) & (Buyer.sk == "#"))) == "number = 3 AND sk = #"


def test_a_request_shares_its_placeholders() -> None:
    members = request_expressions(
        Customer,
        key=(Customer.id == "1"),
        filter=(Customer.email == "1") & (Customer.age > 3),
        projection=[path_of(Customer.id), path_of(Customer.address.city)],
    )
    assert members == {
        "KeyConditionExpression": "#n0 = :v0",
        "FilterExpression": "#n1 = :v0 AND #n2 > :v1",
        "ProjectionExpression": "#n0, #n3.#n4",
        "ExpressionAttributeNames": {"#n0": "id", "#n1": "email", "#n2": "years", "#n3": "address", "#n4": "city"},
        "ExpressionAttributeValues": {":v0": {"S": "1"}, ":v1": {"N": "3"}},
    }
    assert request_expressions(Customer, condition=Customer.id.missing()) == {
        "ConditionExpression": "attribute_not_exists(#n0)",
        "ExpressionAttributeNames": {"#n0": "id"},
    }
