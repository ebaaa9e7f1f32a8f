"""``init --from migrate.json``: what the OneTable CLI was told, as a project."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cli.story import Story
from dynasmith import Project

SCHEMA = """
{indexes: {primary: {hash: 'pk', sort: 'sk'}}, models: {User: {
    pk: {type: 'string', value: 'user:${email}'}, sk: {type: 'string', value: 'user:'},
    email: {type: 'string', required: true},
    born: {type: 'date'}, secret: {type: 'string', crypt: true},
}}}
"""
OLD = """
// as older files have it
{
    name: 'app', schema: './schema.json5', delimiter: ':', nulls: true, typeField: 'kind', dir: './migrations',
    arn: 'arn:aws:lambda:us-east-1:123456789012:function:migrate', hidden: true, watch: 1,
    crypto: {cipher: 'aes-256-gcm', password: 'do not tell'},
    aws: {region: 'eu-west-1', accessKeyId: 'AKIASECRET', secretAccessKey: 'very secret'},
}
"""
PROFILES = """
{
    onetable: {
        name: 'dev-shop', schema: 'schema.json5',
        crypto: {primary: {password: 'p1'}, old: {password: 'p2', cipher: 'des'}, 'a b': {password: 'p3'}},
    },
    profile: 'dev', endpoint: 'http://127.0.0.1:8000', config: ['more.json'],
    profiles: {
        dev: {dir: 'dev-migrations'},
        prod: {
            endpoint: null, onetable: {name: 'prod-shop'},
            aws: {region: 'us-west-2', accessKeyId: 'A', secretAccessKey: 'B'},
        },
        other: {aws: {accessKeyId: 'A'}},
    },
}
"""


@pytest.fixture
def home(story: Story) -> Story:
    story.write("old/schema.json5", SCHEMA)
    return story


def toml(story: Story, name: str) -> dict[str, Any]:
    return tomllib.loads((story.folder / name).read_text("utf-8"))


def test_an_older_file_becomes_a_project_without_its_secrets(home: Story, shell: pytest.MonkeyPatch) -> None:
    home.write("old/migrate.json", OLD)
    answer = home("init", "shop", "--from", "old/migrate.json")
    assert answer.code == 0, answer.err
    text = (home.folder / "shop/dynasmith.toml").read_text("utf-8")
    for secret in ("do not tell", "AKIASECRET", "very secret"):
        assert secret not in text + answer.err + (home.folder / "shop/models.py").read_text("utf-8")
    assert tomllib.loads(text) == {
        "models": ["models"],
        "default_environment": "aws",
        "environments": {
            "aws": {
                "region": "eu-west-1",
                "access_key_id": "${AWS_ACCESS_KEY_ID}",
                "secret_access_key": "${AWS_SECRET_ACCESS_KEY}",
            }
        },
        "crypto": {
            "main": {"variable": "ENCRYPTION_KEY"},
            "primary": {"variable": "ONETABLE_PRIMARY_PASSWORD", "format": "onetable"},
        },
    }
    for said in (
        'dir = "./migrations": migrations in JavaScript are not taken over',
        'arn = "arn:aws:lambda:us-east-1:123456789012:function:migrate"',
        "watch is not taken over.",
        "Set the variable ONETABLE_PRIMARY_PASSWORD: the password of crypto primary in migrate.json.",
        "Set the variable AWS_SECRET_ACCESS_KEY: aws.secretAccessKey of aws in migrate.json.",
        "Next: cd shop; dynasmith plan",
    ):
        assert said in answer.err
    models = (home.folder / "shop/models.py").read_text("utf-8")
    assert 'class User(Model, table="app", entity="User", entity_attribute="kind"):' in models
    shell.setenv("AWS_ACCESS_KEY_ID", home.account)
    with Project.load(home.folder / "shop") as project:
        assert [table.name for table in project.tables()] == ["app"]
    assert home("plan", "--directory", "shop", "--json").json["tables"][0]["exists"] is False


def test_profiles_become_environments(home: Story) -> None:
    home.write("old/migrate.json5", PROFILES)
    home.write("old/more.json", '{"onetable": {"isoDates": true}}')
    answer = home("init", "shop", "--from", "old/migrate.json5", "--json")
    assert answer.code == 0, answer.err
    made = toml(home, "shop/dynasmith.toml")
    assert made["default_environment"] == "dev"
    assert made["environments"] == {
        "dev": {"endpoint": "http://127.0.0.1:8000", "region": "us-east-1", "table_prefix": "dev-"},
        "prod": {
            "region": "us-west-2",
            "access_key_id": "${PROD_AWS_ACCESS_KEY_ID}",
            "secret_access_key": "${PROD_AWS_SECRET_ACCESS_KEY}",
            "table_prefix": "prod-",
            "protected": True,
        },
        "other": {"endpoint": "http://127.0.0.1:8000", "region": "us-east-1", "table_prefix": "dev-"},
    }
    assert "aws.accessKeyId of other is not taken over" in answer.err
    assert set(made["crypto"]) == {"main", "primary", "old"}
    assert "crypto a b is not taken over" in answer.err
    assert "crypto old has the cipher des" in answer.err
    assert 'Profile dev: dir = "dev-migrations"' in answer.err
    assert "ISO_MILLISECONDS" in (home.folder / "shop/models.py").read_text("utf-8")
    assert answer.json["files"] == ["shop/dynasmith.toml", "shop/models.py"]
    assert "ONETABLE_OLD_PASSWORD" in answer.json["variables"]
    with Project.load(home.folder / "shop", env="dev") as project:
        assert [table.name for table in project.tables()] == ["dev-shop"]


def test_names_with_a_common_part_are_a_table_with_prefixes(home: Story) -> None:
    home.write(
        "old/migrate.json",
        '{"name": "x", "profiles": {"dev": {"name": "dev-shop"}, "qa": {"name": "qa-shop"}}, "profile": "dev"}',
    )
    answer = home("init", "shop", "--from", "old/migrate.json")
    assert answer.code == 0
    made = toml(home, "shop/dynasmith.toml")
    assert {name: each.get("table_prefix") for name, each in made["environments"].items()} == {
        "dev": "dev-",
        "qa": "qa-",
    }
    assert "models" not in made
    assert "names no schema" in answer.err
    assert "--table shop --out models.py" in answer.err


def test_a_name_that_has_no_common_part_is_said(home: Story) -> None:
    home.write("old/migrate.json", '{"name": "orders", "profiles": {"a": {}, "b": {"name": "users"}}}')
    answer = home("init", "shop", "--from", "old/migrate.json")
    assert answer.code == 0
    assert "Profile b names the table users, which is not orders with a prefix or a suffix" in answer.err


def test_nothing_is_overwritten_and_nothing_is_half_written(home: Story) -> None:
    home.write("old/migrate.json", OLD)
    home.write("shop/models.py", "mine")
    answer = home("init", "shop", "--from", "old/migrate.json")
    assert (answer.code, answer.error) == (2, "shop/models.py exists already; nothing was written.")
    assert not (home.folder / "shop/dynasmith.toml").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "does not name its table"),
        ("[]", "is not a configuration"),
        ("{name: 'app', schema: 'none.json'}", "none.json does not exist"),
        ("{name: 'app', schema: 'migrate.json'}", "has no indexes"),
        ("{name: 'app', profiles: []}", ""),
        ("{name: 'app', profiles: {a: 1}}", "is not a map of profiles"),
        ("{name: 'app', config: ['gone.json']}", "gone.json cannot be read"),
        ("{name:", "is neither JSON nor JSON5"),
    ],
)
def test_what_cannot_be_read_is_refused(home: Story, text: str, message: str) -> None:
    home.write("old/migrate.json", text)
    answer = home("init", "shop", "--from", "old/migrate.json")
    if not message:
        assert answer.code == 0
        return
    assert answer.code == 2
    assert message in answer.error
    assert not (home.folder / "shop").exists()
    assert home("init", "shop", "--from", "nothing.json").error == "The file nothing.json does not exist."


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on the PATH")
def test_a_schema_in_javascript_is_evaluated(home: Story) -> None:
    schema = Path(__file__).parents[1] / "bridges/onetable_schema.mjs"
    shutil.copy(schema, home.folder / "old/schema.mjs")
    home.write("old/migrate.json", "{name: 'app', schema: './schema.mjs', aws: {endpoint: 'http://127.0.0.1:8000'}}")
    assert home("init", "--from", "old/migrate.json").code == 0
    assert toml(home, "dynasmith.toml")["environments"] == {
        "local": {"endpoint": "http://127.0.0.1:8000", "region": "us-east-1"}
    }
