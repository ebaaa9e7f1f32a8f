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
