"""Seed 1's auto-migrate with options, whole: order, backup alone, batch size, transforms to one, none or many."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dynasmith.engine.transfer.events import FlowStarted
from dynasmith.errors import TableExists, TransformError, UsageError
from dynasmith.items.transform import ItemRefused
from dynasmith.jobs.job import readable
from dynasmith.jobs.spec import sides_of
from dynasmith.ports.listener import Event
from dynasmith.project.project import Project, world_of
from dynasmith.tables.table import Key, KeyAttribute, Table

KEY = Key(partition=(KeyAttribute(name="id", type="S"),))
USERS, USERS_V2 = Table(name="users", key=KEY), Table(name="users_v2", key=KEY)
PEOPLE = [{"id": f"{number:04d}", "name": f"Ann{number} Lee"} for number in range(300)]


@pytest.fixture
def people(project: Project) -> Project:
    """300 users."""
    project.create(USERS)
    project.populate("users", PEOPLE)
    return project


def held(project: Project, table: str) -> dict[str, Mapping[str, Any]]:
    """Every item of a table by its key, as the project itself hands them over."""
    found: dict[str, Mapping[str, Any]] = {}
    project.copy(table, lambda items: found.update({item["id"]: item for item in items}))
    return found


def split(user: Mapping[str, Any]) -> dict[str, Any]:
    """Old shape in, new shape out."""
    first, _, last = user["name"].partition(" ")
    return {"id": user["id"], "first_name": first, "last_name": last}


def test_a_function_gets_what_a_transform_makes(people: Project) -> None:
    found: list[Mapping[str, Any]] = []
    people.copy("users", found.extend, split)
    assert sorted(found, key=lambda user: str(user["id"])) == [split(user) for user in PEOPLE]


def test_tables_backup_and_items_in_this_order(people: Project) -> None:
    heard: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, FlowStarted):
            heard.append(event.table)

    reports = people.auto_migrate(
        USERS, target=USERS_V2, copy=True, backup="kept", transform=split, batch_size=120, listener=listen
    )
    assert heard == ["kept", "users_v2"]
    assert [report.counts.written for report in reports] == [300, 300]
    assert readable(reports[1].job).options.batch_size == 120
    assert held(people, "kept") == {user["id"]: user for user in PEOPLE}
    assert held(people, "users_v2") == {user["id"]: split(user) for user in PEOPLE}
    assert held(people, "users") == held(people, "kept")


def test_a_backup_without_a_target_is_the_backup_alone(people: Project) -> None:
    [report] = people.auto_migrate(USERS, backup="kept", copy=True)
    assert report.counts.written == 300
    assert sorted(people.names()) == ["kept", "users"]
    with pytest.raises(TableExists, match="kept"):
        people.auto_migrate(USERS, backup="kept")
    [dated] = people.auto_migrate(USERS, backup=True)
    assert sides_of(readable(dated.job))["target"].table == f"users_backup_{world_of(people).clock.now():%Y%m%d}"


def test_without_copy_only_the_tables_are_made_sure_of(people: Project) -> None:
    assert people.auto_migrate(USERS, target=USERS_V2) == []
    assert people.auto_migrate(USERS_V2) == []
    assert sorted(people.names()) == ["users", "users_v2"]
    assert held(people, "users_v2") == {}


def test_a_copy_to_nowhere_is_refused_before_anything_is_done(project: Project) -> None:
    with pytest.raises(UsageError, match="needs a target"):
        project.auto_migrate(USERS, copy=True)
    assert list(project.names()) == []


def test_a_transform_gives_one_none_or_many(people: Project) -> None:
    def several(user: dict[str, Any]) -> Iterator[dict[str, Any]]:
        number = int(user["id"])
        if number % 3 == 0:
            return
        yield user
        if number % 3 == 1:
            yield user | {"id": user["id"] + "b"}

    [report] = people.auto_migrate(USERS, target=USERS_V2, copy=True, transform=several, batch_size=1)
    counts = report.counts
    assert (counts.read, counts.dropped, counts.fanned_out, counts.written) == (300, 100, 100, 300)
    assert report.adds_up
    assert len(held(people, "users_v2")) == 300


def test_raising_is_a_decision_about_one_item(people: Project) -> None:
    def strict(user: dict[str, Any]) -> dict[str, Any]:
        if user["id"] == "0007":
            raise ItemRefused("no licence", policy="dead")
        return user

    [report] = people.auto_migrate(USERS, target=USERS_V2, copy=True, transform=strict)
    assert (report.counts.written, report.counts.dead) == (299, 1)
    assert "0007" not in held(people, "users_v2")

    def broken(user: dict[str, Any]) -> dict[str, Any]:
        raise KeyError("licence")

    with pytest.raises(TransformError, match="raised KeyError on item id="):
        people.auto_migrate(USERS, target=USERS_V2, copy=True, transform=broken)
    assert people.jobs.list()[-1].state == "failed"


def test_a_lambda_is_resumed_by_who_has_it(people: Project) -> None:
    fixed = {"yes": False}

    def later(user: dict[str, Any]) -> dict[str, Any]:
        if user["id"] == "0150" and not fixed["yes"]:
            raise ValueError("not yet")
        return split(user)

    with pytest.raises(TransformError):
        people.auto_migrate(USERS, target=USERS_V2, copy=True, transform=later, batch_size=50)
    job = people.jobs.list()[-1]
    fixed["yes"] = True
    report = people.jobs.resume(job.id, transform=later)
    assert (report.job.id, report.counts.read) == (job.id, 300)
    assert held(people, "users_v2") == {user["id"]: split(user) for user in PEOPLE}


def test_a_function_that_the_job_cannot_remember_is_asked_for_again(people: Project) -> None:
    with pytest.raises(TransformError):
        people.auto_migrate(USERS, target=USERS_V2, copy=True, transform=lambda user: {"id": user["nowhere"]})
    with pytest.raises(UsageError, match="has no importable name"):
        people.jobs.resume(people.jobs.list()[-1].id)


def test_any_iterable_or_function_is_a_side(people: Project) -> None:
    people.create(USERS_V2)
    assert people.copy(({"id": user["id"]} for user in PEOPLE[:10]), "users_v2").counts.written == 10
    pages: list[int] = []

    async def take(items: Any) -> None:
        pages.append(len(items))

    assert people.copy("users", take).counts.read == 300
    assert sum(pages) == 300
    with pytest.raises(UsageError, match="table on one side"):
        people.copy(iter(PEOPLE), take)
    found = people.populate("users_v2", [{"id": "a"}, {"no": "key"}, {"id": "b", "f": 1.5}])
    assert (found.counts.written, found.counts.dead) == (1, 2)
