"""Classes as tables of a project, as users write it."""

from collections.abc import Iterator, Sequence
from typing import assert_type

from dynasmith import (
    ApplyReport,
    Consent,
    Context,
    Db,
    DryRun,
    Ensured,
    Model,
    ModelTable,
    Plan,
    Project,
    Report,
    Side,
    Table,
    TableDescription,
    Verdict,
    VerifyResult,
    connect,
)
from dynasmith.models import Attr, Partition, model_transform
from dynasmith.operations import Add


class User(Model, table="users"):
    """A table of its own."""

    id: Partition[str]
    email: Attr[str]


class Order(Model, table="orders"):
    """Another one."""

    id: Partition[str]


def opened() -> None:
    """Classes and names are the definitions."""
    assert_type(connect(models=[User, Order]), Project)
    assert_type(Project.load(env="local", models=[User, "app.models:Order", "app.billing"]), Project)


def tables(project: Project) -> None:
    """Verbs about tables take classes."""
    assert_type(project.ensure(User, Order, wait=False), Ensured)
    assert_type(project.ensure([User, "orders"]), Ensured)
    assert_type(project.plan(User, Order, prune=True), Plan)
    assert_type(project.apply(User, consent=Consent(yes=True)), ApplyReport)
    assert_type(project.tables(User), tuple[Table, ...])
    assert_type(project.describe(User), TableDescription)
    assert_type(project.create(User), TableDescription)
    assert_type(project.exists(User), bool)
    assert_type(project.delete(User, consent=Consent(confirm="users")), bool)
    assert_type(project.delete_tables([User, "orders"]), tuple[str, ...])
    assert_type(project.validate(User, offline=True), Verdict)
    assert_type(project.count(User), int)
    assert_type(project.count("orders", index="by_customer"), int)


def for_tests(project: Project) -> None:
    """Tables of their own."""
    test = project.in_table(User, "test_users_42")
    assert_type(test, ModelTable)
    assert_type(test.ensure(), Ensured)
    assert_type(test.db(), Db)
    assert_type(test.delete(consent=Consent(confirm="test_users_42")), bool)
    with project.temporary_table(User, Order) as db:
        assert_type(db, Db)


def refused(project: Project) -> None:
    """What checkers refuse."""
    connect(models=["app.models", 5])  # type: ignore[list-item]
    connect(models=User)  # type: ignore[arg-type]
    project.ensure(int)  # type: ignore[arg-type]
    project.ensure(User, "orders")  # type: ignore[arg-type]
    project.in_table("users", "test")  # type: ignore[arg-type]
    project.temporary_table("users")  # type: ignore[arg-type]
    project.count(5)  # type: ignore[arg-type]


class OrderV2(Model, table="orders_v2"):
    """What orders become."""

    id: Partition[str]
    note: Attr[str]


def moved(old: Order) -> OrderV2:
    """One of one."""
    return OrderV2(id=old.id, note="")


def some(old: Order, ctx: Context) -> Iterator[OrderV2]:
    """Several, with the context."""
    yield OrderV2(id=ctx.uuid({"id": old.id}), note="")


def noted(one: OrderV2) -> OrderV2 | None:
    """A change in place."""
    if one.note:
        return None
    one.note = "none"
    return one


def items(project: Project) -> None:
    """Functions of instances."""
    assert_type(project.copy(Order, OrderV2, moved, backup="orders_backup_20240101", batch_size=250), Report)
    assert_type(project.copy(Order, OrderV2, some, processes=4), Report)
    assert_type(project.copy(Order, OrderV2, lambda old: OrderV2(id=old.id, note="") if old.id else None), Report)
    assert_type(project.copy(Order, OrderV2, lambda old: [moved(old)]), Report)
    assert_type(project.copy(Order, OrderV2), Report)
    assert_type(project.copy(Order, OrderV2, Add("note", "x")), Report)
    assert_type(project.copy(Order, "elsewhere"), Report)
    assert_type(project.backfill(OrderV2, noted, canary=0.01), Report)
    assert_type(project.backfill(OrderV2, "app.moves:noted"), Report)
    assert_type(project.populate(Order, [Order(id="1"), Order(id="2")]), Report)
    assert_type(project.populate(Order, "orders.jsonl", on_error="dead"), Report)
    assert_type(project.populate(Order, (Order(id=str(each)) for each in range(3))), Report)
    assert_type(project.export(Order, "orders.jsonl"), Report)
    assert_type(project.verify(Order, OrderV2, transform=moved), VerifyResult)
    assert_type(project.dry_run.copy(Order, OrderV2, transform=moved), DryRun)
    assert_type(project.auto_migrate(User, Order, OrderV2), Sequence[Report])
    assert_type(project.auto_migrate(Order, target=OrderV2, copy=True, transform=moved), Sequence[Report])
    made = model_transform(moved, Order, OrderV2)
    assert_type(project.copy(Side(table="orders"), Side(table="orders_v2", env="prod"), made), Report)


def refused_items(project: Project) -> None:
    """What checkers refuse."""
    project.copy(OrderV2, Order, moved)  # type: ignore[arg-type]
    project.backfill(Order, noted)  # type: ignore[arg-type]
    project.backfill(Order, moved)  # type: ignore[arg-type]
    project.auto_migrate(User, "orders")  # type: ignore[call-overload]
