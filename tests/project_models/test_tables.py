"""Verbs about tables take classes: the same answers as for names."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.story import new_account
from dynasmith import (
    Consent,
    ConsentRequired,
    DefinitionError,
    Project,
    TableExists,
    TableNotFound,
    UsageError,
    connect,
)
from dynasmith.models import Attr, Model, Partition, gsi, tables_of
from project_models.shop import Buyer, Customer, CustomerV2, Sale

pytestmark = pytest.mark.engine


def test_verbs_take_classes(project: Project) -> None:
    assert project.ensure(Customer, CustomerV2).created == ("customers", "customers_v2")
    assert project.ensure([Customer, "customers_v2"]).created == ()
    assert not project.exists(Sale)
    assert project.plan(Sale).tables[0].table == "shop"
    assert project.apply(Sale).applied
    assert project.plan(Sale, Customer).is_empty
    assert [table.name for table in project.tables(Buyer, Sale)] == ["shop", "shop"]
    assert project.describe(Buyer).table.name == "shop"
    assert project.validate(Customer).findings == project.validate(["customers"]).findings
    assert project.outputs(Customer) == project.outputs(["customers"])
    assert "customers" in project.import_tables(Customer)
    with pytest.raises(TableExists):
        project.create(Customer)
    with pytest.raises(ConsentRequired):
        project.delete(Customer)
    assert project.delete(Customer, consent=Consent(confirm="customers"))
    assert project.create(Customer).table.name == "customers"
    assert project.retire(Customer, consent=Consent(confirm="customers"))["table"] == "customers"
    assert project.delete_tables([Customer], missing_ok=True) == ()


def test_single_items_of_a_class(project: Project) -> None:
    project.ensure(Customer, Sale)
    item = {"id": {"S": "1"}, "name": {"S": "Ann"}}
    project.put(Customer, item)
    assert project.get(Customer, {"id": {"S": "1"}}) == item
    assert project.db().require(Customer, "1").name == "Ann"
    assert (project.count(Customer), project.count("customers")) == (1, 1)
    project.delete_item(Customer, {"id": {"S": "1"}})
    assert project.count(Customer) == 0


def test_a_class_counts_its_own_items(project: Project) -> None:
    project.ensure()
    db = project.db()
    db.create(Buyer(buyer_id="b"))
    for number in range(3):
        db.create(Sale(buyer_id="b", number=number))
    assert (project.count("shop"), project.count(Sale), project.count(Buyer)) == (4, 3, 1)
    assert project.count("shop", index="by_status") == 3
    with pytest.raises(UsageError, match="Sale is one class of its table"):
        project.count(Sale, index="by_status")


class Wish(Model, table="wishes"):
    """A class that the project does not know, and a file may."""

    id: Partition[str]
    email: Attr[str]
    by_email = gsi("email")


def test_a_class_that_the_project_does_not_know(project: Project, tmp_path: Path, ministack_endpoint: str) -> None:
    assert project.ensure(Wish).created == ("wishes",)
    assert "wishes" not in project.defined_names()
    text = "tables:\n  - name: wishes\n    tags: {team: a}\n"
    (tmp_path / "tables.yaml").write_text(text, "utf-8")
    with Project.load(tmp_path / "tables.yaml", endpoint=ministack_endpoint) as other:
        with pytest.raises(DefinitionError):
            other.tables()
        assert other.tables(Wish)[0].tags == {"team": "a"}


def test_a_plan_and_classes_are_too_much(project: Project) -> None:
    plan = project.plan(Customer)
    with pytest.raises(UsageError, match="A plan and classes"):
        project.apply(plan, Customer)


# --- tables of their own


def test_a_table_under_another_name(project: Project) -> None:
    with project.in_table(Customer, "test_customers_42") as test:
        assert test.name == "test_customers_42"
        assert [table.name for table in test.tables()] == ["test_customers_42"]
        assert not test.exists()
        assert test.ensure().created == ("test_customers_42",)
        test.db().create(Customer(id="1", name="Ann"))
        assert project.db().in_table(Customer, "test_customers_42").require(Customer, "1").name == "Ann"
        assert (test.count(), test.count(Customer)) == (1, 1)
        assert test.describe(Customer).table.name == test.describe().table.name
        assert test.plan().is_empty
        assert not project.exists(Customer)
        with pytest.raises(ConsentRequired):
            test.delete()
        assert test.delete(consent=Consent(confirm="test_customers_42"))
        assert not test.exists()
        assert not test.delete(missing_ok=True)
    assert list(project.names()) == []  # its connections are still there


def test_classes_of_one_table_go_together(project: Project) -> None:
    with project.in_table(Sale, "test_shop") as test:
        test.ensure()
        test.db().create(Buyer(buyer_id="b"))
        test.db().create(Sale(buyer_id="b", number=1))
        assert test.count() == 2
        assert not project.exists("shop")
        assert test.ensure(Customer).created == ("customers",)


def test_a_dry_table_cannot_be_written(project: Project) -> None:
    test = project.in_table(Customer, "test_customers_dry")
    assert test.dry.name == "test_customers_dry"
    with pytest.raises(UsageError):
        test.dry.db().create(Customer(id="1", name="Ann"))
    with pytest.raises(UsageError, match="dry"), project.dry.temporary_table(Customer):
        pass


def test_a_temporary_table_is_deleted(project: Project) -> None:
    with project.temporary_table(CustomerV2) as db:
        (name,) = project.names()
        assert name.startswith("customers_v2_temporary_")
        assert [index.name for index in project.describe(name).table.indexes] == ["by_last_name"]  # type: ignore[union-attr]
        db.create(CustomerV2(id="1", first_name="A", last_name="B"))
        assert db.query(CustomerV2, CustomerV2.last_name == "B").count() == 1
    assert list(project.names()) == []


def test_a_temporary_table_is_deleted_when_the_block_raises(project: Project) -> None:
    def fail() -> None:
        with project.temporary_table(Customer, Sale) as db:
            assert len(list(project.names())) == 2
            db.create(Buyer(buyer_id="b"))  # of the same table as Sale
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(project.names()) == []


def test_a_table_that_the_block_deleted_is_no_error(project: Project) -> None:
    with project.temporary_table(Customer):
        (name,) = project.names()
        project.delete(name, consent=Consent(confirm=name))
    assert list(project.names()) == []


def test_two_temporary_tables_have_two_names(project: Project) -> None:
    with project.temporary_table(Customer) as one, project.temporary_table(Customer) as two:
        one.create(Customer(id="1", name="Ann"))
        assert two.get(Customer, "1") is None


class Guarded(Model, table="guarded", settings={"deletion_protection": True, "tags": {"a": "b"}}):
    """A table that nobody deletes by mistake."""

    id: Partition[str]


def test_a_temporary_table_has_nothing_that_keeps_it(project: Project) -> None:
    with project.temporary_table(Guarded):
        (name,) = project.names()
        assert project.describe(name).table.deletion_protection is not True
    assert list(project.names()) == []


PROTECTED = """
[environments.prod]
endpoint = "{endpoint}"
region = "us-east-1"
protected = true
table_prefix = "prod-"
access_key_id = "${{KEY}}"
secret_access_key = "${{KEY}}"
[environments.aws-one]
region = "us-east-1"
access_key_id = "${{KEY}}"
secret_access_key = "${{KEY}}"
"""


def test_a_temporary_table_needs_consent_where_it_may_hurt(tmp_path: Path, ministack_endpoint: str) -> None:
    (tmp_path / "dynasmith.toml").write_text(PROTECTED.format(endpoint=ministack_endpoint))
    variables = {"KEY": new_account()}
    with Project.load(tmp_path, env="prod", models=[Customer], variables=variables) as project:
        with pytest.raises(ConsentRequired) as error, project.temporary_table(Customer):
            pass
        assert [need.name for need in error.value.needs] == ["prod"]
        assert list(project.names()) == []
        with project.temporary_table(Customer, consent=Consent(confirm="prod")) as db:
            db.create(Customer(id="1", name="Ann"))
            (name,) = project.names()
            assert name.startswith("prod-customers_temporary_")
        assert list(project.names()) == []
    with (
        Project.load(tmp_path, env="aws-one", models=[Customer], variables=variables) as project,
        pytest.raises(ConsentRequired) as error,
        project.temporary_table(Customer),
    ):
        pass
    assert "Create customers_temporary_" in str(error.value)


def test_classes_have_the_names_of_the_environment(tmp_path: Path, ministack_endpoint: str) -> None:
    (tmp_path / "dynasmith.toml").write_text(PROTECTED.format(endpoint=ministack_endpoint))
    with Project.load(tmp_path, env="prod", variables={"KEY": new_account()}) as project:
        assert project.physical(Customer) == "prod-customers"
        assert project.ensure(Customer).created == ("prod-customers",)
        project.db().create(Customer(id="1", name="Ann"))
        assert project.count(Customer) == 1
        assert project.in_table(Customer, "mine").physical(Customer) == "mine"
        project.delete(Customer, consent=Consent(confirm=("prod", "prod-customers")))


def test_what_is_not_a_class(project: Project) -> None:
    for wrong in (int, "customers", None, Customer(id="1", name="x")):
        with pytest.raises(UsageError, match="model must be a class of Model"):
            project.in_table(wrong, "x")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=r"models\[0\] must be a class of Model"):
            project.temporary_table(wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="needs a class"), project.temporary_table():
        pass
    with pytest.raises(TableNotFound):
        project.describe(Customer)
    with connect(endpoint="http://127.0.0.1:9") as other, pytest.raises(DefinitionError):
        other.ensure(Model)


def test_a_table_needs_no_definition(ministack_endpoint: str, tmp_path: Path) -> None:
    account = new_account()
    (table,) = tables_of(Customer)
    made = Project.load(directory=tmp_path, endpoint=ministack_endpoint, access_key=account, secret_key="secret")
    with made as project:
        assert project.create(table).table.name == "customers"
        assert project.delete(table, consent=Consent(confirm="customers"))
