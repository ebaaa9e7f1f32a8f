"""What people paste where a definition is expected is named, with the import that reads it."""

import json
from pathlib import Path
from typing import Any

import pytest

from dynasmith.errors import DefinitionError
from dynasmith.files.definitions import load_definitions

REQUEST: dict[str, Any] = {
    "TableName": "orders",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}
TEMPLATE = """
Resources:
  T:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "${Env}-orders"
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
"""


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", json.dumps(REQUEST), "is a request or an answer of the AWS CLI"),
        ("a.json", json.dumps({"Table": REQUEST}), "is a request or an answer of the AWS CLI"),
        ("a.json", json.dumps({"TableDescription": REQUEST}), "is a request or an answer of the AWS CLI"),
        ("a.json", json.dumps({"tables": [REQUEST]}), "tables[0] is a request or an answer of the AWS CLI"),
        ("a.yaml", TEMPLATE, "is a CloudFormation template"),
        ("a.json", json.dumps({"planned_values": {}, "format_version": "1.2"}), "is a plan or a state of Terraform"),
    ],
)
def test_it_is_named_with_its_import(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DefinitionError) as refused:
        load_definitions([tmp_path / name])
    (finding,) = refused.value.findings
    assert f"{words}" in finding.sentence
    assert "dynasmith import --from" in finding.sentence


@pytest.mark.parametrize(
    "text", ['{"tabels": []}', '{"TableName": "orders"}', "[1", '{"tables": [{"nmae": "x"}]}', "{}"]
)
def test_what_is_merely_wrong_keeps_its_own_findings(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    message = ""
    try:
        load_definitions([tmp_path / "a.json"])
    except DefinitionError as refused:
        message = " ".join(finding.sentence for finding in refused.findings)
    assert "import --from" not in message
