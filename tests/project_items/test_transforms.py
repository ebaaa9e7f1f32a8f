"""What every ``transform=`` takes: a function, a name, a file, operations, or a list of these; the rest is refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Project
from dynasmith.errors import ConsentRequired, Interrupted, UsageError
from dynasmith.operations import Add, Operations, Remove, Rename
from dynasmith.ports.listener import Event
from dynasmith.project.verbs.transforms import UNNAMED, function_of, is_user_code, name_of
from dynasmith.tables.table import Key, KeyAttribute, Table

KEY = Key(partition=(KeyAttribute(name="pk", type="S"),))
MODULE = "def mark(item):\n    return {**item, 'marked': True}\n"
FILE = "version: 1\noperations:\n  - {remove: legacy}\n"
MIXED: list[Any] = ["steps_of_mine:mark", "shapes.yaml", Rename("name", "full_name"), lambda item: {**item, "last": 1}]


@pytest.fixture
def people(project: Project, tmp_path: Path) -> Project:
    """Two tables, one with three items, a module and an operations file in the project's folder."""
    folder = tmp_path
    (folder / "steps_of_mine.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "shapes.yaml").write_text(FILE, encoding="utf-8")
    for name in ("people", "others"):
        project.create(Table(name=name, key=KEY))
    project.populate("people", [{"pk": f"{number}", "name": "Ada", "legacy": 1} for number in range(3)])
    return project


def held(project: Project, table: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    project.copy(table, found.extend)
    return sorted(found, key=lambda item: item["pk"])


@pytest.mark.parametrize("wrong", [42, 4.2, object(), b"x", {"rename": "a"}, [], [[Remove("a")]], [42], Remove])
def test_what_is_no_transform_is_refused_and_named(wrong: Any) -> None:
    with pytest.raises(UsageError) as caught:
        function_of(wrong, ".")
    assert caught.value.message.startswith("transform")
    if not isinstance(wrong, list | type):
        assert type(wrong).__name__ in caught.value.message


async def slow(item: Any) -> Any:
    return item


@pytest.mark.parametrize("wrong", ["", "x", "no_such_module:f", "os:no_such", "[", "{", Path("x.txt"), slow, print])
def test_a_text_or_function_that_is_no_transform_is_refused(wrong: Any) -> None:
    if wrong is print:
        wrong = lambda: None  # noqa: E731  # takes no item
    with pytest.raises(UsageError):
        function_of(wrong, ".")


def test_a_list_does_all_of_it_in_order(people: Project) -> None:
    people.copy("people", "others", transform=MIXED)
    assert held(people, "others") == [
        {"pk": f"{number}", "full_name": "Ada", "marked": True, "last": 1} for number in range(3)
    ]
    assert people.verify("people", "others", transform=MIXED).equal


def test_a_backfill_takes_operations_and_its_dry_run_knows_them_to_be_pure(people: Project) -> None:
    change = Operations([Rename("name", "full_name"), Add("tags", {"a", "b"})], where="attribute_exists(legacy)")
    assert not people.dry_run.backfill("people", change).hazards
    people.backfill("people", [change, Path("shapes.yaml")])
    assert held(people, "people")[0] == {"pk": "0", "full_name": "Ada", "tags": {"a", "b"}}
    assert people.check_backfill("people", [change, Remove("legacy")]).changed == 0


def test_a_job_remembers_operations_and_a_list_by_text(people: Project, tmp_path: Path) -> None:
    def stop(_: Event) -> None:
        raise Interrupted("Stopped by the test.")

    named: list[Any] = ["steps_of_mine:mark", "shapes.yaml", Rename("name", "full_name"), Add("tags", {"a"})]
    with pytest.raises(Interrupted):
        people.copy("people", "others", transform=named, listener=stop)
    job = people.jobs.list()[-1]
    (tmp_path / "shapes.yaml").write_text(FILE + "  - {remove: other}\n", encoding="utf-8")
    with pytest.raises(ConsentRequired, match="changed since"):
        people.jobs.resume(job.id)
    (tmp_path / "shapes.yaml").write_text(FILE, encoding="utf-8")
    assert people.jobs.resume(job.id).counts.written == 3
    assert held(people, "others")[0] == {"pk": "0", "full_name": "Ada", "marked": True, "tags": {"a"}}


def test_names_are_text_that_a_new_process_can_load() -> None:
    assert name_of([Remove("a"), lambda item: item]) == UNNAMED
    named = name_of([Remove("a"), "shapes.yaml"])
    assert not is_user_code(named)
    assert is_user_code(name_of(["x:y", Remove("a")]))
    assert name_of([Remove("a"), "shapes.yaml"]) == named
