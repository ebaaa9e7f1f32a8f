"""The workflows of ``examples/ci``: every line of them runs against the strict endpoint, and stops where it should."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from cli.story import clean_shell
from dynasmith.project.factory import load_world
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.strict import StrictServer
from dynasmith.testing.function import FunctionDeployer
from dynasmith.version import __version__
from examples.workflows import Ran, Runner, workflow_of

FOLDER = Path(__file__).parents[2] / "examples" / "ci"
FUNCTION = "shop-migrations"
CONTEXTS = {
    "vars.DYNASMITH_FUNCTION": FUNCTION,
    "vars.DYNASMITH_LOCK_WAIT": "0",
    "secrets.MASKING_KEY": "5a" * 32,
    "github.token": "token",
    "github.event.pull_request.html_url": "https://example.org/pull/7",
}
GH = """#!/usr/bin/env bash
# Stands for GitHub's client: keeps what it was asked to send.
set -e
test "$1 $2 $4" = "pr comment --body-file"
test -n "$GH_TOKEN"
echo "$@" > "$(dirname "$0")/gh.called"
cp "$5" "$(dirname "$0")/gh.body"
"""


@pytest.fixture
def runner(strict: StrictServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """A checked out copy of the example, and a shell in which AWS is the strict endpoint."""
    clean_shell(monkeypatch, tmp_path)
    folder, programs = tmp_path / "shop", tmp_path / "programs"
    shutil.copytree(FOLDER, folder)
    programs.mkdir()
    (programs / "gh").write_text(GH, "utf-8")
    (programs / "gh").chmod(0o755)
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": strict.endpoint}
    return Runner(folder, {**os.environ, **credentials}, CONTEXTS, programs)


@pytest.fixture
def direct(strict: StrictServer) -> Iterator[Any]:
    """A client that owes nothing to dynasmith."""
    keys: dict[str, Any] = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = boto3.client("dynamodb", endpoint_url=strict.endpoint, **keys)
    yield client
    client.close()


def codes(ran: list[Ran]) -> list[int]:
    return [each.code for each in ran]


def old_orders(direct: Any, **more: Any) -> None:
    """The table as it was before the definition, with an order."""
    schema = [("customer_id", "HASH"), ("order_id", "RANGE")]
    direct.create_table(
        TableName="prod-orders",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in schema],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in schema],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )
    while direct.describe_table(TableName="prod-orders")["Table"]["TableStatus"] != "ACTIVE":
        pass  # each look moves the clock of the strict endpoint
    direct.put_item(TableName="prod-orders", Item={"customer_id": {"S": "c1"}, "order_id": {"S": "o1"}})


def test_the_files_are_workflows_with_pinned_actions() -> None:
    for name in ("check.yaml", "deploy.yaml", "refresh.yaml"):
        workflow = workflow_of(FOLDER / name)
        for job in workflow["jobs"].values():
            assert job["runs-on"] == "ubuntu-latest"
            for step in job["steps"]:
                assert ("uses" in step) != ("run" in step), step
                assert re.fullmatch(r"[\w-]+/[\w/-]+@v\d+", step.get("uses", "a/b@v1")), step
    assert (FOLDER / "requirements.txt").read_text("utf-8") == f"dynasmith=={__version__}\n"


def test_a_pull_request_gets_findings_and_the_plan(runner: Runner, direct: Any) -> None:
    workflow = workflow_of(FOLDER / "check.yaml")
    assert runner.selected(workflow, "pull_request") == ["review"]
    ran = runner.job(workflow, "review")
    assert codes(ran) == [0] * 5, ran
    assert json.loads((runner.folder / "dynasmith.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert (runner.programs / "gh.called").read_text("utf-8").split()[2] == CONTEXTS[
        "github.event.pull_request.html_url"
    ]
    comment = (runner.programs / "gh.body").read_text("utf-8")
    assert "+ prod-orders" in comment
    assert comment.count("```") == 2
    assert direct.list_tables()["TableNames"] == []
    # A mistake stops it; what was found is uploaded all the same.
    runner.uses.clear()
    for file in ("dynasmith.sarif", "comment.md"):
        (runner.folder / file).unlink()
    tables = runner.folder / "tables" / "orders.yaml"
    tables.write_text(tables.read_text("utf-8").replace("key_type: HASH", "key_type: HSAH"), "utf-8")
    ran = runner.job(_without_pip(workflow, "review"), "review")
    assert codes(ran) == [0, 2], ran  # and no plan of it is commented
    assert "github/codeql-action/upload-sarif@v3" in runner.uses


def _without_pip(workflow: dict[str, Any], job: str) -> dict[str, Any]:
    """The workflow without the line that installs, which has been run."""
    steps = [step for step in workflow["jobs"][job]["steps"] if "pip" not in step.get("run", "")]
    return {**workflow, "jobs": {job: {**workflow["jobs"][job], "steps": steps}}}


def locked(runner: Runner, monkeypatch: pytest.MonkeyPatch, lines: dict[str, Any]) -> list[Ran]:
    """What a job says while another run has the lock of the migrations."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, runner.shell[name])
    with closing(load_world(runner.folder / "dynasmith.toml", env="prod")) as world:
        history = MigrationHome(world).history()
        with history.hold("other", "up", "ann", wait_seconds=0):
            return runner.job(lines, "apply")


def test_a_deployment_applies_the_plan_and_migrates_and_stops_where_it_must(
    runner: Runner,
    direct: Any,
    dynasmith_function: FunctionDeployer,
    strict_upstream: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workflow = workflow_of(FOLDER / "deploy.yaml")
    keys: dict[str, Any] = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    buckets = boto3.client("s3", endpoint_url=strict_upstream, **keys)
    buckets.create_bucket(Bucket="shop-dynasmith")
    buckets.close()
    index = {"IndexName": "by_order", "KeySchema": [{"AttributeName": "order_id", "KeyType": "HASH"}]}
    old_orders(direct, GlobalSecondaryIndexes=[index | {"Projection": {"ProjectionType": "KEYS_ONLY"}}])
    dynasmith_function(runner.folder, name=FUNCTION)

    # 3: no recovery, so that no migration runs before the plan turned it on.
    gate = runner.job(_only(workflow, "apply", "migrate preflight"), "apply")
    assert (codes(gate), "--accept backup" in gate[0].output) == ([3], True), gate

    # 5: another run has the lock. Nothing is changed.
    stopped = locked(runner, monkeypatch, _only(workflow, "apply", "migrate all"))
    assert codes(stopped) == [5], stopped

    planned = runner.job(_without_pip(workflow, "plan"), "plan")
    assert codes(planned) == [0] * 2, planned
    assert "~ prod-orders" in runner.summary
    assert "only you know" in runner.summary
    applied = runner.job(_without_pip(workflow, "apply"), "apply")
    assert codes(applied) == [0] * 4, applied
    assert direct.describe_table(TableName="prod-orders")["Table"]["DeletionProtectionEnabled"] is True
    (item,) = direct.scan(TableName="prod-orders")["Items"]
    assert item["currency"] == {"S": "CHF"}

    # 3: each night, when somebody has changed a definition or a table.
    tables = runner.folder / "tables" / "orders.yaml"
    schema = "key_schema: [{attribute_name: order_id, key_type: HASH}]"
    with tables.open("a", encoding="utf-8") as file:
        file.write(f"    global_secondary_indexes: [{{name: by_order, {schema}}}]\n")
    nightly = workflow_of(FOLDER / "check.yaml")
    assert runner.selected(nightly, "schedule") == ["drift"]
    assert codes(runner.job(_without_pip(nightly, "drift"), "drift")) == [3]

    # 4: what needs more consent than the workflow gives is not done, nor is what comes after it.
    (runner.folder / "plan.json").unlink()
    assert codes(runner.job(_only(workflow, "plan", "dynasmith plan"), "plan")) == [0]
    refused = runner.job(_without_pip(workflow, "apply"), "apply")
    assert codes(refused) == [4], refused
    assert "--rebuild-index" in refused[0].output


def test_the_action_checks_and_plans(runner: Runner) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    assert action["runs"]["using"] == "composite"
    given = {f"inputs.{name}": each["default"] for name, each in action["inputs"].items()}
    install, *steps = action["runs"]["steps"]  # make test-wheel runs the line that installs
    assert install["run"] == 'python -m pip install "$ACTION"'
    assert all(step["shell"] == "bash" for step in (install, *steps))
    used = set(re.findall(r"inputs\.[\w-]+", str(steps)))
    assert used == set(given)
    plan = [step for step in steps if "if" in step]
    assert [step["if"] for step in plan] == ["${{ inputs.environment != '' }}"]
    runner.contexts = {**given, "inputs.environment": "prod"}
    for step in plan:
        step["if"] = "success()"
    ran = runner.job({"jobs": {"action": {"steps": steps}}}, "action")
    assert codes(ran) == [0, 0], ran
    assert json.loads((runner.folder / "dynasmith.sarif").read_text("utf-8"))["version"] == "2.1.0"
    written = (runner.folder / "dynasmith-plan.md").read_text("utf-8")
    assert "+ prod-orders" in written
    assert runner.summary == written
    tables = runner.folder / "tables" / "orders.yaml"
    tables.write_text(tables.read_text("utf-8").replace("key_type: HASH", "key_type: HSAH"), "utf-8")
    assert codes(runner.job({"jobs": {"action": {"steps": steps}}}, "action")) == [2]


def test_each_night_staging_gets_a_masked_sample(runner: Runner, direct: Any) -> None:
    old_orders(direct)
    for number in range(40):
        key = {"customer_id": {"S": f"ann{number}@private"}, "order_id": {"S": str(number)}}
        direct.put_item(TableName="prod-orders", Item={**key, "note": {"S": "knows everybody"}})
    workflow = _without_pip(workflow_of(FOLDER / "refresh.yaml"), "refresh")
    assert runner.selected(workflow, "schedule") == ["refresh"]
    ran = runner.job(workflow, "refresh")
    assert codes(ran) == [0] * 3, ran
    items = direct.scan(TableName="staging-orders")["Items"]
    assert 0 < len(items) < 40
    assert "@private" not in json.dumps(items) + "".join(each.output for each in ran)
    assert not any("note" in item for item in items)
    assert codes(runner.job(_only(workflow, "refresh", "--confirm"), "refresh")) == [0]
    assert sorted(direct.scan(TableName="staging-orders")["Items"], key=str) == sorted(items, key=str)


def _only(workflow: dict[str, Any], job: str, line: str) -> dict[str, Any]:
    """The workflow with the one step of a job whose line has this text."""
    steps = [step for step in workflow["jobs"][job]["steps"] if line in step.get("run", "")]
    assert len(steps) == 1
    return {**workflow, "jobs": {job: {**workflow["jobs"][job], "steps": steps}}}


ROOT = FOLDER.parents[1]


def test_hooks_of_pre_commit_accept_the_example_and_refuse_a_mistake(runner: Runner) -> None:
    ours = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (local,) = yaml.safe_load((FOLDER / "pre-commit-config.yaml").read_text("utf-8"))["repos"]
    common = ("id", "name", "entry", "files", "pass_filenames")
    assert [{key: hook.get(key) for key in common} for hook in ours] == [
        {key: hook.get(key) for key in common} for hook in local["hooks"]
    ]
    files = [path.relative_to(runner.folder).as_posix() for path in runner.folder.rglob("*") if path.is_file()]
    tables = runner.folder / "tables" / "orders.yaml"
    sound = tables.read_text("utf-8")
    for hook in ours:
        assert {"dynasmith.toml", "tables/orders.yaml"} >= {file for file in files if re.search(hook["files"], file)}
        names = "" if hook.get("pass_filenames") is False else " tables/orders.yaml"
        assert runner.line(hook["entry"] + names, {}).code == 0, hook
        tables.write_text(sound.replace("    tags: {team: checkout}", "    tags:   {team:  checkout"), "utf-8")
        assert runner.line(hook["entry"] + names, {}).code != 0, hook
        tables.write_text(sound, "utf-8")
