"""The page on handing a table over: its commands of dynasmith run as they stand, in their order."""

import json
import re
import shlex
from pathlib import Path

from cli.iac_surroundings import Surrounded
from cli.story import Story, table

PAGE = Path(__file__).parents[2] / "docs/guide/hand-over-to-iac.md"
COMMAND = re.compile(r"^\$ ((?:dynasmith|rm) .+)$", re.MULTILINE)


def run(story: Story, line: str) -> None:
    program, *words = shlex.split(line)
    if program == "rm":
        (story.folder / words[0]).unlink()
        return
    answer = story(*words)
    assert answer.code == 0, (line, answer.out, answer.err)


def test_the_commands_of_the_page(strict_story: Story) -> None:
    story = strict_story
    environment = f'[environments.dev]\nendpoint = "{story.endpoint}"\n'
    story.write("dynasmith.toml", f'definitions = ["tables/*.yaml"]\ndefault_environment = "dev"\n{environment}')
    story.define(table("orders", billing_mode="PAY_PER_REQUEST"), name="tables/orders.yaml")
    assert story("apply", "--yes").code == 0
    before = story.client.describe_table(TableName="orders")["Table"]
    check, terraform, of_state, cloudformation, of_template, remove, plan, back, again = COMMAND.findall(
        PAGE.read_text("utf-8")
    )
    for line in (check, terraform, cloudformation, of_template):
        run(story, line)
    assert of_state == "dynasmith check --from state.json"  # what Terraform says of ten tables: test_render_terraform
    run(story, remove)
    story.define(table("customers"), name="tables/customers.yaml")  # a project has other tables
    run(story, plan)
    assert story.client.describe_table(TableName="orders")["Table"] == before
    run(story, back)
    run(story, again)
    assert story("check", "orders").code == 0


def test_a_stack_imports_every_resource_by_its_identifier(surrounded: Surrounded) -> None:
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # half a second, for each worker that collects

    story = surrounded.story
    surrounded.define()
    assert story("apply", "--config", "tables.yaml", "--yes").code == 0
    assert story("render", "cloudformation", "--config", "tables.yaml", "--out", "stack").code == 0
    listed = json.loads((story.folder / "stack/resources-to-import.json").read_text("utf-8"))
    for each in listed:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", each["ResourceType"]).schema
        named = {name.removeprefix("/properties/") for name in schema["primaryIdentifier"]}
        assert set(each["ResourceIdentifier"]) == named
    template = (story.folder / "stack/template.yaml").read_text("utf-8")
    ids = set(re.findall(r"^  (\w+):$", template.partition("Resources:")[2], re.MULTILINE))
    (policies,) = [ids - {each["LogicalResourceId"] for each in listed}]
    assert policies == {"ScaledTableReadPolicy", "ScaledTableWritePolicy", "ScaledTableByEmailReadPolicy"}
    known = ("--param", "AWS::Region=us-east-1", "--param", f"AWS::AccountId={story.account}")
    answer = story("check", "--from", "stack/template.yaml", "--config", "tables.yaml", *known)
    assert answer.code == 0, answer.out
