"""After a cut-over the definition names the new table: written, or shown as a diff, or said where it is by hand."""

import json
from pathlib import Path

import pytest

from cli.story import clean_shell
from dynasmith.files import definition_rename
from dynasmith.project.factory import load_world
from dynasmith.project.verbs.replacements import definition_patch as patches
from dynasmith.project.verbs.replacements.definition_patch import definition_patch
from dynasmith.project.world import World
from item_stories.kit import ItemStory
from replacement.kit import MOVES, definition, user

PROJECT = """definitions = ["tables/*.yaml", "more.json"]
default_environment = "x"
[replace]
pointer = "file:{{table}}.txt"
[environments.x]
endpoint = "{endpoint}"
region = "us-east-1"
table_suffix = "-x"
"""
TABLES = """# tables of the shop
tables:
- name: users  # by mail
  attributes: [{name: mail, type: S}]
  key_schema: [{attribute_name: mail, key_type: HASH}]
"""


class Killed(BaseException):
    """The process is gone."""


def full(path: Path, _: str) -> None:
    """A disk that is full."""
    raise OSError(28, "No space left on device", str(path))


def replacing(story: ItemStory) -> str:
    """A project whose definition has another key than its table, and the replacement of that."""
    story.write("dynasmith.toml", PROJECT.format(endpoint=story.endpoint))
    story.write("moves.py", MOVES)
    story.make("users-x", "orders-x", key="id")
    story.put("users-x", *(user(number) for number in range(3)))
    story.write("tables/users.yaml", TABLES)
    overrides = {"x": {"tables": [{"name": "users", "table_class": "STANDARD"}]}}
    story.define({**definition("id"), "name": "orders"}, name="more.json", environments=overrides)
    Path("users.txt").write_text("users-x\n")
    begun = story("replace", "users", "--yes", "--json", "--transform", "moves:by_mail", "--until", "following")
    assert begun.code == 0, begun.err
    return str(begun.json["id"])


def test_cutover_writes_the_new_name_into_the_definition_and_plan_is_empty(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the switch and the two files, and between these; each time a repeat goes on."""
    job = replacing(story)
    real_write, place = definition_rename.write_rename, f"{patches.__name__}.write_rename"

    def killed(_: object) -> None:
        raise Killed

    monkeypatch.setattr(place, killed)
    with pytest.raises(Killed):
        story("replace", "cutover", job, "--yes", "--no-fence", "--write")
    assert Path("users.txt").read_text() == "users-v2-x\n"
    assert Path("tables/users.yaml").read_text() == TABLES
    shown = story("replace", "status", job, "--env", "x")
    assert "users-v2 in place of users" in shown.err
    assert "\n-- name: users  # by mail\n+- name: users-v2  # by mail\n" in shown.err
    assert f"dynasmith replace cutover {job} --env x --write" in shown.err
    hidden = story("replace", "status", job, "--json", "--redact").json["definition"]
    assert (hidden["files"], hidden["written"]) == (["tables/users.yaml", "more.json"], False)
    assert "by mail" not in hidden["diff"]

    def first_alone(rename: definition_rename.DefinitionRename) -> None:
        real_write(definition_rename.DefinitionRename(files=rename.files[:1]))
        raise Killed

    monkeypatch.setattr(place, first_alone)
    with pytest.raises(Killed):
        story("jobs", "resume", job)
    assert "users-v2" in Path("tables/users.yaml").read_text() + Path("more.json").read_text()
    assert story("plan").code == 2  # the two files contradict each other
    monkeypatch.setattr(place, real_write)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(definition_rename, "replace_text", full)
        failed = story("replace", "cutover", job, "--write", "--json")
    assert (failed.code, failed.json["definition"]["written"]) == (3, False)
    assert failed.json["definition"]["by_hand"] == ["more.json cannot be written: No space left on device."]
    done = story("replace", "cutover", job, "--write", "--json")
    assert (done.code, done.json["definition"]["written"]) == (0, True), done.err
    assert Path("tables/users.yaml").read_text() == TABLES.replace("users", "users-v2")
    assert '"name": "users-v2"' in Path("more.json").read_text()
    plan = story("plan", "--json")
    assert (plan.code, [table["changes"] for table in plan.json["tables"]]) == (0, [[], []]), plan.err
    finished = story("replace", "finish", job, "--yes", "--json")
    assert (finished.json["replacement"]["state"], finished.json["definition"]) == ("finished", None), finished.err
    assert story("plan").code == 0


def test_a_definition_that_has_the_new_name_already_says_what_the_new_table_is(story: ItemStory) -> None:
    """Another environment was replaced before this one, and both read one definition."""
    story.write("moves.py", MOVES)
    story.make("users", key="id")
    story.put("users", user(1))
    story.define({**definition("mail"), "name": "users-v2"})
    shown = story("replace", "users", "--transform", "moves:by_mail", "--dry-run")
    assert "table users-v2 would be created, with the key mail (S)" in shown.out + shown.err


MODELS = """from dynasmith.models import Model, Partition


class Record(Model, table="users"):
    id: Partition[str]


class User(Record):
    name: str = ""
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """A project of which much names the table users."""
    clean_shell(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models_of_a_shop.py").write_text(MODELS)
    (tmp_path / "migrations").mkdir()
    for version, name in (("0.0.1", "users"), ("0.0.2", "users-v2"), ("0.0.3", "users")):
        (tmp_path / f"migrations/{version}_a.py").write_text(f'def up(m):\n    m.table("{name}")\n')
    (tmp_path / "policy.json").write_text('{"Resource": "arn:aws:dynamodb:eu-west-1:1:table/users"}')
    named = {"name": "orders", "resource_policy": {"file": "policy.json"}}
    other = {"name": "more", "resource_policy": {"Resource": ["arn:x:table/users-v2", "arn:x:table/users/index/a"]}}
    (tmp_path / "tables.json").write_text(json.dumps({"tables": [definition("id"), named, other]}))
    text = 'models = ["models_of_a_shop"]\ndefinitions = ["tables.json"]\ndefault_environment = "x"\n'
    recipes = '[refresh.staging]\nempty = ["users"]\n[erase.person.tables.users]\nkey = "{value}"\n'
    places = '[environments.x]\n[environments.prod]\nregion = "eu-west-1"\n[environments.here]\nlocal = true\n'
    (tmp_path / "dynasmith.toml").write_text(text + recipes + places + 'endpoint = "http://127.0.0.1:9"\n')
    return load_world(tmp_path / "dynasmith.toml", variables={})


def test_a_class_is_changed_by_hand_and_what_else_names_the_table_is_told(world: World, tmp_path: Path) -> None:
    (tmp_path / "tables.json").write_text(json.dumps({"tables": [definition("id")]}))
    before = (tmp_path / "tables.json").read_text()
    patch = definition_patch(world, "users", "users-v2", write=True)
    assert patch is not None
    assert patch.by_hand == ('models_of_a_shop.py:4: class Record must say table="users-v2" in place of "users".',)
    assert (patch.requested, patch.written) == (True, False)
    assert (tmp_path / "tables.json").read_text() == before


def test_what_else_names_the_table(world: World) -> None:
    patch = definition_patch(world, "users", "users-v2", write=False)
    assert patch is not None
    environments, *others, migrations = patch.notes
    assert environments.startswith("Other environments (prod) read the same definition: until users is replaced there")
    assert others == [
        "policy.json has the ARN of users.",
        "tables.json:1: tables[2].resource_policy.Resource[1] has the ARN of users.",
        "[refresh.staging] of the project file names users.",
        "[erase.person] of the project file names users.",
    ]
    assert migrations.startswith(
        "migrations/0.0.3_a.py and 1 more in the folder of migrations name users: what has run"
    )


def test_a_name_that_the_environment_cannot_give_is_told(world: World) -> None:
    settings = world.settings
    prefixed = World(world.session, world.load, type(settings)(prefix="x-", definitions=settings.definitions))
    patch = definition_patch(prefixed, "x-users", "customers", write=True)
    assert patch is not None
    assert patch.by_hand == ("The environment calls its tables x-NAME, so that no definition can name customers.",)
    assert definition_patch(world, "absent", "absent-v2", write=True) is None
