"""Transactions and batches as users write them."""

from decimal import Decimal
from typing import assert_type

from dynasmith import Db, Model, Transaction
from dynasmith.errors import TransactionFailed
from dynasmith.models import Attr, Partition, Sort, attr, key


class Order(Model, table="orders"):
    """A class with a unique attribute."""

    id: Partition[str]
    number: Attr[int] = attr(unique=True)
    total: Attr[Decimal] = attr(default=Decimal(0))


class Line(Model, table="lines"):
    """Another class."""

    order: Partition[str]
    line: Sort[int]


def transactions(db: Db, order: Order) -> None:
    """Actions of several classes."""
    with db.transaction(token="t-1") as tx:
        assert_type(tx, Transaction)
        tx.create(Line(order="o1", line=1))
        tx.put(order, where=Order.total > 3)
        tx.save(order)
        tx.update(key(Order, "o1"), Order.total.add(1), where=Order.number == 3)
        tx.delete(key(Line, "o1", 1))
        tx.check(order, Order.total < 100)
    try:
        with db.transaction() as tx:
            tx.create(order)
    except TransactionFailed as failed:
        for reason in failed.reasons:
            print(reason.action, reason.model, reason.key["id"], reason.code, reason.error, reason.item)


def batches(db: Db, order: Order) -> None:
    """Any iterable of instances, or of keys."""
    assert_type(db.put_many(Line(order="o1", line=number) for number in range(30)), int)
    assert_type(db.put_many([order, Line(order="o1", line=1)]), int)
    assert_type(db.delete_many([key(Order, "o1"), order], hard=True), int)
    db.put_many([key(Order, "o1")])  # type: ignore[list-item]
    db.put_many(order)  # type: ignore[arg-type]


def updates_and_scans(db: Db) -> None:
    """What an update creates, and a scan in segments, are of their class."""
    assert_type(db.update(key(Order, "o1"), Order.total.add(1), create_missing=True), Order)
    for order in db.scan(Order, Order.total > 3, segments=8).limit(10):
        assert_type(order, Order)
    db.scan(Order, segments="8")  # type: ignore[arg-type]


def reads(db: Db) -> None:
    """Each is of its class."""
    order, line = db.transaction_get(key(Order, "o1"), key(Line, "o1", 1))
    assert_type(order, Order | None)
    assert_type(line, Line | None)
    six = db.transaction_get(
        key(Order, "o1"), key(Line, "o1", 1), key(Order, "o2"), key(Line, "o1", 2), key(Line, "o1", 3), key(Order, "o3")
    )
    assert_type(six, tuple[Order | None, Line | None, Order | None, Line | None, Line | None, Order | None])
    assert_type(db.transaction_get(*[key(Order, "o1")]), tuple[Order | None, ...])


def refused(db: Db, order: Order) -> None:
    """What checkers refuse."""
    with db.transaction(token=3) as tx:  # type: ignore[arg-type]
        tx.create(Order)  # type: ignore[arg-type]
        tx.save("o1")  # type: ignore[arg-type]
        tx.update(order, Order.total > 3)  # type: ignore[arg-type]
        tx.check(order)  # type: ignore[call-arg]
        tx.check(order, Order.total.set(Decimal(3)))  # type: ignore[arg-type]
    db.transaction_get(order, order)  # type: ignore[call-overload]
