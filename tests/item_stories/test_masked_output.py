"""What came out of a variable, and the userinfo of a URL, is in no output, no log and no record of any verb."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.story import table
from item_stories.kit import ItemStory

SECRET = "S3CRET-hunter2"
VERBS: tuple[tuple[str, ...], ...] = (
    ("list",),
    ("doctor",),
    ("describe", "people"),
    ("plan",),
    ("check",),
    ("apply", "--yes"),
    ("ensure",),
    ("create", "orders"),
    ("validate",),
    ("validate", "--offline"),
    ("outputs",),
    ("delete", "absent", "--confirm", "absent"),
    ("get", "people", "pk=absent"),
    ("put", "absent", '{"pk": "a"}'),
    ("copy", "people", "absent", "--yes"),
    ("export", "people", "out.jsonl"),
    ("populate", "people", "absent.jsonl", "--yes"),
    ("backfill", "people", "--transform", "absent:transform", "--yes"),
    ("verify", "people", "absent"),
    ("jobs", "list"),
    ("jobs", "show", "last"),
    ("retire", "absent", "--no-export", "--confirm", "absent"),
)
BROKEN = {
    "billing_mode": "billing_mode: ${SECRET}",
    "table_class": "table_class: '${SECRET}'",
    "deletion_protection": "deletion_protection: ${SECRET}",
    "capacity": "provisioned_throughput: {read: '${SECRET}', write: 1}",
    "time_to_live": "time_to_live: {attribute: 'x', enabled: '${SECRET}'}",
    "stream": "stream: {view_type: 'a ${SECRET} b'}",
    "encryption": "encryption: {type: '${SECRET}'}",
}


def kept(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file of the story but those that were written for it."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in ("dynasmith.toml", "tables.yaml", "rows.jsonl"):
            yield path, path.read_bytes().decode("utf-8", "replace")


def hidden(story: ItemStory, *words: str, secret: str = SECRET) -> str:
    """Run a verb for people with --debug and a log, and for programs; what it said, in which the secret is not."""
    said = ""
    for more in (("--debug", "--log-file", "debug.log"), ("--json",)):
        answer = story(*words, *more)
        said += answer.out + answer.err
    assert secret not in said, (words, said)
    for path, text in kept(story.folder):
        assert secret not in text, (words, path)
    return said


@pytest.fixture
def secretive(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> ItemStory:
    """A table with people, and a shell with a secret."""
    story.people("people", 3)
    monkeypatch.setenv("SECRET", SECRET)
    story.write("rows.jsonl", '{"pk": "a"}\n')
    return story


@pytest.mark.parametrize("field", BROKEN)
def test_a_broken_definition(secretive: ItemStory, field: str) -> None:
    secretive.write(
        "tables.yaml",
        "tables:\n  - name: orders\n    attributes: [{name: pk, type: S}]\n"
        "    key_schema: [{attribute_name: pk, key_type: HASH}]\n    " + BROKEN[field] + "\n",
    )
    secretive.write("dynasmith.toml", 'definitions = ["tables.yaml"]\n')
    for words in (("plan",), ("ensure",), ("validate", "--offline")):
        assert "${SECRET}" in hidden(secretive, *words)


@pytest.mark.parametrize("field", ["external_id", "account", "endpoint", "profile", "ca_bundle"])
def test_an_environment(secretive: ItemStory, monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    """A secret in a field of the environment, over every verb: some fail for it, others work, none shows it."""
    said = {"endpoint": secretive.endpoint, "region": "us-east-1", field: "${SECRET}"}
    if field == "endpoint":
        said["endpoint"] = f"{secretive.endpoint}/${{SECRET}}"
    if field == "external_id":
        said["role_arn"] = "arn:aws:iam::111122223333:role/x"
    if field == "account":
        monkeypatch.setenv("SECRET", "987612345678")
    for name in ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_REGION"):
        monkeypatch.delenv(name)
    section = "".join(f"{name} = {json.dumps(value)}\n" for name, value in said.items())
    secretive.write("dynasmith.toml", 'definitions = ["tables.json"]\n[environments.near]\n' + section)
    secretive.define(table("orders"), name="tables.json")
    secret = "987612345678" if field == "account" else SECRET
    for words in VERBS if field in ("account", "endpoint") else VERBS[:4]:
        if words[0] not in ("plan", "check") or field != "endpoint":  # a plan says for which endpoint it holds
            hidden(secretive, *words, "--env", "near", secret=secret)


def test_a_region_is_a_part_of_names_and_shown_as_its_variable_by_itself(
    secretive: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = f'endpoint = "{secretive.endpoint}"\nregion = "${{SECRET}}"\n'
    secretive.write("dynasmith.toml", "[environments.near]\n" + section)
    for name in ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_REGION"):
        monkeypatch.delenv(name)
    assert "Region ${SECRET} (from environment near)" in secretive("doctor", "--env", "near").out


def test_what_the_service_repeats(secretive: ItemStory) -> None:
    """A value that the definition may have and the service refuses: its answer repeats it."""
    wish: dict[str, Any] = table("orders", encryption={"type": "CUSTOMER", "key": "alias/${SECRET}"})
    wish["tags"] = {"token": "${SECRET}"}
    secretive.write("dynasmith.toml", 'definitions = ["tables.json"]\n')
    secretive.define(wish, name="tables.json")
    for words in (("apply", "--yes", "--quiet"), ("ensure", "--quiet"), ("create", "--quiet"), ("doctor",)):
        answer = secretive(*words)
        assert SECRET not in answer.err, (words, answer)


@pytest.mark.parametrize(
    "words",
    [
        ("--endpoint", "http://me:S3CRET-hunter2@127.0.0.1:1"),
        ("--endpoint", "http://S3CRET-hunter2@127.0.0.1:1"),
        ("--endpoint", "me:S3CRET-hunter2@127.0.0.1:1"),
        ("--source-endpoint", "http://me:S3CRET-hunter2@127.0.0.1:1"),
        ("--target-endpoint", "http://me:S3CRET-hunter2@127.0.0.1:1"),
    ],
)
def test_userinfo_of_an_option(secretive: ItemStory, words: tuple[str, str]) -> None:
    secretive.make("others")
    assert "***@127.0.0.1:1" in hidden(secretive, "copy", "people", "others", "--yes", *words)
    assert secretive.items("others") == []


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"])
def test_userinfo_of_a_variable(secretive: ItemStory, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB")
    monkeypatch.setenv(name, "http://me:S3CRET-hunter2@127.0.0.1:1")
    for words in (("list",), ("doctor",), ("plan",), ("copy", "people", "absent", "--yes"), ("jobs", "list")):
        said = hidden(secretive, *words, "--env", "aws")
        assert "***@127.0.0.1:1" in said or words[0] in ("jobs", "validate"), (words, said)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:S3CRET-hunter2@127.0.0.1:1/shop",
        "mysql+pymysql://me:S3CRET-hunter2@127.0.0.1:1/shop",
        "postgresql://127.0.0.1:1/shop?user=me&password=S3CRET-hunter2",
        "mongodb://me:S3CRET-hunter2@127.0.0.1:1/shop?serverSelectionTimeoutMS=50",
        "nonsense://me:S3CRET/hunter2-S3CRET-hunter2@127.0.0.1:1/shop",
    ],
)
def test_a_database(secretive: ItemStory, url: str) -> None:
    """A literal password is refused where a job would remember it, and shown nowhere; one of a variable is used."""
    into = ("populate", "people", "--source-table", "users", "--from")
    refused = hidden(secretive, *into, url, "--yes")
    assert not list((secretive.folder / ".dynasmith").rglob("job.json")), refused
    hidden(secretive, *into, url, "--dry-run")
    hidden(secretive, *into, url.replace(SECRET, "${SECRET}"), "--yes")
    hidden(secretive, *into, url.replace(SECRET, "${SECRET}"), "--dry-run")


def test_short_values_leave_words_alone(secretive: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "a")
    monkeypatch.setenv("MODE", "PROVISIONED")
    secretive.write("dynasmith.toml", 'definitions = ["tables.json"]\n')
    secretive.define(table("orders", billing_mode="${SECRET}", tags={"x": "${MODE}"}), name="tables.json")
    answer = secretive("plan")
    assert answer.code == 2
    assert 'expects one of PAY_PER_REQUEST, PROVISIONED, not "${SECRET}"' in answer.err
    assert answer.err.count("${") == 1


def test_names_are_shown(secretive: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are typed, confirmed and looked for."""
    monkeypatch.setenv("STAGE", "stage-two-77")
    secretive.write(
        "dynasmith.toml", 'definitions = ["tables.json"]\n[environments.near]\ntable_prefix = "${STAGE}-"\n'
        f'endpoint = "{secretive.endpoint}"\n'
    )  # fmt: skip
    secretive.define(table("orders", tags={"stage": "${STAGE}"}), name="tables.json")
    assert "Created stage-two-77-orders" in secretive("ensure", "--env", "near").err
    assert "stage-two-77-orders" in secretive("delete", "orders", "--env", "near").hint


def test_the_name_of_an_environment_is_shown(secretive: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "prod-eu-1")
    secretive.write(
        "dynasmith.toml", 'definitions = ["tables.json"]\n[environments.prod-eu-1]\nprotected = true\n'
        f'endpoint = "{secretive.endpoint}"\n'
    )  # fmt: skip
    secretive.define(table("orders", tags={"stage": "${STAGE}"}), name="tables.json")
    assert "--confirm prod-eu-1" in secretive("apply", "--yes", "--env", "prod-eu-1").hint
