"""Relations that are read along: each item once, every page, and as few calls as the keys allow."""

from __future__ import annotations

import asyncio
import copy
import pickle
import signal
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from db.family import CLASSES, Badge, Buyer, Note, Order, OrderLine, Profile, Sale, SaleLine, User
from dynasmith import Db, IncludeExplanation, Project, connect
from dynasmith.errors import DataError, DynasmithError, NotLoaded, UsageError
from dynasmith.models import key, tables_of
from dynasmith.strict import StrictServer
from leftovers import threads_left

pytestmark = pytest.mark.engine
BODY = "x" * 150_000
"""Seven of them are a page of 1 MB."""


@pytest.fixture(scope="module")
def family(endpoint: StrictServer) -> Iterator[Project]:
    """A project with the tables of these classes."""
    made = connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables_of(*CLASSES), clock=endpoint.clock)
    with made as project:
        project.ensure()
        yield project


@pytest.fixture
def db(family: Project) -> Db:
    """What is tested."""
    return family.db()


class Calls:
    """The calls since it was made."""

    def __init__(self, endpoint: StrictServer) -> None:
        self._endpoint, self._before = endpoint, len(endpoint.journal)

    def of(self, operation: str) -> list[Mapping[str, Any]]:
        calls = list(self._endpoint.journal)[self._before :]
        return [call.request for call in calls if call.operation == operation]


def users(db: Db, name: str, orders: dict[str, int]) -> None:
    """Users with so many orders each."""
    for user, number in orders.items():
        db.create(User(id=f"{name}-{user}", manager_id=name))
        for place in range(number):
            day = f"2026-01-{number - place:02d}"
            db.create(Order(id=f"{name}-{user}-{place}", user_id=f"{name}-{user}", placed=day))


def test_nothing_is_read_by_itself(db: Db, name: str) -> None:
    users(db, name, {"a": 1})
    user = db.require(User, f"{name}-a")
    with pytest.raises(NotLoaded, match=r"User\.orders was not read") as raised:
        _ = user.orders
    assert "include(User.orders)" in raised.value.hint
    with pytest.raises(NotLoaded, match=r"User\.profile was not read"):
        _ = User(id="new").profile


def test_has_many_is_one_query_for_each_parent(db: Db, name: str, endpoint: StrictServer) -> None:
    users(db, name, {"a": 2, "b": 0, "c": 3})
    calls = Calls(endpoint)
    found = {user.id: user.orders for user in db.query(User, User.manager_id == name).include(User.orders)}
    assert {user: len(orders) for user, orders in found.items()} == {f"{name}-a": 2, f"{name}-b": 0, f"{name}-c": 3}
    assert all(order.user_id == user for user, orders in found.items() for order in orders)
    queries = calls.of("Query")
    assert [request["TableName"] for request in queries] == ["rel_users"] + 3 * ["rel_orders"]
    assert {request.get("IndexName") for request in queries[1:]} == {"by_user"}
    assert not calls.of("Scan")


def test_children_are_in_the_order_that_the_relation_says(db: Db, name: str) -> None:
    users(db, name, {"a": 3})
    user = db.require(User, f"{name}-a", include=[User.orders, User.newest])
    assert [order.placed for order in user.orders] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert [order.placed for order in user.newest] == ["2026-01-03", "2026-01-02", "2026-01-01"]


def test_belongs_to_asks_for_each_key_once(db: Db, name: str, endpoint: StrictServer) -> None:
    users(db, name, {"a": 3, "b": 2})
    db.create(Order(id=f"{name}-none", placed=name))
    db.create(Order(id=f"{name}-gone", user_id=f"{name}-gone", placed=name))
    ids = [f"{name}-a-0", f"{name}-a-1", f"{name}-b-0", f"{name}-none", f"{name}-gone", f"{name}-absent"]
    calls = Calls(endpoint)
    found = db.get_many(Order, ids, include=[Order.user])
    assert [order and order.user and order.user.id for order in found] == [
        f"{name}-a",
        f"{name}-a",
        f"{name}-b",
        None,
        None,
        None,
    ]
    assert found[0]
    assert found[1]
    assert found[0].user is found[1].user
    _, asked = calls.of("BatchGetItem")
    keys = asked["RequestItems"]["rel_users"]["Keys"]
    assert sorted(each["id"]["S"] for each in keys) == [f"{name}-a", f"{name}-b", f"{name}-gone"]


def test_has_one_is_by_key_or_by_index(db: Db, name: str, endpoint: StrictServer) -> None:
    users(db, name, {"a": 0, "b": 0})
    db.create(Profile(user_id=f"{name}-a", text="hello"))
    db.create(Badge(id=f"{name}-1", user_id=f"{name}-b"))
    calls = Calls(endpoint)
    a, b = db.query(User, User.manager_id == name).include(User.profile, User.badge).sorted(lambda u: u.id, limit=2)
    assert a.profile
    assert (a.profile.text, a.badge, b.profile) == ("hello", None, None)
    assert b.badge
    assert b.badge.id == f"{name}-1"
    assert len(calls.of("BatchGetItem")) == 1
    db.create(Badge(id=f"{name}-2", user_id=f"{name}-b"))
    with pytest.raises(DataError, match=rf"User\.badge is one item, and several of Badge have user_id='{name}-b'"):
        db.require(User, f"{name}-b", include=[User.badge])


def test_a_class_may_be_related_to_itself(db: Db, name: str) -> None:
    users(db, name, {"a": 0, "b": 0})
    db.create(User(id=name))
    top = db.require(User, name, include=[User.reports.then(User.manager), User.manager])
    assert top.manager is None
    assert sorted(each.id for each in top.reports) == [f"{name}-a", f"{name}-b"]
    assert all(each.manager and each.manager.id == name for each in top.reports)


def test_includes_nest_and_the_same_relation_is_read_once(db: Db, name: str, endpoint: StrictServer) -> None:
    users(db, name, {"a": 2, "b": 1})
    for place in ("a-0", "a-1", "b-0"):
        for number in range(2):
            db.create(OrderLine(order_id=f"{name}-{place}", number=number))
    calls = Calls(endpoint)
    query = db.query(User, User.manager_id == name).include(
        User.orders, User.orders.then(Order.lines.then(OrderLine.order)), User.orders.then(Order.user)
    )
    for user in query:
        for order in user.orders:
            assert [line.number for line in order.lines] == [0, 1]
            assert order.user == user
            assert all(line.order == order for line in order.lines)
    assert len(calls.of("Query")) == 1 + 2 + 3
    assert len(calls.of("BatchGetItem")) == 2


def test_more_parents_than_a_call_or_an_expression_takes(db: Db, name: str, endpoint: StrictServer) -> None:
    parents = [f"{name}-{number:03d}" for number in range(120)]
    db.put_many(User(id=each, manager_id=name) for each in parents)
    db.put_many(Order(id=f"{each}-{place}", user_id=each) for each in parents for place in range(2))
    calls = Calls(endpoint)
    found = list(db.query(User, User.manager_id == name).include(User.orders.then(Order.user), User.profile))
    assert sorted(order.id for user in found for order in user.orders) == sorted(
        f"{each}-{place}" for each in parents for place in range(2)
    )
    assert all(order.user == user for user in found for order in user.orders)
    assert len(calls.of("Query")) == 1 + 120
    assert len(calls.of("BatchGetItem")) == 2 + 2


def test_whether_there_is_an_item_reads_no_relations(db: Db, name: str, endpoint: StrictServer) -> None:
    users(db, name, {"a": 1})
    calls = Calls(endpoint)
    query = db.query(User, User.manager_id == name).include(User.orders)
    assert query.exists()
    assert query.count() == 1
    assert len(calls.of("Query")) == 2


def test_every_page_of_children_is_read(db: Db, name: str, endpoint: StrictServer) -> None:
    db.create(Order(id=name))
    for number in range(17):
        db.create(OrderLine(order_id=name, number=number, body=BODY))
    calls = Calls(endpoint)
    order = db.require(Order, name, include=[Order.lines])
    assert [line.number for line in order.lines] == list(range(17))
    assert len(calls.of("Query")) == 3


def test_children_of_a_partition_are_one_query(db: Db, name: str, endpoint: StrictServer) -> None:
    db.create(Buyer(id=name))
    for number in (1, 2, 3, 10):
        db.create(Sale(buyer_id=name, number=number, status="open" if number != 2 else "void"))
        for line in range(number % 4):
            db.create(SaleLine(buyer_id=name, number=number, line=line))
    calls = Calls(endpoint)
    query = db.query(Sale, Sale.buyer_id == name)
    sales = list(query.include(Sale.lines, Sale.backwards))
    assert [[line.line for line in sale.lines] for sale in sales] == [[0], [0, 1], [0, 1, 2], [0, 1]]
    assert [[line.line for line in sale.backwards] for sale in sales] == [[0], [1, 0], [2, 1, 0], [1, 0]]
    assert all(line.number == sale.number for sale in sales for line in sale.lines)
    assert len(calls.of("Query")) == 3
    (explained,) = query.limit(4).include(Sale.lines).explain().includes
    assert (explained.requests, explained.requests_max) == ("one for each partition of parents", 1)
    # Items that a condition chose are not neighbours: what is between them is not read.
    few = query.where(Sale.status == "open").include(Sale.lines)
    calls = Calls(endpoint)
    assert [len(sale.lines) for sale in few] == [1, 3, 2]
    assert len(calls.of("Query")) == 4
    assert few.explain().includes[0].requests == "one for each distinct parent"


def test_nested_children_of_a_partition_are_one_query_each(db: Db, name: str, endpoint: StrictServer) -> None:
    for id_ in (f"{name}-a", f"{name}-b"):
        db.create(Buyer(id=id_))
        db.create(Note(id=id_, author_id=id_))
        for number in range(3):
            db.create(Sale(buyer_id=id_, number=number))
            db.create(SaleLine(buyer_id=id_, number=number, line=1))
    calls = Calls(endpoint)
    found = db.get_many(
        Buyer, [f"{name}-a", f"{name}-b"], include=[Buyer.sales.then(Sale.lines.then(SaleLine.sale)), Buyer.notes]
    )
    for buyer in found:
        assert buyer
        assert [sale.number for sale in buyer.sales] == [0, 1, 2]
        assert [[line.number for line in sale.lines] for sale in buyer.sales] == [[0], [1], [2]]
        assert [note.author_id for note in buyer.notes] == [buyer.id]
        assert all(line.sale and line.sale.number == sale.number for sale in buyer.sales for line in sale.lines)
    assert len(calls.of("Query")) == 2 + 2 + 2
    assert db.require(Sale, f"{name}-a", 1, include=[Sale.buyer]).buyer == found[0]


def test_children_of_another_entity_are_not_given(db: Db, client: Any, name: str) -> None:
    db.create(Buyer(id=name))
    stranger = {"pk": {"S": f"buyer:{name}"}, "sk": {"S": "sale:x"}, "buyer_id": {"S": name}, "_type": {"S": "refund"}}
    client.put_item(TableName="rel_shop", Item=stranger)
    client.put_item(
        TableName="rel_shop", Item={"pk": {"S": f"buyer:{name}-x"}, "sk": {"S": "#"}, "_type": {"S": "seller"}}
    )
    assert db.require(Buyer, name, include=[Buyer.sales]).sales == []
    sale = db.create(Sale(buyer_id=f"{name}-x", number=1))
    assert db.require(Sale, f"{name}-x", 1, include=[Sale.buyer]).buyer is None
    assert sale == db.require(Sale, f"{name}-x", 1)


def test_an_item_that_cannot_be_is_none_and_is_not_asked_for(db: Db, client: Any, name: str) -> None:
    client.put_item(TableName="rel_orders", Item={"id": {"S": f"{name}-1"}, "note": {"S": "no user"}})
    db.create(Order(id=f"{name}-3"))
    before = db.get_many(Order, [f"{name}-1", f"{name}-3"], include=[Order.user])
    assert [order and order.user for order in before] == [None, None]


def test_pages_and_limits_read_what_they_give(db: Db, name: str, endpoint: StrictServer) -> None:
    users(db, name, dict.fromkeys("abcde", 1))
    query = db.query(User, User.manager_id == name).include(User.orders)
    calls = Calls(endpoint)
    page = query.page(items=2)
    assert [len(user.orders) for user in page.items] == [1, 1]
    assert len(calls.of("Query")) == 3
    rest = query.page(page.cursor, items=3)
    assert len({user.id for user in (*page.items, *rest.items)}) == 5
    assert db.query(User, User.manager_id == name).page(page.cursor, items=2).items == rest.items[:2]
    calls = Calls(endpoint)
    first = query.first()
    assert first
    assert len(first.orders) == 1
    assert len(calls.of("Query")) == 2
    assert [len(user.orders) for user in db.scan(User, User.manager_id == name).include(User.orders)] == 5 * [1]


def test_explain_says_how_relations_are_read(db: Db) -> None:
    query = db.query(User, User.manager_id == "x").include(User.orders.then(Order.user), User.profile)
    many, one = query.limit(250).explain().includes
    assert many == IncludeExplanation(
        relation="User.orders",
        operation="Query",
        table="rel_orders",
        index="by_user",
        requests="one for each distinct parent",
        requests_max=250,
        requests_at_once=8,
        includes=many.includes,
    )
    assert [each.relation for each in many.includes] == ["Order.user"]
    assert (one.operation, one.requests, one.requests_max) == ("BatchGetItem", "one for 100 distinct keys", 3)
    assert query.explain().includes[0].requests_max is None


def test_what_cannot_be_included_is_refused_before_a_call(db: Db, endpoint: StrictServer) -> None:
    before = len(endpoint.journal)
    with pytest.raises(UsageError, match=r"Order\.user is a relation of Order, and items of User are read"):
        db.query(User, User.id == "a").include(Order.user)
    with pytest.raises(UsageError, match=r"Order\.user is a relation of Order"):
        db.get(User, "a", include=[User.orders, Order.user])
    with pytest.raises(UsageError, match=r"User\.badge is a relation of User, and items of Order are read"):
        db.get_many(User, ["a"], include=[User.orders.then(User.badge)])
    with pytest.raises(UsageError, match="is not a relation"):
        db.query(User, User.id == "a").include("orders")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"Order\.user needs user_id, which is not read"):
        db.query(Order, Order.placed == "x", index=Order.by_placed).include(Order.user).explain()
    with pytest.raises(UsageError, match=r"User\.orders reads the global index by_user"):
        db.get(User, "a", include=[User.orders], consistent=True)
    with pytest.raises(UsageError, match=r"User\.orders reads the global index by_user"):
        db.query(User, User.id == "a").include(User.orders).consistent()
    assert len(endpoint.journal) == before


def test_a_consistent_read_is_so_for_what_is_included(db: Db, name: str, endpoint: StrictServer) -> None:
    db.create(Order(id=name, user_id=name))
    calls = Calls(endpoint)
    db.require(Order, name, include=[Order.lines, Order.user], consistent=True)
    assert calls.of("Query")[0]["ConsistentRead"] is True
    assert calls.of("BatchGetItem")[0]["RequestItems"]["rel_users"]["ConsistentRead"] is True


def test_only_reads_what_leads_to_the_relation_too(db: Db, name: str) -> None:
    users(db, name, {"a": 1})
    (order,) = db.query(Order, Order.user_id == f"{name}-a").only(Order.id).include(Order.user)
    assert order.user
    assert order.user.id == f"{name}-a"


def test_what_was_read_is_never_stale_and_never_stored(db: Db, client: Any, name: str) -> None:
    users(db, name, {"a": 1})
    order = db.require(Order, f"{name}-a-0", include=[Order.user, Order.lines])
    order.placed = "2026-02-02"
    assert order.user
    db.save(order)
    assert order.user.id == f"{name}-a"
    stored = client.get_item(TableName="rel_orders", Key={"id": {"S": order.id}})["Item"]
    assert stored.keys() == {"id", "user_id", "placed"}
    assert order == db.require(Order, order.id)
    assert order.model_dump().keys() == {"id", "user_id", "placed"}
    order.user_id = "other"
    with pytest.raises(NotLoaded, match=r"was read for user_id='.*', which has changed since"):
        _ = order.user
    assert order.lines == []
    with pytest.raises(ValueError, match="user"):
        order.user = None
    with pytest.raises(ValueError, match="user"):
        Order(id="1", user=None)  # type: ignore[call-arg]


def test_copies_and_pickles_keep_what_was_read(db: Db, name: str) -> None:
    users(db, name, {"a": 2})
    user = db.require(User, f"{name}-a", include=[User.orders.then(Order.user)])
    for made in (copy.copy(user), copy.deepcopy(user), pickle.loads(pickle.dumps(user)), user.model_copy()):
        assert [order.id for order in made.orders] == [order.id for order in user.orders]
        assert made.orders[0].user == user


def test_unprocessed_keys_are_asked_for_again(db: Db, name: str, endpoint: StrictServer) -> None:
    users(db, name, dict.fromkeys("abcd", 1))
    ids = [f"{name}-{each}-0" for each in "abcd"]
    endpoint.fault("BatchGetItem", kind="unprocessed", times=2, table="rel_users")
    found = db.get_many(Order, ids, include=[Order.user])
    assert [order and order.user and order.user.id for order in found] == [f"{name}-{each}" for each in "abcd"]


@pytest.mark.parametrize("kind", ["throttle", "500", "reset-after", "cut-body"])
def test_children_whose_query_is_throttled_are_read_again(db: Db, name: str, endpoint: StrictServer, kind: Any) -> None:
    users(db, name, dict.fromkeys("abcd", 2))
    fault = endpoint.fault("Query", kind=kind, times=3, table="rel_orders")
    found = list(db.query(User, User.manager_id == name).include(User.orders))
    assert [len(user.orders) for user in found] == 4 * [2]
    assert fault.hits == 3


def test_at_most_eight_queries_are_sent_at_once(db: Db, name: str, endpoint: StrictServer) -> None:
    users(db, name, {f"{each:02d}": 0 for each in range(20)})
    calls = Calls(endpoint)
    slow = endpoint.fault("Query", kind="slow", seconds=0.2, times=20, table="rel_orders")
    most = 0
    done = threading.Event()

    def look() -> None:
        nonlocal most
        while not done.wait(0.01):
            most = max(most, slow.hits - answered())

    def answered() -> int:
        return len(calls.of("Query")) - 1

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        assert len(list(db.query(User, User.manager_id == name).include(User.orders))) == 20
    finally:
        done.set()
        watcher.join()
    assert most <= 8


def test_an_error_of_one_query_ends_the_others_and_leaves_no_thread(db: Db, name: str, endpoint: StrictServer) -> None:
    users(db, name, {f"{each:02d}": 1 for each in range(30)})
    query = db.query(User, User.manager_id == name).include(User.orders)
    list(db.query(User, User.manager_id == name))
    before = threading.enumerate()
    calls = Calls(endpoint)
    fault = endpoint.fault("Query", kind="access-denied", nth=3, times=None, table="rel_orders")
    with pytest.raises(DynasmithError, match="not authorized"):
        list(query)
    fault.remove()
    assert len(calls.of("Query")) < 25
    assert threads_left(before) == []
    assert [len(user.orders) for user in query] == 30 * [1]


def tasks(db: Db) -> set[Any]:
    """What is under way on the session's loop."""
    items: Any = db._context.items
    return asyncio.all_tasks(items._items._loop)


def test_an_interrupt_ends_the_queries_at_once(db: Db, name: str, endpoint: StrictServer) -> None:
    users(db, name, {f"{each:02d}": 1 for each in range(12)})
    query = db.query(User, User.manager_id == name).include(User.orders)
    list(query)
    before = threading.enumerate()
    fault = endpoint.fault("Query", kind="throttle", times=None, table="rel_orders")
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        deadline = threading.Event()
        for _ in range(12_000):
            if fault.hits >= 8:
                break
            deadline.wait(0.01)
        signal.pthread_kill(main, signal.SIGINT)

    watcher = threading.Thread(target=interrupt)
    watcher.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            list(query)
        for _ in range(12_000):  # while everything is still throttled
            if not tasks(db):
                break
            threading.Event().wait(0.01)
        assert not tasks(db)
    finally:
        watcher.join()
        fault.remove()
    assert threads_left(before) == []
    assert [len(user.orders) for user in query] == 12 * [1]


def test_a_related_item_that_is_broken_is_named(db: Db, client: Any, name: str) -> None:
    db.create(Order(id=name))
    client.put_item(TableName="rel_lines", Item={"order_id": {"S": name}, "number": {"N": "1"}, "body": {"N": "1"}})
    with pytest.raises(DynasmithError, match=r"OrderLine .*body"):
        db.require(Order, name, include=[Order.lines])
    db.delete(key(OrderLine, name, 1))
