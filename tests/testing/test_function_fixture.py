"""The fixture ``dynasmith_function``: what a function finds, what it may not do, and what is left of it."""

import glob
import os
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dynasmith.strict import StrictServer
from dynasmith.testing.function import DeployedFunction, FunctionDeployer

HANDLER = """
import importlib, json, os, pathlib, sys, tempfile, time

def handler(event, context):
    return globals()[event["do"]](event, context)

def look(event, context):
    def importable(name):
        try:
            importlib.import_module(name)
        except ImportError:
            return False
        return True
    return {
        "modules": {name: importable(name) for name in event["modules"]},
        "variables": dict(os.environ),
        "files": sorted(os.listdir(".")),
        "botocore": importlib.import_module("botocore").__file__,
        "pid": os.getpid(),
        "remaining": context.get_remaining_time_in_millis(),
    }

def put(event, context):
    import boto3
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    while client.describe_table(TableName="orders")["Table"]["TableStatus"] != "ACTIVE":
        pass
    client.put_item(TableName="orders", Item={"id": {"S": "1"}})

def write(event, context):
    written = []
    for name in event["names"]:
        try:
            pathlib.Path(name).write_text("x")
            written.append(name)
        except OSError as error:
            assert error.strerror == "Read-only file system", error
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
    return written

def much(event, context):
    return "x" * event["bytes"]

def fail(event, context):
    print("in the log")
    raise ValueError("no")

def hang(event, context):
    pathlib.Path(event["file"]).write_text(str(os.getpid()))
    while True:
        time.sleep(0.05)
"""


@pytest.fixture
def function(dynasmith_function: FunctionDeployer, tmp_path: Path) -> DeployedFunction:
    (tmp_path / "dynasmith.toml").write_text("")
    (tmp_path / "probe.py").write_text(HANDLER)
    return dynasmith_function(tmp_path, handler="probe.handler", environment={"STAGE": "test"})


def test_it_finds_the_packages_of_a_bundle_and_no_others(
    function: DeployedFunction, strict: StrictServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = ["dynasmith.project.project", "boto3", "msgspec", "yaml", "zstandard", "aiohttp", "pydantic"]
    others = ["dynasmith.cli", "dynasmith.local", "dynasmith.testing", "dynasmith.strict", "rich", "click", "ministack"]
    others += ["moto", "pytest", "hypothesis", "flask", "docker", "pip"]
    seen = function.invoke({"do": "look", "modules": modules + others})
    assert seen.error is None, (seen.payload, seen.log)
    assert [name for name in modules + others if seen.payload["modules"][name]] == modules
    assert "site-packages" not in seen.payload["botocore"]
    assert "dynasmith.toml" in seen.payload["files"]
    variables = seen.payload["variables"]
    assert variables["AWS_ENDPOINT_URL"] == strict.endpoint
    assert variables["STAGE"] == "test"
    assert variables["AWS_EXECUTION_ENV"].startswith("AWS_Lambda_python3.")
    assert not {name for name in variables if name.startswith(("PYTEST", "MINISTACK", "VIRTUAL_ENV", "GATEWAY"))}


def test_what_it_does_is_in_the_journal_of_the_strict_endpoint(
    function: DeployedFunction, strict: StrictServer
) -> None:
    assert function.invoke({"do": "put"}).error is None
    assert [call.table for call in strict.journal.writes] == ["orders"]


def test_its_file_system_is_read_only_but_for_temporary_files(function: DeployedFunction, tmp_path: Path) -> None:
    allowed = f"{tempfile.gettempdir()}/dynasmith-{uuid.uuid4().hex}"
    try:
        names = ["here.txt", "/var/there.txt", allowed]
        reply = function.invoke({"do": "write", "names": names})
        assert reply.payload == [allowed], reply
    finally:
        os.unlink(allowed)


def test_an_answer_and_an_event_are_held_to_six_megabytes(function: DeployedFunction) -> None:
    assert function.invoke({"do": "much", "bytes": 6_000_000}).error is None
    for event in ({"do": "much", "bytes": 7_000_000}, {"do": "look", "modules": [], "more": "x" * 7_000_000}):
        reply = function.invoke(event)
        assert reply.error == "Unhandled"
        assert "maximum allowed payload size" in reply.payload["errorMessage"]


def test_an_error_of_the_function_is_in_the_reply(function: DeployedFunction) -> None:
    reply = function.invoke({"do": "fail"})
    assert reply.error == "Unhandled"
    assert reply.payload["errorMessage"] == "no"
    assert "in the log" in reply.log


def test_a_new_timeout_and_variables_need_a_new_process(function: DeployedFunction, tmp_path: Path) -> None:
    look = {"do": "look", "modules": []}
    first, second = function.invoke(look).payload, function.invoke(look).payload
    assert first["pid"] == second["pid"]
    function.configure(timeout_seconds=20, environment={"MORE": "yes"})
    third = function.invoke(look).payload
    assert third["pid"] != first["pid"]
    assert third["remaining"] <= 20_000 < first["remaining"]
    assert (third["variables"]["STAGE"], third["variables"]["MORE"]) == ("test", "yes")


def test_a_call_is_killed_at_the_timeout(function: DeployedFunction) -> None:
    function.configure(timeout_seconds=5)
    mark = f"{tempfile.gettempdir()}/dynasmith-{uuid.uuid4().hex}"
    try:
        reply = function.invoke({"do": "hang", "file": mark})
        assert reply.error == "Unhandled"
        assert "timed out after 5" in reply.payload["errorMessage"]
        pid = int(Path(mark).read_text())
        wait_until(lambda: not _runs(pid))
    finally:
        os.unlink(mark)


def test_nothing_is_left_of_a_function_that_still_runs(function: DeployedFunction) -> None:
    mark = f"{tempfile.gettempdir()}/dynasmith-{uuid.uuid4().hex}"
    replies: list[Any] = []
    call = threading.Thread(target=lambda: replies.append(function.invoke({"do": "hang", "file": mark})))
    call.start()
    try:
        wait_until(lambda: os.path.exists(mark) and Path(mark).read_text() != "")
        pid = int(Path(mark).read_text())
        assert glob.glob(f"{tempfile.gettempdir()}/ministack-lambda-{function.name}-*")
        function.delete()
        call.join()
        assert replies[0].error == "Unhandled"
        wait_until(lambda: not _runs(pid))
        assert not glob.glob(f"{tempfile.gettempdir()}/ministack-lambda-{function.name}-*")
    finally:
        os.unlink(mark)


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, "not within 60 s"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
