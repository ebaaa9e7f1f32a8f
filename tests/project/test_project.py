"""The Python face: what the command line does, as calls."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dynasmith import (
    Billing,
    Consent,
    DefinitionError,
    Index,
    Key,
    KeyAttribute,
    Project,
    StopFlag,
    StreamView,
    Table,
    connect,
    decode_plan,
    encode_plan,
)
from dynasmith.errors import (
    ConsentRequired,
    Interrupted,
    ItemNotFound,
    ProjectError,
    ReplacementRequired,
    StalePlan,
    TableExists,
    TableNotFound,
    Unreachable,
    UsageError,
)
from dynasmith.ports.listener import Event, StepDone, TableDone, TableStarted
from dynasmith.project.project import world_of

Open = Callable[..., Project]
YES = Consent(yes=True)


def key(name: str = "pk", kind: Any = "S") -> Key:
    return Key(partition=(KeyAttribute(name=name, type=kind),))


def orders(**more: Any) -> Table:
    return Table(**{"name": "orders", "key": key(), "billing": Billing.ON_DEMAND, **more})


def test_create_describe_exists_delete(open_project: Open) -> None:
    project = open_project(orders(stream=StreamView.KEYS_ONLY))
    assert not project.exists("orders")
    made = project.create("orders")
    assert (made.status, made.table.stream) == ("ACTIVE", StreamView.KEYS_ONLY)
    assert project.exists(orders())
    assert project.describe(orders()).arn == made.arn
    with pytest.raises(TableExists):
        project.create("orders")
    assert project.delete("orders", consent=Consent(confirm="orders"))
    assert not project.exists("orders")
    with pytest.raises(TableNotFound):
        project.delete("orders", consent=Consent(confirm="orders"))
    assert not project.delete("orders", consent=Consent(confirm="orders"), missing_ok=True)


def test_a_table_that_stands_in_no_definition(open_project: Open) -> None:
    project = open_project()
    assert project.create(orders(name="notes")).table.name == "notes"
    assert project.ensure_tables([orders(name="notes"), orders(name="users")]).created == ("users",)
    assert list(project.names()) == ["notes", "users"]
    assert {each.name: each.defined for each in project.list()} == {"notes": "undefined", "users": "undefined"}
    with pytest.raises(UsageError):
        project.tables(["notes"])


def test_plan_apply_and_what_is_heard(open_project: Open) -> None:
    wish = orders(indexes=(Index(name="by_a", key=key("a")),), tags={"a": "b"})
    project = open_project(wish)
    heard: list[Event] = []
    report = project.apply(project.plan(), consent=YES, listener=heard.append, fresh=True)
    assert [applied.table for applied in report.applied] == ["orders"]
    assert report.failures == {}
    assert isinstance(heard[0], TableStarted)
    assert isinstance(heard[-1], TableDone)
    assert len([event for event in heard if isinstance(event, StepDone)]) == report.applied[0].steps_done
    assert project.plan().is_empty
    assert project.apply(project.plan()).applied == ()


def test_a_plan_is_data(open_project: Open) -> None:
    project = open_project(orders())
    plan = project.plan()
    again = decode_plan(encode_plan(plan))
    assert again == plan
    assert project.apply(again, consent=YES).failures == {}
    with pytest.raises(StalePlan):
        project.apply(again, consent=YES)


def test_hazards_want_consent_and_nothing_is_done_before(open_project: Open) -> None:
    both = (Index(name="by_a", key=key("a")), Index(name="by_b", key=key("b")))
    project = open_project(orders(indexes=both))
    assert project.ensure().created == ("orders",)
    fewer = open_project(orders(indexes=both[:1], tags={"a": "b"}))
    plan = fewer.plan(prune=True)
    with pytest.raises(ConsentRequired) as met:
        fewer.apply(plan, consent=YES)
    assert met.value.hint == "add consent=Consent(prune=True)"
    assert fewer.describe("orders").table.tags == {}
    assert fewer.apply(plan, consent=Consent(yes=True, prune=True)).failures == {}
    assert fewer.plan(prune=True).is_empty


def test_a_replacement_is_a_failure_of_its_table_only(open_project: Open) -> None:
    assert open_project(orders()).ensure().created == ("orders",)
    project = open_project(orders(key=key("id")), orders(name="users"))
    report = project.apply(project.plan(), consent=YES, fresh=True)
    assert [type(error) for error in report.failures.values()] == [ReplacementRequired]
    assert [applied.table for applied in report.applied] == ["users"]


def test_ensure_from_many_threads(open_project: Open) -> None:
    projects = [open_project(orders(), orders(name="users")) for _ in range(8)]
    ready = threading.Barrier(len(projects))

    def begin(project: Project) -> dict[str, Any]:
        ready.wait()
        return dict(project.ensure().failures)

    with ThreadPoolExecutor(len(projects)) as pool:
        assert list(pool.map(begin, projects)) == [{}] * len(projects)
    assert projects[0].plan().is_empty


def test_a_run_that_is_asked_to_stop_stops_and_continues(open_project: Open) -> None:
    project = open_project(orders(tags={"a": "b"}, recovery=None))
    stop = StopFlag()
    with pytest.raises(Interrupted):
        project.apply(project.plan(), consent=YES, listener=lambda _: stop.stop(), stopped=stop, fresh=True)
    assert project.apply(project.plan(), consent=YES, fresh=True).failures == {}
    assert project.plan().is_empty


def test_import_gives_a_definition_that_plans_empty(
    open_project: Open, tmp_path: Path, ministack_endpoint: str
) -> None:
    project = open_project(orders(indexes=(Index(name="by_a", key=key("a")),), tags={"a": "b"}))
    assert project.ensure().failures == {}
    (tmp_path / "tables.yaml").write_text(project.import_tables(["orders"]), encoding="utf-8")
    keys = world_of(project).session.access.credentials
    assert keys is not None
    with Project.load(
        tmp_path / "tables.yaml", endpoint=ministack_endpoint, access_key=keys.access_key, secret_key=keys.secret_key
    ) as again:
        assert again.plan(prune=True).is_empty


def test_one_item(open_project: Open) -> None:
    project = open_project(orders())
    project.ensure()
    world_of(project).few_items.put("orders", {"pk": {"S": "1"}, "n": {"N": "12.50"}})
    assert project.get("orders", {"pk": {"S": "1"}})["pk"] == {"S": "1"}
    with pytest.raises(ItemNotFound):
        project.get("orders", {"pk": {"S": "2"}})


def test_definitions_are_read_when_they_are_asked_for(
    tmp_path: Path, shell: pytest.MonkeyPatch, ministack_endpoint: str
) -> None:
    shell.setenv("AWS_ENDPOINT_URL_DYNAMODB", ministack_endpoint)
    (tmp_path / "tables_config.json").write_text('{"tables": [{"name": "x"}]}', encoding="utf-8")
    with Project.load() as project:
        assert project.environment == "local"
        assert not project.exists("no-such-table-at-all")
        with pytest.raises(DefinitionError) as met:
            project.plan()
    assert len(met.value.findings) > 1
    with pytest.raises(ProjectError):
        Project.load(env="nowhere")


PREFIXED = 'definitions = ["tables.json"]\n[environments.local]\ntable_prefix = "dev-"\n'


def test_a_broken_definition_never_leads_to_the_table_of_another_environment(
    tmp_path: Path, shell: pytest.MonkeyPatch
) -> None:
    shell.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    (tmp_path / "tables.json").write_text('{"tables": [{"name": "users"}]}', encoding="utf-8")
    (tmp_path / "dynasmith.toml").write_text(PREFIXED, encoding="utf-8")
    with Project.load() as project, pytest.raises(DefinitionError):
        world_of(project).physical("users")  # not `users`, which is no table of this environment
    with Project.load(physical=True) as project:
        assert world_of(project).physical("users") == "users"
    (tmp_path / "dynasmith.toml").write_text(PREFIXED.partition("\n")[2], encoding="utf-8")
    with Project.load() as project:
        assert world_of(project).physical("users") == "users"


def test_nothing_listens() -> None:
    with connect(endpoint="http://127.0.0.1:9", tables=[orders()]) as project, pytest.raises(Unreachable) as met:
        project.ensure()
    assert met.value.exit == 1


def test_an_endpoint_that_was_named_wins_over_the_shell(shell: pytest.MonkeyPatch) -> None:
    shell.setenv("AWS_PROFILE", "prod")
    shell.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
    with connect(endpoint="http://127.0.0.1:9") as project:
        access = world_of(project).session.access
    assert (access.endpoint, access.profile, access.isolated) == ("http://127.0.0.1:9", "", True)


def test_outputs_and_validate(open_project: Open) -> None:
    project = open_project(orders())
    project.ensure()
    (found,) = project.outputs()
    assert (found["name"], found["partition_key"], found["status"]) == ("orders", "pk", "ACTIVE")
    verdict = project.validate()
    assert {finding.table for finding in verdict.findings} == {"orders"}
    assert not verdict.critical
    with pytest.raises(TableNotFound):
        project.validate(["absent"])


def test_a_closed_project_is_not_used(open_project: Open) -> None:
    project = open_project(orders())
    with project:
        project.ensure()
    project.close()
    calls: list[Callable[[], Any]] = [
        project.list,
        lambda: project.describe("orders"),
        lambda: project.get("orders", {"pk": {"S": "a"}}),
        lambda: project.copy("orders", "others"),
        lambda: project.dry_run.export("orders", "out"),
    ]
    for call in calls:
        with pytest.raises(UsageError, match=r"close\(\) was called"):
            call()
