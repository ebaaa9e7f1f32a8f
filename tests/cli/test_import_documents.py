"""`import --from FILE`: a definition of the tables of a file of another tool, and what it does not say."""

import json
from pathlib import Path

import pytest

from cli.story import Story

TEMPLATE = """
Parameters:
  Stage: {Type: String}
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "orders-${Stage}"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      ResourcePolicy:
        PolicyDocument:
          Version: 2012-10-17
          Statement: [{Effect: Allow, Principal: "*", Action: ["dynamodb:GetItem"], Resource: "*"}]
"""


CONDITIONAL = "Resources: {A: {Type: 'AWS::DynamoDB::Table', Condition: X, Properties: {TableName: abc}}}"
BOMB = "\n".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}' if n else 'x'] * 10)}]" for n in range(8))


@pytest.fixture
def folder(shell: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Story:
    """A folder, and no engine: the endpoint refuses connections."""
    del shell
    return Story(tmp_path, "http://127.0.0.1:9", "123456789012", capsys)


def test_a_template_is_imported_when_its_parameters_are_known(folder: Story) -> None:
    folder.write("template.yaml", TEMPLATE)
    unknown = folder("import", "--from", "template.yaml", "--json")
    assert unknown.code == 3
    assert unknown.json["tables"] == []
    assert {"path", "reference", "hint"} == set(unknown.json["unresolved"][0])
    assert "--param Stage=VALUE" in unknown.err
    known = folder("import", "--from", "template.yaml", "--param", "Stage=prod", "--out", "tables.yaml")
    assert known.code == 0, known.err
    assert "name: orders-prod" in (folder.folder / "tables.yaml").read_text(encoding="utf-8")
    named = folder("import", "--from", "cloudformation:template.yaml", "--table", "Orders=orders")
    assert (named.code, "name: orders\n" in named.out) == (0, True)
    findings = folder("validate", "--offline", "--config", "tables.yaml", "--json")
    assert "DS011" in {each["code"] for each in findings.json}  # the policy was read: anyone may read


@pytest.mark.parametrize(
    ("name", "text", "words", "said"),
    [
        ("a.yaml", "x: 1", (), "a.yaml"),
        ("a.yaml", "Resources: {}", (), "has no table"),
        ("a.yaml", "a: [", ("cloudformation:",), "is not YAML"),
        ("a.json", "{", ("workbench:",), "is not JSON"),
        ("a.json", "{}", ("terraform:",), "is not a document of terraform"),
        ("a.json", '{"TableName": "x", "KeySchema": []}', ("", "--param", "A=b"), "no references to resolve"),
        ("a.yaml", TEMPLATE, ("", "--param", "Stage"), "not NAME=VALUE"),
        ("a.yaml", TEMPLATE, ("", "--as", "models"), "defines tables, not models"),
        ("a.yaml", "Resources: &r\n  A: {Type: x, Properties: *r}", (), "a.yaml is not YAML"),
        ("a.yaml", TEMPLATE.replace('!Sub "orders-${Stage}"', "!Ref Orders"), (), "refers to itself"),
        ("a.yaml", f"Conditions: {{X: !Not [!Condition X]}}\n{CONDITIONAL}", (), "refers to itself"),
        ("a.yaml", BOMB, (), "more than 500,000 values"),
        ("folder.yaml/x", "", ("folder",), "is a folder"),
        ("other.txt", "", ("cloudformation:gone", "only"), "does not exist"),
    ],
)
def test_bad_input(folder: Story, name: str, text: str, words: tuple[str, ...], said: str) -> None:
    folder.write(name, text)
    form, *options = words or ("",)
    source = "cloudformation:gone" if "gone" in form else f"{form}{name}"
    source = "folder.yaml" if form == "folder" else source
    answer = folder("import", "--from", source, *(each for each in options if each != "only"))
    assert answer.code == 2
    assert said in answer.err


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("main.tf", 'resource "x" "y" {}', "terraform show -json"),
        ("a.tf.json", "{}", "terraform show -json"),
        ("terraform.tfstate", "{}", "terraform show -json"),
        ("a.json", '{"version": 4, "lineage": "x", "resources": []}', "terraform show -json"),
        ("a.json", '{"resource": {"aws_dynamodb_table": {"x": {}}}}', "terraform show -json"),
        ("serverless.yml", "service: shop\nprovider: {name: aws}\nresources: {Resources: {}}", "serverless package"),
        ("serverless.ts", "module.exports = {}", "serverless package"),
        ("cdk.json", '{"app": "python app.py"}', "cdk synth"),
        ("manifest.json", '{"version": "36.0.0", "artifacts": {}}', "cdk synth"),
        ("Pulumi.yaml", "name: shop", "of Pulumi"),
        ("stack.json", '{"version": 3, "deployment": {}}', "of Pulumi"),
        ("samconfig.toml", "", "import template.yaml"),
        ("a.yaml", "a: 1", "has none of the forms"),
        ("a.yaml", "Resources: {'Fn::ForEach::Tables': [x, [a], {}]}", "--template-stage Processed"),
        ("a.yaml", "Resources: {A: {Type: x, Properties: {}}}\nTransform: [Mine]", "uses the macro Mine"),
        ("a.json", '{"Resources": {"A": {"Type": ', "is not JSON"),
        ("a.json", '{"format_version": "2.0", "terraform_version": "9"}', "in a known version"),
        ("a.json", '{"format_version": "1.2", "errored": true}', "is a plan that failed"),
    ],
)
def test_what_only_another_tool_reads_is_named_with_its_command(folder: Story, name: str, text: str, said: str) -> None:
    folder.write(name, text)
    answer = folder("import", "--from", name)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err, answer.err


def test_an_answer_of_get_template_is_read(folder: Story) -> None:
    folder.write("answer.json", f'{{"TemplateBody": {json.dumps(TEMPLATE)}, "StagesAvailable": ["Original"]}}')
    answer = folder("import", "--from", "answer.json", "--param", "Stage=prod")
    assert (answer.code, "name: orders-prod" in answer.out) == (0, True), answer.err


TABLES = """
{"tables": [{"name": "users", "billing_mode": "PAY_PER_REQUEST", "attributes": [{"name": "id", "type": "S"}],
  "key_schema": [{"attribute_name": "id", "key_type": "HASH"}], "description": "People"}]}
"""


def test_tables_config_is_imported(folder: Story) -> None:
    folder.write("tables_config.json", TABLES)
    for words in (("tables_config.json",), ("tables_config.json", "--format", "tables-config")):
        answer = folder("import", "--from", *words)
        assert (answer.code, "description: People" in answer.out) == (0, True), answer.err
    folder.write("tables_config.json", TABLES.replace("HASH", "HASHH"))
    assert folder("import", "--from", "tables_config.json").code == 2
    assert "the file gone.json does not exist" in folder("import", "--from", "tables-config:gone.json").err.lower()
    refused = folder("import", "--from", "tables_config.json", "--table", "a=b")
    assert (refused.code, "says its tables itself" in refused.err) == (2, True)


def test_a_form_is_named(folder: Story) -> None:
    folder.write("a.yaml", TEMPLATE)
    answer = folder("import", "--from", "a.yaml", "--format", "cloudformation", "--param", "Stage=x")
    assert answer.code == 0, answer.err
    wrong = folder("import", "--from", "a.yaml", "--format", "workbench")
    assert (wrong.code, "is not a document of workbench" in wrong.err) == (2, True)
    assert "add --from" in folder("import", "orders", "--format", "dms").err
