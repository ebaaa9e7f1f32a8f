"""``init``: a project that the other verbs take as it is; nothing is overwritten."""

import json

import pytest

from cli.story import Story


def test_a_new_project_plans_applies_and_checks(story: Story) -> None:
    begun = story("init", "shop")
    assert begun.code == 0
    assert "Next: cd shop; dynasmith local start; dynasmith plan\n" in begun.err
    home = story.folder / "shop"
    assert sorted(path.name for path in home.iterdir()) == [".gitignore", "dynasmith.toml", "schemas", "tables"]
    assert ".dynasmith/" in (home / ".gitignore").read_text().splitlines()
    first = (home / "tables" / "orders.yaml").read_text().splitlines()[0]
    assert (home / "tables" / first.partition("$schema=")[2]).resolve() == home / "schemas" / "definition.schema.json"
    first = (home / "dynasmith.toml").read_text().splitlines()[0]
    assert (home / first.removeprefix("#:schema ")).is_file()
    assert json.loads((home / "schemas" / "project.schema.json").read_text())["properties"]
    assert story("fmt", "--check", str(home / "tables" / "orders.yaml")).code == 0
    assert story("plan", "--directory", "shop").code == 0
    assert story("apply", "--directory", "shop", "--yes").code == 0
    assert story("check", "--directory", "shop").code == 0
    assert story.live() == ["orders"]
    assert story("validate", "--offline", "--directory", "shop").code == 0


def test_nothing_is_overwritten(story: Story) -> None:
    story.write("shop/tables/orders.yaml", "mine")
    story.write("shop/.gitignore", "build/\n.env\n")
    begun = story("init", "shop", "--json")
    assert (begun.code, "Add to shop/.gitignore: .dynasmith/\n" in begun.err) == (0, True)
    assert (story.folder / "shop" / ".gitignore").read_text() == "build/\n.env\n"
    assert "shop/dynasmith.toml" in begun.json["files"]
    assert "shop/tables/orders.yaml" not in begun.json["files"]
    assert (story.folder / "shop" / "tables" / "orders.yaml").read_text(encoding="utf-8") == "mine"
    again = story("init", "shop")
    assert again.code == 2
    assert "dynasmith.toml exists already." in again.error
    story.write("file", "")
    refused = story("init", "file")
    assert refused.code == 2
    assert "cannot be written" in refused.error


def test_here_without_a_name(story: Story) -> None:
    assert story("init").code == 0
    assert story("plan").code == 0


def test_nothing_of_it_has_to_be_guessed(story: Story, shell: pytest.MonkeyPatch) -> None:
    assert story("init").code == 0
    shell.delenv("AWS_REGION")
    assert "Note: the Region" not in story("plan").err
