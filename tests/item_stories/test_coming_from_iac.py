"""The how-to pages for those who come from another tool: their files and their commands, as they stand."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from dynasmith.files.foreign_documents import _Template
from item_stories.kit import ItemStory

FOLDER = Path(__file__).parents[2] / "docs/guide/coming-from"
STATE_FORMAT = {"format_version": "1.0", "terraform_version": "1.11.4"}


def page(name: str) -> tuple[list[list[str]], list[str]]:
    """The commands of dynasmith on a page, and its files."""
    text = (FOLDER / f"{name}.md").read_text("utf-8")
    assert re.match(r"# .+\n\n```console\n\$ ", text), "a how-to begins with a command"
    commands = [shlex.split(line) for line in re.findall(r"^\$ dynasmith (.+)$", text, re.MULTILINE)]
    return commands, re.findall(r"```(?:yaml|json)\n(.*?)```", text, re.DOTALL)


def run(story: ItemStory, commands: list[list[str]]) -> list[str]:
    """Every command of a page ends with 0; what each printed."""
    shown = []
    for words in commands:
        answer = story(*words)
        assert answer.code == 0, (words, answer.out, answer.err)
        shown.append(answer.out + answer.err)
    return shown


def deployed(story: ItemStory, properties: dict[str, Any], name: str) -> None:
    """A table that another tool made, straight in the engine."""
    names = ("AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput", "GlobalSecondaryIndexes")
    made = {each: properties[each] for each in names if each in properties}
    if stream := properties.get("StreamSpecification"):
        made["StreamSpecification"] = {**stream, "StreamEnabled": True}
    story.client.create_table(TableName=name, **made)
    story.client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def test_cloudformation(story: ItemStory) -> None:
    commands, (template,) = page("cloudformation")
    story.write("template.yaml", template)
    properties = yaml.load(template, Loader=_Template)["Resources"]["Orders"]["Properties"]
    deployed(story, properties, "orders-prod")
    differing = run(story, commands[:1])
    assert "point_in_time_recovery" not in differing[0]
    assert story("check", "--config", "tables.yaml").code == 3  # the stack did not turn recovery on
    assert story("apply", "--config", "tables.yaml", "--yes").code == 0
    planned, agreed, named, applied = run(story, commands[1:])
    assert "Nothing to change" in planned
    assert "agree: orders-prod" in agreed
    assert "name: orders-prod" in named
    assert "Nothing to change" in applied


def test_terraform(story: ItemStory) -> None:
    commands, files = page("terraform")
    assert files == []
    values = {
        "name": "orders",
        "hash_key": "id",
        "billing_mode": "PAY_PER_REQUEST",
        "attribute": [{"name": "id", "type": "S"}],
        "ttl": [{"attribute_name": "", "enabled": False}],
        "point_in_time_recovery": [{"enabled": False}],
        "deletion_protection_enabled": False,
        "tags": None,
    }
    table = {"address": 'module.shop.aws_dynamodb_table.all["orders"]', "type": "aws_dynamodb_table", "mode": "managed"}
    module = {"address": "module.shop", "resources": [{**table, "values": values}]}
    story.write("state.json", json.dumps({**STATE_FORMAT, "values": {"root_module": {"child_modules": [module]}}}))
    story.make("orders", key="id")
    _, planned, agreed, _ = run(story, commands)
    assert "Nothing to change" in planned
    assert "agree: orders" in agreed


@pytest.mark.parametrize(
    ("name", "file", "logical_id", "table"),
    [
        ("cdk", "cdk.out/shop.template.json", "OrdersF9F3C5AB", "orders"),
        ("serverless", ".serverless/cloudformation-template-update-stack.json", "OrdersTable", "orders-prod"),
    ],
)
def test_cdk_and_serverless(story: ItemStory, name: str, file: str, logical_id: str, table: str) -> None:
    commands, (template,) = page(name)
    story.write(file, template)
    properties = json.loads(template)["Resources"][logical_id]["Properties"]
    deployed(story, properties, table)
    imported, planned, agreed, _ = run(story, commands)
    assert "Nothing to change" in planned
    assert f"agree: {table}" in agreed
    if name == "serverless":
        assert "it allows dynamodb:*" in imported


def test_nosql_workbench(story: ItemStory) -> None:
    commands, (model,) = page("nosql-workbench")
    story.write("model.json", model)
    _, planned, *_ = run(story, commands)
    assert "1 to create" in planned
    assert [each["song"] for each in story.client.scan(TableName="music")["Items"]] == [{"S": "One"}]
