"""A project file that names model classes: every verb of the command line works from them."""

import sys

from cli.story import Story

MODULE = """from dynasmith.models import Attr, Model, Partition, gsi

class User(Model, table="users", settings={"tags": {"team": "a"}}):
    id: Partition[str]
    email: Attr[str]
"""
PROJECT = """models = ["models_of_story"]
[environments.dev]
endpoint = "{endpoint}"
region = "us-east-1"
table_prefix = "dev-"
access_key_id = "${{AWS_ACCESS_KEY_ID}}"
secret_access_key = "${{AWS_SECRET_ACCESS_KEY}}"
"""


def test_verbs_work_from_classes(story: Story) -> None:
    story.write("dynasmith.toml", PROJECT.format(endpoint=story.endpoint))
    story.write("models_of_story.py", MODULE)
    env = ("--env", "dev")
    assert "dev-users" in story("plan", *env).out
    assert story("validate", "--offline", *env).code == 0
    created = story("ensure", *env)
    assert created.code == 0, created.err
    assert "Created dev-users." in created.err
    assert story("check", *env).code == 0
    assert story("list", "--json", *env).json[0]["defined"] == "defined"
    assert story("describe", "users", "--json", *env).json["name"] == "dev-users"

    story.write("models_of_story.py", MODULE + '    by_email = gsi("email")\n')
    sys.modules.pop("models_of_story")  # another process would read it again
    assert story("check", *env).code == 3
    assert story("apply", "users", "--yes", *env).code == 0
    assert story("check", *env).code == 0
    assert story("delete", "users", "--confirm", "dev-users", *env).code == 0


def test_a_module_that_is_not_there_is_said(story: Story) -> None:
    story.write("dynasmith.toml", PROJECT.format(endpoint=story.endpoint))
    for verb in ("plan", "list", "check"):
        answer = story(verb, "--env", "dev")
        assert answer.code == 2
        assert "models: The module models_of_story cannot be imported" in answer.err
        assert "Hint: looked in" in answer.err


def test_validate_items_names_items_and_ends_with_3(story: Story) -> None:
    story.write("dynasmith.toml", PROJECT.format(endpoint=story.endpoint).replace("dev-", "val-"))
    story.write(
        "models_of_story.py",
        MODULE.replace("email: Attr[str]", 'email: Attr[str] = attr(pattern=".+@.+")').replace("Attr,", "Attr, attr,"),
    )
    sys.modules.pop("models_of_story", None)
    env = ("--env", "dev")
    assert story("ensure", *env).code == 0
    assert story("put", "users", '{"id": "1", "email": "a@b"}', *env).code == 0
    good = story("validate", "users", "--items", *env)
    assert good.code == 0, good.err
    assert "All 1 items are valid for User." in good.out
    for number in range(3):
        assert story("put", "users", f'{{"id": "bad{number}", "email": "sesame"}}', *env).code == 0
    bad = story("validate", "users", "--items", "--limit", "2", "--max-read-units", "1000", *env)
    assert bad.code == 3
    assert "3 of 4 items of User are not valid, with 3 problems, of which 2 are shown." in bad.out
    assert "val-users email" in bad.out
    assert "sesame" not in bad.out
    document = story("validate", "users", "--items", "--json", *env)
    assert document.code == 3
    totals, *items = [each for each in document.json if each["code"] == "DS090"]
    assert (totals["items"], totals["invalid"], totals["model"]) == (4, 3, "User")
    assert {each["key"]["id"] for each in items} == {"bad0", "bad1", "bad2"}
    hidden = story("validate", "users", "--items", "--redact", *env)
    assert "bad1" not in hidden.out
    assert story("validate", "--items", "--offline", *env).code == 2
    assert story("delete", "users", "--confirm", "val-users", *env).code == 0
