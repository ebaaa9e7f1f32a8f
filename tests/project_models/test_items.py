"""copy, backfill, populate and auto_migrate of classes: functions take instances, other classes are left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Consent, ConsentRequired, Context, Project, Side, TransformError, UsageError
from dynasmith.models import Attr, Model, Partition, attr, deleted_at, model_transform, uuid
from dynasmith.operations import Add, Rename
from project_models import shop
from project_models.shop import Buyer, Customer, CustomerV2, Sale, named_only, older, split, twice

pytestmark = pytest.mark.engine
HERE = "project_models.shop"


def wire(project: Project, model: type[Model], **key: str) -> dict[str, Any]:
    return project.get(model, {name: {"S": value} for name, value in key.items()})


@pytest.fixture
def customers(project: Project) -> Project:
    """Three customers, one of which has what the class does not know."""
    project.ensure(Customer, CustomerV2)
    db = project.db()
    for number, name in enumerate(("Ann Able", "Bob Baker", "Cher")):
        db.create(Customer(id=str(number), name=name, age=number or None))
    item = wire(project, Customer, id="0")
    project.put(Customer, item | {"legacy": {"M": {"deep": {"SS": ["a"]}}}})
    return project


# --- copy


def test_a_copy_makes_instances_of_instances(customers: Project) -> None:
    report = customers.copy(Customer, CustomerV2, split, batch_size=250)
    assert (report.counts.read, report.counts.written) == (3, 3)
    db = customers.db()
    bob = db.require(CustomerV2, "1")
    assert (bob.first_name, bob.last_name, bob.rev, bob.created) == ("Bob", "Baker", 1, report.job.started_at)
    assert db.query(CustomerV2, CustomerV2.last_name == "Able").count() == 1
    stored = wire(customers, CustomerV2, id="0")
    assert stored.keys() == {"id", "first_name", "last_name", "rev", "created"}  # a new instance is all of the item
    assert customers.verify(Customer, CustomerV2, job=report.job.id).equal
    again = customers.copy(Customer, CustomerV2, split, mode="skip-existing")
    assert again.counts.written == 0


def test_a_function_of_instances_where_items_are_plain_names_the_classes(customers: Project) -> None:
    for transform, hint in (
        (split, "model_transform(FUNCTION, Customer, CustomerV2)"),
        (f"{HERE}:split", f"'{HERE}:split({HERE}:Customer -> {HERE}:CustomerV2)'"),
    ):
        with pytest.raises(UsageError, match="takes instances of Customer") as raised:
            customers.copy(Side(table="customers"), Side(table="customers_v2"), transform)
        assert hint in raised.value.hint
    with pytest.raises(UsageError, match="takes instances of Customer") as raised:
        customers.dry_run.backfill("customers", f"{HERE}:older")
    assert f"'{HERE}:older({HERE}:Customer)'" in raised.value.hint
    named = f"{HERE}:split({HERE}:Customer -> {HERE}:CustomerV2)"  # as the hint says
    dry = customers.dry_run.copy(Side(table="customers"), Side(table="customers_v2"), named)
    assert any("first_name" in str(sample) for sample in dry.samples)


def test_a_target_is_created_as_the_class_that_a_named_transform_makes(project: Project) -> None:
    project.ensure(Customer)
    project.db().create(Customer(id="1", name="Ann Able"))
    named = f"{HERE}:split({HERE}:Customer->{HERE}:CustomerV2)"
    project.copy("customers", "customers_v2", named, create_target=True)
    assert project.plan(CustomerV2).is_empty  # with its index and its time to live
    project.copy("customers", "of_another_name", model_transform(split, Customer, CustomerV2), create_target=True)
    assert project.describe("of_another_name").table.index("by_last_name") is not None


def test_none_leaves_an_item_out_and_several_are_several(customers: Project) -> None:
    report = customers.copy(Customer, CustomerV2, named_only)
    assert (report.counts.written, report.counts.dropped) == (2, 1)
    report = customers.copy(Customer, CustomerV2, twice)
    assert (report.counts.arrived, report.counts.fanned_out) == (6, 3)
    assert customers.db().require(CustomerV2, "2-copy").last_name == "Cher"


def test_the_instance_itself_keeps_what_its_class_does_not_know(customers: Project) -> None:
    def renamed(old: Customer) -> Customer:
        old.name = old.name.upper()
        return old

    with customers.in_table(Customer, "customers_b") as other:
        other.ensure()
    report = customers.copy("customers", "customers_b", model_transform(renamed, Customer, Customer))
    assert report.counts.written == 3
    before, after = wire(customers, Customer, id="0"), customers.get("customers_b", {"id": {"S": "0"}})
    assert after == before | {"name": {"S": "ANN ABLE"}}


def test_a_function_may_take_the_context(customers: Project) -> None:
    def stamped(old: Customer, ctx: Context) -> CustomerV2:
        return CustomerV2(
            id=ctx.job + old.id, first_name=old.name, last_name="x", created=datetime(2020, 1, 1, tzinfo=UTC)
        )

    report = customers.copy(Customer, CustomerV2, stamped)
    assert customers.db().require(CustomerV2, f"{report.job.id}1").created == datetime(2020, 1, 1, tzinfo=UTC)


def test_a_target_is_created_from_its_class(project: Project) -> None:
    project.ensure(Customer)
    project.copy(Customer, CustomerV2, split, create_target=True)
    assert project.plan(CustomerV2).is_empty


def test_a_backup_comes_first(customers: Project) -> None:
    customers.copy(Customer, CustomerV2, split, backup="customers_backup_20240101", batch_size=250)
    assert customers.verify(Customer, "customers_backup_20240101").equal
    with pytest.raises(UsageError, match="backup and backup_first are one option"):
        customers.copy(Customer, CustomerV2, split, backup=True, backup_first=True)


def test_a_copy_needs_the_consent_of_a_copy(customers: Project) -> None:
    with pytest.raises(ConsentRequired):
        customers.copy(Customer, CustomerV2, split, consent=Consent())


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda old: {"id": old.id}, "The transform returned dict"),
        (lambda _: "x", "The transform returned str"),
        (lambda old: old, "The transform returned Customer"),
        (lambda old: [old], "The transform returned Customer"),
        (lambda _: Sale(buyer_id="a", number=1), "The transform returned Sale"),
        (lambda _: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_what_a_function_may_not_return(customers: Project, result: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(TransformError, match=message):
        customers.copy(Customer, CustomerV2, result)
    assert customers.count(CustomerV2) == 0


def test_an_item_that_the_class_cannot_read_is_named(customers: Project) -> None:
    customers.put(Customer, {"id": {"S": "bad"}, "name": {"N": "5"}})
    with pytest.raises(TransformError, match=r"Customer \(id='bad'\), name"):
        customers.copy(Customer, CustomerV2, split)
    report = customers.copy(Customer, CustomerV2, split, on_error="dead")
    assert (report.counts.written, report.counts.dead) == (3, 1)


def test_processes_run_functions_of_classes(customers: Project) -> None:
    customers.put("customers", {"id": {"S": "9"}, "name": {"S": "Zoe Zebra"}})
    report = customers.copy(Customer, CustomerV2, split, processes=2)
    assert report.counts.written == 4
    with pytest.raises(UsageError, match="cannot run in another process"):
        customers.copy(Customer, CustomerV2, lambda old: split(old), processes=2)


def test_a_dry_run_is_guarded_and_writes_nothing(customers: Project) -> None:
    rehearsed = customers.dry_run.copy(Customer, CustomerV2, transform=split)
    assert customers.count(CustomerV2) == 0
    assert any("first_name" in str(sample) for sample in rehearsed.samples)
    assert not any("unguarded" in hazard for hazard in rehearsed.hazards)
    unguarded = customers.dry_run.copy(Customer, CustomerV2, transform=lambda old: split(old))
    assert customers.count(CustomerV2) == 0
    assert unguarded.hazards


def test_operations_work_on_the_items_of_classes(customers: Project) -> None:
    customers.copy(Customer, CustomerV2, [Rename("name", "first_name"), Add("last_name", "x")])
    assert customers.db().require(CustomerV2, "2").first_name == "Cher"
    with pytest.raises(UsageError, match="has operations only"):
        customers.copy(Customer, CustomerV2, [split, Add("last_name", "x")])


def test_a_function_by_its_name_takes_instances(customers: Project) -> None:
    report = customers.copy(Customer, CustomerV2, f"{HERE}:split")
    assert report.counts.written == 3
    assert report.job.spec.transform.name == f"{HERE}:split({HERE}:Customer -> {HERE}:CustomerV2)"  # type: ignore[union-attr]
    by_text = customers.copy("customers", "customers_v2", f"{HERE}:split({HERE}:Customer -> {HERE}:CustomerV2)")
    assert by_text.counts.arrived == 3


# --- what a job remembers


def interrupted(project: Project, transform: Callable[[Any], Any]) -> str:
    """A copy that stops at an item that its transform refuses; its id."""
    project.put(Customer, {"id": {"S": "bad"}, "name": {"N": "5"}})
    with pytest.raises(TransformError):
        project.copy(Customer, CustomerV2, transform)
    project.delete_item(Customer, {"id": {"S": "bad"}})
    return project.jobs.find("last")


def test_a_function_of_a_module_is_resumed_by_its_name(customers: Project) -> None:
    assert customers.jobs.resume(interrupted(customers, split)).counts.read >= 3
    assert customers.db().require(CustomerV2, "1").first_name == "Bob"


def test_a_lambda_is_given_again(customers: Project) -> None:
    job = interrupted(customers, lambda old: split(old))
    with pytest.raises(UsageError, match="has no importable name"):
        customers.jobs.resume(job)
    customers.jobs.resume(job, transform=lambda old: split(old))  # of instances, as the job remembers
    assert customers.count(CustomerV2) == 3


def test_classes_without_a_name_are_given_again(customers: Project) -> None:
    class Local(Model, table="customers"):
        id: Partition[str]
        name: Attr[str]

    def local(old: Local) -> CustomerV2:
        return CustomerV2(id=old.id, first_name=old.name, last_name="x")

    customers.put(Customer, {"id": {"S": "bad"}, "name": {"N": "5"}})
    with pytest.raises(TransformError):
        customers.copy(Local, CustomerV2, local)
    customers.delete_item(Customer, {"id": {"S": "bad"}})
    job = customers.jobs.find("last")
    with pytest.raises(UsageError, match="no importable name"):
        customers.jobs.resume(job)
    with pytest.raises(UsageError, match="classes that have no importable name"):
        customers.jobs.resume(job, transform=local)
    customers.jobs.resume(job, transform=model_transform(local, Local, CustomerV2))
    assert customers.count(CustomerV2) == 3


def test_a_changed_module_is_refused(customers: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    job = interrupted(customers, split)
    changed = tmp_path / "shop.py"
    changed.write_text("# another one\n")
    monkeypatch.setattr(shop, "__file__", str(changed))
    with pytest.raises(ConsentRequired, match="has changed since"):
        customers.jobs.resume(job)
    customers.jobs.resume(job, accept_changed_transform=True)


# --- backfill


def test_a_backfill_writes_what_differs(customers: Project) -> None:
    before = wire(customers, Customer, id="1")
    report = customers.backfill(Customer, older)
    assert (report.counts.written, report.counts.unchanged) == (2, 1)
    after = wire(customers, Customer, id="1")
    assert after["years"] == {"N": "18"}
    assert after["rev"] == {"N": "2"}
    assert after["updated"] != before["updated"]
    assert {name: after[name] for name in ("id", "name", "total")} == {
        name: before[name] for name in ("id", "name", "total")
    }
    assert wire(customers, Customer, id="0")["legacy"] == {"M": {"deep": {"SS": ["a"]}}}
    customers.jobs.undo(report.job.id)
    assert wire(customers, Customer, id="1") == before


def test_a_new_instance_leaves_what_the_class_does_not_know(customers: Project) -> None:
    report = customers.backfill(Customer, lambda old: Customer(id=old.id, name="X", total=Decimal(3)))
    assert report.counts.written == 3
    item = wire(customers, Customer, id="0")
    assert (item["name"], item["total"], item["legacy"]) == ({"S": "X"}, {"N": "3"}, {"M": {"deep": {"SS": ["a"]}}})


def test_nothing_changed_is_nothing_written(customers: Project) -> None:
    customers.put(Customer, {"id": {"S": "9"}, "name": {"S": "Z"}, "total": {"N": "1.50"}, "years": {"N": "1e1"}})
    assert customers.backfill(Customer, lambda old: old).counts.written == 0


def test_a_backfill_by_class_has_its_dry_run_and_check(customers: Project) -> None:
    assert customers.dry_run.backfill(Customer, older).changed == 2
    found = customers.check_backfill(Customer, older)
    assert (found.read, found.changed) == (3, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: Customer(id="other", name="x"), "another key"),
        (lambda old: {"id": old.id}, "The change returned dict"),
        (lambda old: [old], "The change returned list"),
        (lambda old: split(old), "The change returned CustomerV2"),
    ],
)
def test_what_a_change_may_not_return(customers: Project, change: Callable[[Any], Any], message: str) -> None:
    before = wire(customers, Customer, id="1")
    with pytest.raises(TransformError, match=message):
        customers.backfill(Customer, change)
    assert wire(customers, Customer, id="1") == before


# --- tables that classes share


@pytest.fixture
def shared(project: Project) -> Project:
    """Two buyers and three sales in one table."""
    project.ensure(Buyer, Sale)
    db = project.db()
    for number in range(3):
        db.create(Sale(buyer_id="b", number=number))
    for name in ("b", "c"):
        db.create(Buyer(buyer_id=name, name=name))
    return project


class SaleV2(Model, table="sales_v2", entity="sale"):
    """Where sales go."""

    id: Partition[str]
    status: Attr[str]


def sold(one: Sale) -> SaleV2:
    return SaleV2(id=f"{one.buyer_id}-{one.number}", status=one.status)


def paid(one: Sale) -> Sale:
    one.status = "paid"
    return one


def test_other_classes_are_left_alone(shared: Project) -> None:
    shared.ensure(SaleV2)
    report = shared.copy(Sale, SaleV2, sold)
    assert (report.counts.read, report.counts.written, report.counts.skipped) == (5, 3, 2)
    report = shared.backfill(Sale, paid)
    assert (report.counts.written, report.counts.skipped) == (3, 2)
    assert shared.db().query(Sale, Sale.status == "paid").count() == 3
    report = shared.backfill(Sale, Add("note", "x"))
    assert (report.counts.written, report.counts.skipped) == (3, 2)
    assert "note" not in wire(shared, Buyer, pk="buyer:b", sk="#")
    with shared.in_table(Sale, "sales_b") as other:
        other.ensure()
    report = shared.copy(Sale, "sales_b")
    assert (report.counts.written, report.counts.skipped) == (3, 2)
    assert shared.copy("shop", "sales_b").counts.arrived == 5


def test_processes_count_what_they_skip(shared: Project) -> None:
    shared.ensure(SaleV2)
    report = shared.copy(Sale, SaleV2, sold, processes=1)
    assert (report.counts.written, report.counts.skipped) == (3, 2)


def test_a_function_gets_the_items_of_the_class(shared: Project) -> None:
    got: list[Mapping[str, Any]] = []
    shared.copy(Sale, got.extend)
    assert {item["_type"] for item in got} == {"sale"}


def test_a_comparison_is_of_the_items_of_the_class(shared: Project, tmp_path: Path) -> None:
    shared.ensure(SaleV2)
    job = shared.copy(Sale, SaleV2, sold).job.id
    assert shared.verify(Sale, SaleV2, job=job).equal
    assert shared.verify(Sale, SaleV2, transform=sold).equal
    shared.export(Sale, tmp_path / "sales.jsonl")
    assert shared.verify(Sale, str(tmp_path / "sales.jsonl")).equal
    assert not shared.verify("shop", str(tmp_path / "sales.jsonl")).equal


def test_an_export_has_the_items_of_the_class(shared: Project, tmp_path: Path) -> None:
    assert shared.export(Sale, tmp_path / "sales.jsonl").counts.written == 3
    assert shared.export("shop", tmp_path / "shop.jsonl").counts.written == 5
    assert shared.export(Sale, tmp_path / "some.jsonl", filter="number > 0").counts.written == 2


class Keeper(Model, table="keepers"):
    """A class that keeps deleted items."""

    id: Partition[str]
    gone: Attr[datetime | None] = deleted_at()


class KeeperV2(Model, table="keepers_v2"):
    """Its successor."""

    id: Partition[str]
    gone: Attr[datetime | None] = deleted_at()


def test_deleted_items_are_not_there_again(project: Project) -> None:
    project.ensure(Keeper, KeeperV2, Customer)
    db = project.db()
    db.create(Keeper(id="1"))
    db.delete(db.create(Keeper(id="2")))
    project.copy(Keeper, KeeperV2, lambda old: KeeperV2(id=old.id))
    assert db.scan(KeeperV2).count() == 1
    assert "gone" in wire(project, KeeperV2, id="2")
    report = project.copy(Keeper, Customer, lambda old: Customer(id=old.id, name=""))
    assert (report.counts.written, report.counts.skipped) == (1, 1)


# --- populate


def test_instances_and_mappings_are_new_items(project: Project) -> None:
    project.ensure(Customer, Sale, Buyer)

    def many() -> Iterator[Customer]:
        for number in range(30):
            yield Customer(id=str(number), name=f"n{number}")

    report = project.populate(Customer, many())
    assert report.counts.written == 30
    found = project.db().require(Customer, "7")
    assert (found.rev, found.name, found.updated) == (1, "n7", report.job.started_at)
    report = project.populate(Sale, [{"buyer_id": "b", "number": 7}, Sale(buyer_id="b", number=8)])
    assert report.counts.written == 2
    assert wire(project, Sale, pk="buyer:b", sk="sale:00000007")["_type"] == {"S": "sale"}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"id": "1"}, "name"),
        ({"id": "1", "name": 5}, "name"),
        ({"id": "1", "name": "x", "years": -1}, "age: Input should be greater than or equal to 0"),
        (CustomerV2(id="1", first_name="a", last_name="b"), "It is an instance of CustomerV2"),
    ],
)
def test_what_the_class_does_not_take_is_dead(project: Project, item: Any, reason: str) -> None:
    project.ensure(Customer)
    report = project.populate(Customer, [item, Customer(id="2", name="ok")])
    assert (report.counts.written, report.counts.dead) == (1, 1)
    assert reason in next(iter(project._world.settings.folder and _dead(project)))


def _dead(project: Project) -> Iterable[str]:
    folder = Path(project._world.settings.folder) / ".dynasmith/jobs"
    return [file.read_text("utf-8") for file in folder.rglob("dead*")]


def test_files_go_through_the_class(project: Project, tmp_path: Path) -> None:
    project.ensure(Sale, Buyer)
    lines = [
        '{"pk": "buyer:b", "sk": "sale:00000001", "buyer_id": "b", "number": 1, "more": [1]}',
        '{"pk": "buyer:b", "sk": "sale:00000003", "buyer_id": "b"}',
        '{"pk": "another", "sk": "key", "buyer_id": "b", "number": 2}',
    ]
    (tmp_path / "sales.jsonl").write_text("\n".join(lines))
    report = project.populate(Sale, tmp_path / "sales.jsonl")
    assert (report.counts.written, report.counts.dead) == (2, 1)
    assert wire(project, Sale, pk="buyer:b", sk="sale:00000001")["more"] == {"L": [{"N": "1"}]}
    assert project.count(Sale) == 2
    assert wire(project, Sale, pk="buyer:b", sk="sale:00000002")["_type"] == {"S": "sale"}  # the class makes the key
    assert project.dry_run.populate(Sale, tmp_path / "sales.jsonl").samples


def test_an_export_of_a_class_is_taken_back(customers: Project, tmp_path: Path) -> None:
    before = wire(customers, Customer, id="0")
    customers.export(Customer, tmp_path / "customers.jsonl")
    customers.delete(Customer, consent=Consent(confirm="customers"))
    customers.ensure(Customer)
    assert customers.populate(Customer, tmp_path / "customers.jsonl").counts.written == 3
    assert wire(customers, Customer, id="0") == before


def test_instances_need_their_class(project: Project) -> None:
    project.ensure(Customer)
    report = project.populate("customers", [Customer(id="1", name="x")])  # type: ignore[list-item]
    assert report.counts.dead == 1


# --- auto_migrate


def test_classes_are_migrated(project: Project) -> None:
    assert project.auto_migrate(Customer, CustomerV2, Sale) == []
    assert {"customers", "customers_v2", "shop"} == set(project.names())
    project.db().create(Customer(id="1", name="Ann Able"))
    backup, copied = project.auto_migrate(
        Customer, target=CustomerV2, copy=True, backup="customers_b", transform=split, batch_size=10
    )
    assert (backup.counts.written, copied.counts.written) == (1, 1)
    assert project.db().require(CustomerV2, "1").last_name == "Able"
    reports = project.auto_migrate(Customer, CustomerV2, backup=True)
    assert len(reports) == 2
    with pytest.raises(UsageError, match="are of one class"):
        project.auto_migrate(Customer, CustomerV2, target=Sale)  # type: ignore[call-overload]


# --- what cannot be


class Secret(Model, table="secrets"):
    """Encrypted."""

    id: Partition[str]
    text: Attr[str] = attr(encrypted=True)


class Unique(Model, table="unique"):
    """With a unique attribute."""

    id: Partition[str] = uuid()
    email: Attr[str] = attr(unique=True)


def test_classes_that_a_transform_cannot_write(project: Project) -> None:
    project.ensure(Customer, Secret, Unique)
    with pytest.raises(UsageError, match="encrypted attributes"):
        project.copy(Secret, Customer, lambda _: None)
    with pytest.raises(UsageError, match="unique attributes"):
        project.copy(Customer, Unique, lambda _: None)
    with pytest.raises(UsageError, match="encrypted attributes"):
        project.backfill(Secret, lambda old: old)
    with pytest.raises(UsageError, match="unique attributes"):
        project.populate(Unique, [])


def test_functions_that_take_no_instance(customers: Project) -> None:
    with pytest.raises(UsageError, match="does not take an item"):
        customers.copy(Customer, CustomerV2, lambda: None)  # type: ignore[misc,arg-type]


def test_a_side_takes_a_model_transform(customers: Project) -> None:
    made = model_transform(split, Customer, CustomerV2)
    assert customers.copy(Side(table="customers"), Side(table="customers_v2"), made).counts.written == 3


def test_one_class_alone_leaves_functions_on_items(customers: Project) -> None:
    def plain(item: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"id": item["id"], "first_name": item["name"], "last_name": "x"}

    assert customers.copy(Customer, "customers_v2", plain).counts.written == 3
