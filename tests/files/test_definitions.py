"""Definition files on disk: the seed's own, several as one set, policies beside them."""

import json
from pathlib import Path

import pytest

from definitions import SOUND, sound
from dynasmith.errors import DefinitionError
from dynasmith.files.definitions import load_definitions
from dynasmith.tables.table import Billing, Capacity, Index, Key, KeyAttribute, Projection, ProjectionKind, Table

# The seed's file, letter by letter.
SEED = """\
{
  "tables": [
    {
      "name": "users_birthdays",
      "billing_mode": "PAY_PER_REQUEST",
      "attributes": [
        {
          "name": "username",
          "type": "S"
        }
      ],
      "key_schema": [
        {
          "attribute_name": "username",
          "key_type": "HASH"
        }
      ],
      "description": "Table to store user birthdays"
    }
  ]
}
"""
USERNAME = Key(partition=(KeyAttribute(name="username", type="S"),))


def _findings(error: pytest.ExceptionInfo[DefinitionError]) -> list[str]:
    return [finding.sentence for finding in error.value.findings]


def test_the_seeds_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "tables_config.json"
    path.write_text(SEED, encoding="utf-8")
    definitions = load_definitions([path], variables={})
    assert definitions.tables == (
        Table(
            name="users_birthdays",
            key=USERNAME,
            billing=Billing.ON_DEMAND,
            description="Table to store user birthdays",
        ),
    )
    assert definitions.sources == (str(path),)
    assert definitions.findings == ()
    assert definitions.table("users_birthdays") is definitions.tables[0]
    assert definitions.table("users") is None


def test_index_blocks_may_be_those_of_aws(tmp_path: Path) -> None:
    document = json.loads(SEED)
    table = document["tables"][0]
    table["billing_mode"] = "PROVISIONED"
    table["provisioned_throughput"] = {"read": 5, "write": 6}
    table["attributes"].append({"name": "city", "type": "S"})
    table["global_secondary_indexes"] = [
        {
            "IndexName": "by_city",
            "KeySchema": [{"AttributeName": "city", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["zip", "born"]},
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
        }
    ]
    path = tmp_path / "tables_config.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    (read,) = load_definitions([path], variables={}).tables
    assert read.indexes == (
        Index(
            name="by_city",
            key=Key(partition=(KeyAttribute(name="city", type="S"),)),
            projection=Projection(kind=ProjectionKind.INCLUDE, attributes=("born", "zip")),
            capacity=Capacity(read=1, write=2),
        ),
    )


def test_several_files_are_one_set(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"tables": [sound(name="first")]}))
    (tmp_path / "b.yaml").write_text(json.dumps({"tables": [sound(name="second")]}))
    (tmp_path / "c.toml").write_text(
        'tables = [{name = "third", attributes = [{name = "id", type = "S"}],'
        ' key_schema = [{attribute_name = "id", key_type = "HASH"}]}]'
    )
    (tmp_path / "plain").write_text(json.dumps({"tables": [sound(name="fourth")]}))
    definitions = load_definitions(
        [tmp_path / "*.*", tmp_path / "a.json", tmp_path / "plain"], variables={}, prefix="p-"
    )
    assert [table.name for table in definitions.tables] == ["p-first", "p-second", "p-third", "p-fourth"]
    assert [Path(source).name for source in definitions.sources] == ["a.json", "b.yaml", "c.toml", "plain"]


def test_a_table_of_two_files_names_both(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps({"tables": [sound()]}))
    with pytest.raises(DefinitionError) as error:
        load_definitions([tmp_path / "*.json"], variables={})
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    assert _findings(error) == [f"{b}:1: tables[0] is named orders, as is tables[0] in {a}:1 (a table is defined once)"]
    assert error.value.exit == 2


def test_an_override_may_stand_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"tables": [sound()]}))
    over = {"tables": [], "environments": {"prod": {"tables": [{"name": "orders", "deletion_protection": True}]}}}
    (tmp_path / "prod.json").write_text(json.dumps(over))
    (table,) = load_definitions([tmp_path / "*.json"], "prod", {}).tables
    assert table.deletion_protection is True


def test_every_mistake_of_every_file_comes_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text(json.dumps({"tables": [sound(name="x"), sound(tag=1)]}))
    (tmp_path / "latin.json").write_bytes('{\n"tables": "grüß"}'.encode("latin-1"))
    (tmp_path / "fine.json").write_text(json.dumps({"tables": [sound(name="fine")]}))
    missing = tmp_path / "missing.json"
    paths = [*sorted(tmp_path.iterdir()), missing, tmp_path, tmp_path / "*.toml"]
    with pytest.raises(DefinitionError) as error:
        load_definitions(paths, variables={})
    told = "\n".join(_findings(error))
    for words in (
        "a.json:1: is not JSON: it ends before the { of line 1 is closed",
        "b.json:1: tables[0].name is 'x', which has 1 character ",
        "b.json:1: tables[1].tag is not a key of a table (did you mean tags?)",
        "latin.json:2: is not text in UTF-8",
        "missing.json: does not exist",
        f"{tmp_path}: is a folder, not a file",
        "*.toml: matches no file",
    ):
        assert words in told
    assert len(error.value.findings) == 7
    assert str(error.value).endswith("(and 6 more)")


def test_a_policy_is_read_beside_its_definition_and_keeps_its_own_variables(tmp_path: Path) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Resource": "${aws:username}", "Effect": "Deny"}]}
    (tmp_path / "policy-prod.json").write_text(json.dumps(policy, indent=2))
    table = sound(resource_policy={"file": "policy-${STAGE}.json"})
    (tmp_path / "a.json").write_text(json.dumps({"tables": [table]}))
    (read,) = load_definitions([tmp_path / "a.json"], variables={"STAGE": "prod"}).tables
    assert read.resource_policy == (
        '{"Statement":[{"Effect":"Deny","Resource":"${aws:username}"}],"Version":"2012-10-17"}'
    )


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"file": "absent.json"}, "cannot be used: absent.json: No such file or directory"),
        ({"file": "broken.json"}, "cannot be used: broken.json is not a JSON object"),
        ({"file": "list.json"}, "cannot be used: list.json is not a JSON object"),
        ({"file": "a", "Statement": []}, "cannot be used: file must be the only key, and name a file"),
        ("broken.json", "expects a map: the policy, {file: NAME} or {enabled: false}"),
    ],
)
def test_a_policy_that_cannot_be_used_is_a_mistake(tmp_path: Path, policy: object, words: str) -> None:
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "a.json").write_text(json.dumps({"tables": [sound(resource_policy=policy)]}))
    with pytest.raises(DefinitionError) as error:
        load_definitions([tmp_path / "a.json"], variables={})
    (sentence,) = _findings(error)
    assert f"tables[0].resource_policy {words}" in sentence


def test_the_process_gives_the_variables_where_none_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"tables": [{**SOUND, "name": "${DYNASMITH_TEST_NAME}"}]}))
    monkeypatch.setenv("DYNASMITH_TEST_NAME", "from-the-process")
    assert load_definitions([tmp_path / "a.json"]).tables[0].name == "from-the-process"


def test_a_warning_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"tables": []}')
    definitions = load_definitions([tmp_path / "a.json"])
    assert definitions.tables == ()
    assert [finding.code for finding in definitions.findings] == ["D014"]
