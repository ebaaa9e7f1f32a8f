"""`render create-table`: each document is sent with its command, and the table is as defined."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import jmespath  # type: ignore[import-untyped]  # it has none
import pytest
from botocore import xform_name

from cli.iac_surroundings import Surrounded
from cli.story import Story
from dynasmith.iac.cli_requests import command_name
from stream_functions import until

WAIT = ("dynamodb", "wait")
LOOKUP = re.compile(r'--(\S+) "\$\((.*)\)"')


class CommandLine:
    """Does with botocore what a line of `commands.sh` does with the AWS CLI."""

    def __init__(self, folder: Path, endpoint: str, account: str) -> None:
        self._folder, self._endpoint, self._account = folder, endpoint, account
        self.sent: list[str] = []
        self._clients: dict[tuple[str, str], Any] = {}
        self._session = botocore.session.get_session()

    def __call__(self, line: str) -> None:
        line, _, again = line.partition(" || ")
        if again:
            assert line in again
            until(lambda: self._is_sent(line), line)
        else:
            self._send(line)

    def _is_sent(self, line: str) -> bool:
        try:
            self._send(line)
        except self.client("dynamodb", "us-east-1").exceptions.ContinuousBackupsUnavailableException:
            return False
        return True

    def _send(self, line: str) -> None:
        lookups = LOOKUP.findall(line)
        words = shlex.split(LOOKUP.sub("", line))
        assert words[0] == "aws"
        options = dict(zip(words[3::2], words[4::2], strict=True)) if tuple(words[1:3]) != WAIT else {}
        if not options:
            self._wait(words)
            return
        document = json.loads((self._folder / options["--cli-input-json"].removeprefix("file://")).read_text("utf-8"))
        operation = self._operation(words[1], words[2])
        members = {command_name(name): name for name in operation.input_shape.members}
        for name, command in lookups:
            document[members[name]] = self._looked_up(shlex.split(command))
        self._call(words[1], operation.name, options["--region"], document)
        self.sent.append(operation.name)

    def _wait(self, words: list[str]) -> None:
        options = dict(zip(words[4::2], words[5::2], strict=True))
        client = self.client("dynamodb", options["--region"])
        name = options["--table-name"]
        until(lambda: client.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE", f"{name} is ACTIVE")

    def _looked_up(self, words: list[str]) -> Any:
        end = words.index("--query")
        operation = self._operation(words[1], words[2])
        members = {command_name(name): name for name in operation.input_shape.members}
        given = dict(zip(words[3:end:2], words[4:end:2], strict=True))
        asked = {members[name.removeprefix("--")]: value for name, value in given.items()}
        return jmespath.search(words[end + 1], self._call(words[1], operation.name, "us-east-1", asked))

    def _operation(self, service: str, command: str) -> Any:
        model = self._session.get_service_model(service)
        return next(model.operation_model(each) for each in model.operation_names if command_name(each) == command)

    def client(self, service: str, region: str = "us-east-1") -> Any:
        keys = {"aws_access_key_id": self._account, "aws_secret_access_key": "secret"}
        if (service, region) not in self._clients:
            made = boto3.client(service, endpoint_url=self._endpoint, region_name=region, **keys)  # type: ignore[call-overload]  # the service is an argument here
            self._clients[service, region] = made
        return self._clients[service, region]

    def _call(self, service: str, operation: str, region: str, parameters: dict[str, Any]) -> Any:
        call: Callable[..., Any] = getattr(self.client(service, region), xform_name(operation))
        return call(**parameters)


def test_every_request_is_sent_and_the_plan_is_empty(surrounded: Surrounded) -> None:
    story = surrounded.story
    surrounded.define()
    rendered = story("render", "create-table", "--config", "tables.yaml", "--out", "requests")
    assert (rendered.code, story.live()) == (0, []), rendered.err
    folder = story.folder / "requests"
    first, strict, *lines = (folder / "commands.sh").read_text(encoding="utf-8").splitlines()
    assert (first, strict) == ("#!/bin/sh", "set -eu")
    send = CommandLine(folder, story.endpoint, story.account)
    for line in lines:
        send(line)
    assert set(send.sent) >= {"CreateTable", "CreateEventSourceMapping", "CreateBackupSelection", "PutRolePolicy"}
    assert len(send.sent) == len(list(folder.glob("*.json")))
    # Nothing waits for the mapping of a function, which is in its state some time after it was made.
    mappings = send.client("lambda").list_event_source_mappings
    until(lambda: {each["State"] for each in mappings()["EventSourceMappings"]} == {"Enabled", "Disabled"}, "mappings")
    planned = story("plan", "--config", "tables.yaml", "--json")
    assert [change for table in planned.json["tables"] for change in table["changes"]] == []


ODD = """
tables:
  - name: odd.table
    attributes: [{name: pk, type: S}]
    key_schema: [{attribute_name: pk, key_type: HASH}]
    billing_mode: PAY_PER_REQUEST
    stream: {view_type: NEW_IMAGE}
    resource_policy:
      Statement:
        - {Effect: Allow, Principal: {AWS: "123456789012"}, Action: "dynamodb:GetRecords", Resource: "{stream_arn}"}
    access: [{function: reader, allow: [read]}]
    items: [{pk: secret}]
"""


def test_documents_are_printed_after_their_commands(strict_story: Story) -> None:
    story = strict_story
    story.write("odd.yaml", ODD)
    words = ("render", "create-table", "--config", "odd.yaml")
    printed = story(*words)
    assert printed.code == 0, printed.err
    command, _, document = printed.out.partition("\n")
    name = "01-odd-table-create-table.json"
    assert command == f"# aws dynamodb create-table --cli-input-json file://{name} --region us-east-1"
    assert json.loads(document.partition("\n\n#")[0])["TableName"] == "odd.table"
    assert "secret" not in printed.out
    complete = story(*words, "--complete", "--json")
    assert complete.code == 3
    assert [each["path"] for each in complete.json["unsaid"]] == ["resource_policy", "access.reader", "items"]
    assert story.live() == []
    story.write(f"requests/{name}", "{}")
    assert story(*words, "--out", "requests").code == 2


def test_a_table_that_can_never_be_made_is_refused(strict_story: Story) -> None:
    strict_story.write("odd.yaml", ODD.replace("    stream: {view_type: NEW_IMAGE}\n", ""))
    refused = strict_story("render", "create-table", "--config", "odd.yaml")
    assert refused.code == 2
    assert "Table odd.table cannot be created" in refused.error


@pytest.mark.parametrize("service", ["dynamodb", "application-autoscaling", "lambda"])
def test_commands_have_the_names_of_the_cli(service: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    assert [command_name(each) for each in model.operation_names] == [
        xform_name(each, "-") for each in model.operation_names
    ]
