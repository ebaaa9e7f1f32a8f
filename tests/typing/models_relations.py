"""Relations as users write them. Type-checked by ``make check``, and run by ``tests/db/test_relation_examples.py``."""

from datetime import datetime
from decimal import Decimal
from typing import assert_type

from dynasmith import Collection, Db, Model, Query, SyncCounts
from dynasmith.models import (
    Attr,
    Many,
    ManyToMany,
    One,
    Partition,
    Sort,
    attr,
    belongs_to,
    created_at,
    gsi,
    has_many,
    has_one,
    key,
    many_to_many,
    partition,
    sort,
    template,
    ttl,
    updated_at,
    uuid,
)


class Customer(Model, table="rel_customers"):
    """Defaults, stamps, and relations to classes that come later."""

    id: Partition[str] = uuid()
    email: Attr[str]
    name: Attr[str | None] = attr(default=None)
    created: Attr[datetime] = created_at()
    updated: Attr[datetime] = updated_at()
    by_email = gsi("email")
    orders = has_many(lambda: Order, by="customer_id")
    settings = has_one(lambda: Settings, by="customer_id")


class Settings(Model, table="rel_settings"):
    """One for a customer."""

    customer_id: Partition[str]
    language: Attr[str] = attr(default="en")


class Order(Model, table="rel_orders"):
    """What belongs to a customer."""

    id: Partition[str] = uuid()
    customer_id: Attr[str]
    total: Attr[Decimal]
    status: Attr[str] = attr(default="new")
    tags: Attr[set[str]] = attr(default_factory=set)
    by_customer = gsi("customer_id", sort="id")
    customer = belongs_to(lambda: Customer, by="customer_id")


class Buyer(Model, table="rel_shop", entity="buyer"):
    """One table with several classes: a buyer, its sales and their lines are one partition."""

    pk = partition("buyer:{buyer_id}")
    sk = sort("#")
    buyer_id: Attr[str]
    sales = has_many(lambda: Sale, by="buyer_id")


class Sale(Model, table="rel_shop", entity="sale"):
    """Found by its buyer, and by its status."""

    pk = partition("buyer:{buyer_id}")
    sk = sort("sale:{number:08d}")
    gs1pk = template("status:{status}")
    gs1sk = template("{placed}")
    gs1 = gsi("gs1pk", sort="gs1sk")
    buyer_id: Attr[str]
    number: Attr[int]
    status: Attr[str | None] = attr(default="open")
    placed: Attr[datetime] = created_at()
    lines = has_many(lambda: Line, by=("buyer_id", "number"))


class Line(Model, table="rel_shop", entity="line"):
    """Its key begins with that of its sale."""

    pk = partition("buyer:{buyer_id}")
    sk = sort("sale:{number:08d}:line:{line:03d}")
    buyer_id: Attr[str]
    number: Attr[int]
    line: Attr[int]
    amount: Attr[Decimal]
    expires: Attr[datetime | None] = ttl()


class Student(Model, table="rel_students"):
    """Many to many, by a class with a key for each pair."""

    id: Partition[str]
    courses = many_to_many(lambda: Course, lambda: Enrollment)


class Course(Model, table="rel_courses"):
    """The other side."""

    id: Partition[str]
    students = many_to_many(lambda: Student, lambda: Enrollment)


class Enrollment(Model, table="rel_enrollments"):
    """The pairs, with data of their own."""

    student_id: Partition[str]
    course_id: Sort[str]
    grade: Attr[str | None] = attr(default=None)
    by_course = gsi("course_id", sort="student_id")
    student = belongs_to(lambda: Student, by="student_id")
    course = belongs_to(lambda: Course, by="course_id")


class Plain(Model, table="rel_plain"):
    """The class between may be there already."""

    id: Partition[str]
    courses = many_to_many(lambda: Course, through=Enrollment, by="student_id", to="course_id")


def relations(db: Db) -> None:
    """On the class a relation, on an instance what was read."""
    assert_type(Customer.orders, Many[Order])
    assert_type(Order.customer, One[Customer])
    assert_type(Customer.orders.then(Order.customer), Many[Order])
    ann = db.create(Customer(email="ann@example.com"))
    db.create(Order(id="o1", customer_id=ann.id, total=Decimal("12.50")))
    query = db.query(Customer, Customer.email == "ann@example.com").include(Customer.orders, Customer.settings)
    assert_type(query, Query[Customer])
    for one in query:
        assert_type(one.orders, list[Order])
        assert_type(one.settings, Settings | None)
        assert [order.id for order in one.orders] == ["o1"]
        assert one.settings is None
    big = db.query(
        Order,
        Order.customer_id == ann.id,
        (Order.total > 10) & ~(Order.status == "void") | Order.tags.contains("vip"),
    )
    assert_type(big.first(), Order | None)
    assert big.first() is not None
    order = db.require(Order, "o1", include=[Order.customer])
    assert_type(order.customer, Customer | None)
    assert order.customer == ann
    order.status = "paid"
    db.save(order)
    changed = db.update(key(Order, "o1"), Order.total.add(1), Order.tags.remove(), where=Order.status != "void")
    assert changed.total == Decimal("13.50")
    ends = db.scan(Customer).filter(lambda customer: customer.email.endswith("@example.com"))
    assert_type(next(ends), Customer)
    assert_type(db.get_many(Customer, [ann.id], include=[Customer.orders.then(Order.customer)]), list[Customer | None])


def collections(db: Db) -> None:
    """A query of several classes gives instances of each of them."""
    db.create(Buyer(buyer_id="b1"))
    db.create(Sale(buyer_id="b1", number=7))
    db.create(Line(buyer_id="b1", number=7, line=1, amount=Decimal(3)))
    assert_type(db.collection(Buyer, Sale), Collection[Buyer | Sale])
    assert_type(db.collection(Buyer, Sale, Line, Buyer, Sale, Line), Collection[Buyer | Sale | Line])
    found = db.collection(Buyer, Sale, Line).query(Sale.buyer_id == "b1", Sale.sk.begins_with("sale:00000007"))
    assert_type(found, Query[Buyer | Sale | Line])
    shown: list[str] = []
    for one in found.include(Sale.lines):
        match one:
            case Sale():
                assert_type(one, Sale)
                shown.append(f"sale {one.number} of {len(one.lines)}")
            case Line():
                shown.append(f"line {one.line}: {one.amount}")
            case Buyer():
                pass
    assert shown == ["sale 7 of 1", "line 1: 3"]
    page = db.query(Sale, Sale.gs1pk == "status:open", index=Sale.gs1).descending().page(items=20)
    assert_type(page.items, list[Sale])
    assert [sale.number for sale in page.items] == [7]
    for buyer in db.query(Buyer, Buyer.buyer_id == "b1").include(Buyer.sales.then(Sale.lines)):
        assert [line.amount for sale in buyer.sales for line in sale.lines] == [3]


def transactions(db: Db) -> None:
    """A sale and its first line are written together, if there is the buyer."""
    with db.transaction(token="t-1") as tx:
        tx.check(key(Buyer, buyer_id="b1"), Buyer.buyer_id.exists())
        tx.create(Sale(buyer_id="b1", number=8))
        tx.create(Line(buyer_id="b1", number=8, line=1, amount=Decimal(3)))
    buyer, sale = db.transaction_get(key(Buyer, buyer_id="b1"), key(Sale, buyer_id="b1", number=8))
    assert_type(sale, Sale | None)
    assert buyer is not None
    assert sale is not None
    found = db.require(Sale, buyer_id="b1", number=8, include=[Sale.lines])
    assert [line.amount for line in found.lines] == [3]


def pairs(db: Db) -> None:
    """Pairs are attached, detached and synchronized."""
    assert_type(Student.courses, ManyToMany[Course])
    assert_type(Plain.courses.then(Course.students), ManyToMany[Course])
    student = db.create(Student(id="s1"))
    maths = db.create(Course(id="maths"))
    assert_type(db.attach(student, Student.courses, [maths, "latin"], grade="A"), int)
    assert_type(db.detach(student, Student.courses, [key(Course, "latin")]), int)
    counts = db.sync(student, Student.courses, ["maths", {"id": "art"}])
    assert_type(counts, SyncCounts)
    assert counts == SyncCounts(attached=1, detached=0, kept=1)
    found = db.require(Student, "s1", include=[Student.courses.then(Course.students)])
    assert_type(found.courses, list[Course])
    assert [[each.id for each in course.students] for course in found.courses] == [["s1"]]
    db.sync(maths, Course.students, [student])


def refused(db: Db, order: Order, student: Student) -> None:
    """What checkers refuse."""
    Order(customer_id="c", total=Decimal(1), customer=None)  # type: ignore[call-arg]
    order.customer.email  # type: ignore[union-attr]
    db.query(Order).include(Order.customer_id)  # type: ignore[arg-type]
    db.query(Order).include("customer")  # type: ignore[arg-type]
    Customer.orders.then(Order.id)  # type: ignore[arg-type]
    has_many(lambda: str, by="id")  # type: ignore[type-var]
    db.collection(Order, str)  # type: ignore[type-var]
    db.collection(Buyer, Sale).query(Sale.number)  # type: ignore[arg-type]
    db.attach(student, Student.courses, [3.5])  # type: ignore[list-item]
    db.attach(student, Customer.orders, ["o1"])  # type: ignore[arg-type]
    db.sync(student, Student.courses)  # type: ignore[call-arg]
    has_many(Order, by="customer_id")  # type: ignore[arg-type]
