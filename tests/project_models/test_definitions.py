"""Model classes among the definitions of a project: from arguments and from its file, beside definition files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dynasmith import DefinitionError, Project, ProjectError, UsageError, connect
from dynasmith.models import Attr, Model, Partition, Sort, gsi, tables_of, ttl
from dynasmith.tables.table import Table, known


class User(Model, table="users", settings={"tags": {"team": "accounts"}}):
    """A class with an index, TTL and a tag."""

    id: Partition[str]
    email: Attr[str]
    expires: Attr[int | None] = ttl()
    by_email = gsi("email")


class Buyer(Model, table="shop", entity="buyer"):
    """One of two classes of a table."""

    id: Partition[str]
    at: Sort[int]


class Sale(Model, table="shop", entity="sale"):
    """The other one, with an index."""

    id: Partition[str]
    at: Sort[int]
    day: Attr[str]
    by_day = gsi("day")


class Base(Model):
    """A class without a table."""

    id: Partition[str]


ENVIRONMENTS = """
[environments.dev]
endpoint = "http://127.0.0.1:9"
region = "us-east-1"
table_prefix = "dev-"
"""


def project_of(folder: Path, text: str = "", **files: object) -> Path:
    """A project in ``folder``; each file is text or, for JSON, a value."""
    (folder / "dynasmith.toml").write_text(text + ENVIRONMENTS)
    for name, content in files.items():
        if isinstance(content, str):
            (folder / f"{name}.py").write_text(content)
        else:
            (folder / f"{name}.json").write_text(json.dumps(content, indent=1))
    return folder


def users(**more: Any) -> dict[str, Any]:
    """A definition file of the class's table."""
    return {"tables": [{"name": "users", **more}]}


KEYS = {
    "attributes": [{"name": "id", "type": "S"}, {"name": "email", "type": "S"}],
    "key_schema": [{"attribute_name": "id", "key_type": "HASH"}],
}
INDEX = {"name": "by_email", "key_schema": [{"attribute_name": "email", "key_type": "HASH"}]}
MODULE = """from dynasmith.models import Attr, Model, Partition
class Base(Model):
    id: Partition[str]
class One(Base, table="ones"):
    pass
class Two(Base, table="twos"):
    name: Attr[str]
class Shop:
    class Three(Base, table="threes"):
        pass
"""


def names(project: Project) -> list[str]:
    return [table.name for table in project.tables()]


def test_classes_are_the_definitions_of_a_project() -> None:
    with connect(endpoint="http://127.0.0.1:9", models=[User, Buyer, Sale]) as project:
        assert project.tables() == tables_of(User, Buyer, Sale)
        assert names(project) == ["users", "shop"]


def test_a_class_beside_a_table_of_its_name(tmp_path: Path) -> None:
    (table,) = tables_of(User)
    described = Table(name="users", key=table.key, description="People")
    with connect(endpoint="http://127.0.0.1:9", models=[User], tables=[described]) as project:
        (joined,) = project.tables()
        assert joined.description == "People"
        assert joined.indexes == table.indexes
    other = Table(name="users", key=tables_of(Buyer)[0].key)
    with (
        connect(endpoint="http://127.0.0.1:9", models=[User], tables=[other]) as project,
        pytest.raises(DefinitionError, match=f"{__name__}:User: key is not what the Table users of tables= says"),
    ):
        project.tables()


def test_an_environment_names_and_overrides_the_tables_of_classes(tmp_path: Path) -> None:
    folder = project_of(
        tmp_path,
        'definitions = ["tables.json"]\n',
        tables={"tables": [], "environments": {"dev": {"tables": [{"name": "users", "tags": {"team": "dev"}}]}}},
    )
    with Project.load(folder, env="dev", models=[User]) as project:
        (table,) = project.tables()
        assert (table.name, table.tags) == ("dev-users", {"team": "dev"})
        assert project.physical("users") == "dev-users"


def test_a_project_file_names_classes_and_modules(tmp_path: Path) -> None:
    folder = project_of(tmp_path, 'models = ["classes_of_it:Two"]\n', classes_of_it=MODULE)
    with Project.load(folder, env="dev") as project:
        assert names(project) == ["dev-twos"]
    project_of(tmp_path, 'models = ["classes_of_it", "classes_of_it:Shop.Three"]\n')
    with Project.load(folder, env="dev", models=[User]) as project:
        assert names(project) == ["dev-ones", "dev-twos", "dev-threes", "dev-users"]


def test_names_are_taken_as_arguments_too(tmp_path: Path) -> None:
    (tmp_path / "classes_of_it.py").write_text(MODULE)
    with connect(endpoint="http://127.0.0.1:9", models=["classes_of_it:One"], folder=tmp_path) as project:
        assert names(project) == ["ones"]


def test_a_definition_file_by_its_name_is_all_that_is_defined(tmp_path: Path) -> None:
    folder = project_of(
        tmp_path,
        'models = ["classes_of_it"]\n',
        classes_of_it=MODULE,
        other=users(**KEYS | {"attributes": [{"name": "id", "type": "S"}]}),
    )
    with Project.load(folder / "other.json", directory=folder, env="dev") as project:
        assert names(project) == ["dev-users"]


# --- a file and a class


def test_a_file_adds_to_a_class_what_the_class_does_not_say(tmp_path: Path) -> None:
    entry = {"billing_mode": "PAY_PER_REQUEST", "tags": {"cost": "7"}, "point_in_time_recovery": {"enabled": True}}
    folder = project_of(tmp_path, 'definitions = ["tables.json"]\n', tables=users(**entry))
    with Project.load(folder, env="dev", models=[User]) as project:
        (table,) = project.tables()
        assert table.tags == {"team": "accounts", "cost": "7"}
        assert [index.name for index in known(table.indexes, ())] == ["by_email"]


@pytest.mark.parametrize(
    "entry",
    [
        KEYS,
        KEYS | {"global_secondary_indexes": [INDEX]},
        KEYS | {"global_secondary_indexes": [INDEX | {"projection": {"type": "ALL"}}]},
        {"attributes": [{"AttributeName": "id", "AttributeType": "S"}]},
        {"key_schema": [{"AttributeName": "id", "KeyType": "HASH"}]},
        {"tags": {"team": "accounts"}},
        {"time_to_live": {"attribute": "expires", "enabled": True}},
    ],
)
def test_a_file_may_repeat_what_a_class_says(tmp_path: Path, entry: dict[str, Any]) -> None:
    folder = project_of(tmp_path, 'definitions = ["tables.json"]\n', tables=users(**entry))
    with Project.load(folder, env="dev", models=[User]) as project:
        (alone,) = tables_of(User)
        (table,) = project.tables()
        assert (table.key, table.indexes, table.tags) == (alone.key, alone.indexes, alone.tags)


@pytest.mark.parametrize(
    ("entry", "line", "path"),
    [
        ({"tags": {"team": "other"}}, 6, "tables[0].tags.team"),
        ({"time_to_live": {"attribute": "gone_at"}}, 6, "tables[0].time_to_live.attribute"),
        ({"attributes": [{"name": "email", "type": "N"}]}, 6, "tables[0].attributes[0]"),
        (
            {"attributes": [], "global_secondary_indexes": [INDEX | {"projection": {"type": "KEYS_ONLY"}}]},
            7,
            "tables[0].global_secondary_indexes[0]",
        ),
        ({"key_schema": [{"attribute_name": "email", "key_type": "HASH"}]}, 5, "tables[0].key_schema"),
    ],
)
def test_a_file_and_a_class_that_contradict_are_both_named(
    tmp_path: Path, entry: dict[str, Any], line: int, path: str
) -> None:
    folder = project_of(tmp_path, 'definitions = ["tables.json"]\n', tables=users(**entry))
    with Project.load(folder, env="dev", models=[User]) as project, pytest.raises(DefinitionError) as error:
        project.tables()
    found = [each.sentence for each in error.value.findings if "is not what" in each.sentence]
    assert len(found) == 1
    assert f"{path} is not what {__name__}:User says" in found[0]
    assert f"tables.json:{line}: " in found[0]


# --- what cannot be


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ("nowhere_at_all", "models: The module nowhere_at_all cannot be imported: No module named 'nowhere_at_all'"),
        ("classes_of_it:Twoo", "models: The module classes_of_it has no class Twoo of Model"),
        ("classes_of_it:Shop", "has no class Shop of Model"),
        ("classes_of_it:", "'classes_of_it:' is not a class or a module"),
        ("empty_one", "The module empty_one has no class with a table"),
        ("broken_one", "The module broken_one raised ZeroDivisionError: division by zero"),
        ("leaving", "The module leaving raised SystemExit: 3"),
        ("wrong_class", "The module wrong_class cannot be used: wrong_class:User: ids"),
    ],
)
def test_names_that_cannot_be_used(tmp_path: Path, models: str, message: str) -> None:
    wrong = 'from dynasmith.models import Model\nclass User(Model, table="u"):\n    json: str\n'
    files = {"empty_one": "x = 1\n", "broken_one": "1 / 0\n", "leaving": "raise SystemExit(3)\n", "wrong_class": wrong}
    folder = project_of(tmp_path, f'models = ["{models}"]\n', classes_of_it=MODULE, **files)
    with Project.load(folder, env="dev") as project:
        for verb in (project.tables, project.defined_names, lambda: project.physical("users")):
            with pytest.raises(ProjectError) as error:
                verb()
            assert message.replace("wrong_class:User: ids", "wrong_class:User: json") in str(error.value)
            assert str(error.value).startswith(f"{folder / 'dynasmith.toml'}: ")
            assert error.value.hint


def test_a_class_without_a_table_is_refused_where_it_is_named() -> None:
    with connect(endpoint="http://127.0.0.1:9", models=[Base]) as project, pytest.raises(DefinitionError) as error:
        project.tables()
    assert "has no table" in str(error.value)


@pytest.mark.parametrize("models", ["app.models", [5], [int], [""], {"a": 1}, 5])
def test_the_kind_of_models_is_checked(models: Any) -> None:
    with pytest.raises(UsageError, match=r"^models"):
        connect(endpoint="http://127.0.0.1:9", models=models)


def test_a_value_of_a_variable_is_not_shown(tmp_path: Path) -> None:
    secret = "s3cret-value-of-mine"
    text = 'models = ["fails"]\ndefault_environment = "${MINE}"\n'
    folder = project_of(tmp_path, text, fails=f'raise RuntimeError("cannot reach {secret}")\n')
    with (
        Project.load(folder, env="dev", variables={"MINE": secret}) as project,
        pytest.raises(ProjectError) as error,
    ):
        project.tables()
    assert secret not in f"{error.value} {error.value!r}"
    assert "${MINE}" in str(error.value)


# --- modules


USER = "from dynasmith.models import Model, Partition\nclass User(Model, table={}):\n    id: Partition[str]\n"


def test_two_projects_have_modules_of_one_name_of_their_own(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two", "one"):
        (folder := tmp_path / name).mkdir(exist_ok=True)
        module = "from helper_of_mine import TABLE\n" + USER.format("TABLE")
        files = {"models_of_mine": module, "helper_of_mine": f'TABLE = "{name}"\n'}
        project_of(folder, 'models = ["models_of_mine"]\n', **files)
        with Project.load(folder, env="dev") as project:
            found += names(project)
    assert found == ["dev-one", "dev-two", "dev-one"]


def test_a_folder_whose_name_begins_like_another(tmp_path: Path) -> None:
    found = []
    for name in ("app", "app2"):
        (folder := tmp_path / name).mkdir()
        project_of(folder, 'models = ["models_beside"]\n', models_beside=USER.format(f'"{name}"'))
    for name in ("app2", "app"):
        with Project.load(tmp_path / name, env="dev") as project:
            found += names(project)
    assert found == ["dev-app2", "dev-app"]


def test_nothing_of_pydantic_is_loaded_without_models(tmp_path: Path) -> None:
    (tmp_path / "tables.json").write_text(json.dumps(users(**KEYS | {"attributes": [{"name": "id", "type": "S"}]})))
    code = (
        "import sys, dynasmith\n"
        f"project = dynasmith.Project.load({str(tmp_path / 'tables.json')!r}, endpoint='http://127.0.0.1:9')\n"
        "assert [table.name for table in project.tables()] == ['users']\n"
        "assert 'pydantic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_missing_extra_is_named(tmp_path: Path) -> None:
    folder = project_of(tmp_path, 'models = ["classes_of_it"]\n', classes_of_it=MODULE)
    code = (
        "import sys\n"
        "sys.modules['pydantic'] = None\n"
        "import dynasmith\n"
        f"project = dynasmith.Project.load({str(folder)!r}, env='dev')\n"
        "try:\n"
        "    project.tables()\n"
        "except dynasmith.ProjectError as error:\n"
        "    assert 'Models need pydantic' in str(error), error\n"
        "    assert error.hint == 'pip install \"dynasmith[models]\"', error.hint\n"
        "else:\n"
        "    raise AssertionError\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
