"""The state machine of ``examples/ticks``: Step Functions of the engine runs it, with a function that ticks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.story import Story, gsi, table
from dynasmith.strict import StrictServer
from dynasmith.testing.function import REGION, FunctionDeployer

MACHINE = Path(__file__).parents[2] / "examples" / "ticks" / "state-machine.json"
PROJECT = 'definitions = ["tables_config.json"]\n[jobs]\nledger = "table:jobs"\n'
SECONDS_MAX = 240.0
TAGS = {"team": "shop"}
PLAIN = table("orders", tags=TAGS)
RICH = table("orders", tags=TAGS, global_secondary_indexes=[gsi("by_day", "day"), gsi("by_place", "place")])


@pytest.fixture
def machines(strict_upstream: str) -> Iterator[Any]:
    """A client of Step Functions."""
    client = boto3.client(
        "stepfunctions",
        endpoint_url=strict_upstream,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield client
    client.close()


@pytest.fixture
def begun(strict_story: Story, strict: StrictServer, shell: pytest.MonkeyPatch) -> tuple[Story, str]:
    """A detached apply of two indexes, each of which is built when the clock says so, in the account of functions."""
    strict_story.account = "000000000000"
    shell.setenv("AWS_ACCESS_KEY_ID", strict_story.account)
    strict_story.write("dynasmith.toml", PROJECT)
    strict_story.define(PLAIN)
    assert strict_story("ensure").code == 0
    strict_story.define(RICH)
    job = strict_story("apply", "--detach", "--yes", "--json")
    assert job.code == 0, job.err
    strict.auto_advance = False
    return strict_story, job.json["id"]


def execution(machines: Any, function: str, job: str) -> str:
    """Begin the machine of the example with the ARN of this function, as its reader would."""
    definition = json.loads(MACHINE.read_text())
    definition["States"]["Tick"]["Resource"] = function
    machine = machines.create_state_machine(
        name=job, definition=json.dumps(definition), roleArn="arn:aws:iam::000000000000:role/ticks"
    )["stateMachineArn"]
    event = json.dumps({"environment": "local", "job": job})
    return str(machines.start_execution(stateMachineArn=machine, input=event)["executionArn"])


def visits(machines: Any, arn: str) -> list[str]:
    """The states that it entered so far."""
    events = machines.get_execution_history(executionArn=arn, maxResults=1000)["events"]
    return [each["stateEnteredEventDetails"]["name"] for each in events if "stateEnteredEventDetails" in each]


def run_to_its_end(machines: Any, arn: str, strict: StrictServer) -> Any:
    """The clock of the service goes on by a minute at each look, once the machine has waited."""
    deadline = time.monotonic() + SECONDS_MAX
    while (now := machines.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < deadline, visits(machines, arn)
        if "Until next look" in visits(machines, arn):
            strict.clock.advance(minutes=1)
        time.sleep(0.2)
    return now


def test_it_waits_between_ticks_and_ends_with_the_job(
    begun: tuple[Story, str], strict: StrictServer, machines: Any, dynasmith_function: FunctionDeployer
) -> None:
    story, job = begun
    function = dynasmith_function(story.folder, handler="dynasmith.lambdas.tick")
    arn = execution(machines, function.arn, job)
    end = run_to_its_end(machines, arn, strict)
    assert end["status"] == "SUCCEEDED", end
    answer = json.loads(end["output"])["tick"]
    assert (answer["done"], answer["step"], answer["steps"], answer["failed"]) == (True, 4, 4, {})
    assert visits(machines, arn)[-2:] == ["Where", "Done"]
    assert story("jobs", "wait", job).code == 0
    assert story("check").code == 0


def test_it_fails_with_the_job(
    begun: tuple[Story, str], strict: StrictServer, machines: Any, dynasmith_function: FunctionDeployer
) -> None:
    story, job = begun
    arn = story.client.describe_table(TableName="orders")["Table"]["TableArn"]
    story.client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "others"}])
    function = dynasmith_function(story.folder, handler="dynasmith.lambdas.tick")
    end = run_to_its_end(machines, execution(machines, function.arn, job), strict)
    assert (end["status"], end.get("error")) == ("FAILED", "dynasmith"), end
    assert story("jobs", "wait", job).code == 1
