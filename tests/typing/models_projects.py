"""Classes as tables of a project, as users write it."""

from typing import assert_type

from dynasmith import (
    ApplyReport,
    Consent,
    Db,
    Ensured,
    Model,
    ModelTable,
    Plan,
    Project,
    Table,
    TableDescription,
    Verdict,
    connect,
)
from dynasmith.models import Attr, Partition


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
