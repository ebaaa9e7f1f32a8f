"""Copies out of a protected environment: what is personal is masked, or named, or refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Consent, Project, Side
from dynasmith.errors import UsageError
from item_stories.kit import ItemStory

PROJECT = """
definitions = ["tables.yaml"]

[crypto]
masking = { variable = "MASKING_KEY" }

[environments.prod]
protected = true
table_prefix = "prod-"

[environments.staging]
table_prefix = "staging-"
"""
TABLES = """
tables:
  - name: users
    attributes: [{name: pk, type: S}]
    key_schema: [{attribute_name: pk, key_type: HASH}]
    personal: [email, address.street]
"""
MASKS = "version: 1\noperations:\n  - {mask: email, as: email}\n  - {redact: address}\n"


@pytest.fixture
def copy(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A protected environment with one person, one without, and the words of a copy from one to the other."""
    Path("dynasmith.toml").write_text(PROJECT)
    Path("tables.yaml").write_text(TABLES)
    Path("masks.yaml").write_text(MASKS)
    monkeypatch.setenv("MASKING_KEY", "11" * 32)
    story.make("prod-users", "staging-users")
    story.put(
        "prod-users",
        {"pk": {"S": "1"}, "email": {"S": "ada@private"}, "address": {"M": {"street": {"S": "Bahnhofplatz 1"}}}},
    )
    return ["copy", "users", "users", "--source-env", "prod", "--env", "staging", "--yes"]


def test_what_is_personal_is_masked_or_named_before_it_leaves(story: ItemStory, copy: list[str]) -> None:
    refused = story(*copy)
    assert refused.code == 4
    assert "email, address.street of prod-users would leave the protected environment prod unmasked" in refused.error
    assert "--allow-personal email --allow-personal address.street" in refused.err
    assert story.items("staging-users") == []
    partly = story(*copy, "--allow-personal", "email")
    assert partly.code == 4
    assert "email" not in partly.error
    masked = story(*copy, "--transform", "masks.yaml")
    assert masked.code == 0
    assert "Personal values of email: 1 masked." in masked.err
    assert "Personal values of address.street: 1 dropped." in masked.err
    (item,) = story.items("staging-users")
    assert item.keys() == {"pk", "email"}
    assert item["email"]["S"].endswith("@example.com")
    allowed = story(*copy, "--allow-personal", "email", "--allow-personal", "address.street")
    assert allowed.code == 0
    assert "Personal values of email: 1 passed as they were." in allowed.err
    assert story.items("staging-users")[0]["email"] == {"S": "ada@private"}


def test_a_target_that_holds_items_from_before_is_refused_but_by_name(story: ItemStory, copy: list[str]) -> None:
    """Not what earlier copies with these masks and this key left there, whatever share they were of."""
    masked = (*copy, "--transform", "masks.yaml")
    story.put("staging-users", {"pk": {"S": "old"}, "email": {"S": "bob@private"}})
    refused = story(*masked)
    assert (refused.code, len(story.items("staging-users"))) == (2, 1)
    assert refused.error == "Table staging-users holds items from before, which may be unmasked. Nothing changed."
    assert "dynasmith delete-items staging-users --all deletes them; --keep-target-items leaves them" in refused.err
    assert not story("jobs", "list", "--json").json
    assert (
        "which may be unmasked, and the copy is refused without --keep-target-items" in story(*masked, "--dry-run").out
    )
    with Project.load(env="staging") as project, pytest.raises(UsageError, match="may be unmasked"):
        project.copy(Side(table="users", env="prod"), "users", "masks.yaml", consent=Consent(yes=True))
    assert story(*masked, "--keep-target-items").code == 0
    assert story(*masked, "--sample", "100%", "--by", "pk").code == 0
    Path("masks.yaml").write_text(MASKS.replace("{redact: address}", "{remove: address}"))
    assert "may be unmasked" in story(*masked).error
    assert story("delete-items", "users", "--all", "--env", "staging", "--confirm", "staging-users").code == 0
    assert story(*masked).code == 0


def test_a_dry_run_says_it_and_shows_no_values(story: ItemStory, copy: list[str]) -> None:
    for form in ((), ("--json",)):
        dry = story(*copy, "--dry-run", *form)
        assert dry.code == 0
        assert "would leave the protected environment prod unmasked" in dry.out
        assert "private" not in dry.out
        assert "Bahnhof" not in dry.out


def test_a_wrong_name_is_refused_and_one_environment_is_no_way_out(story: ItemStory, copy: list[str]) -> None:
    wrong = story(*copy, "--allow-personal", "phone")
    assert wrong.code == 2
    assert "phone is not personal in the definition of prod-users" in wrong.error
    story.make("prod-users_v2")
    inside = story("copy", "users", "prod-users_v2", "--env", "prod", "--confirm", "prod", "--yes")
    assert inside.code == 0, inside.err
    Path("tables.yaml").write_text("tables: [")
    broken = story(*copy)
    assert broken.code == 2
    assert story.items("staging-users") == []


def test_every_way_into_files_is_refused_or_masked(story: ItemStory, copy: list[str]) -> None:
    ways = (
        ("export", "users", "out.jsonl"),
        ("export", "users", "out.csv"),
        ("export", "users", "-"),
        ("export", "users", "s3://bucket/prefix"),
        ("backup", "create", "users", "--to", "out"),
    )
    for way in ways:
        refused = story(*way, "--env", "prod")
        assert refused.code == 4, way
        assert "email, address.street of prod-users would leave the protected environment prod" in refused.err
        assert "private" not in refused.out
        wrong = story(*way, "--env", "prod", "--allow-personal", "phone")
        assert wrong.code == 2
        assert "phone is not personal in the definition of prod-users" in wrong.err
    assert not list(Path().glob("out*"))
    masked = ("--env", "prod", "--transform", "masks.yaml")
    dry = story("export", "users", "out.jsonl", *masked[:2], "--dry-run", "--json").json
    assert "would leave the protected environment prod unmasked" in dry["notes"][0]
    assert "private" not in str(dry)
    done = story("export", "users", "out.jsonl", *masked, "--json", "--quiet").json
    assert done["personal"]["email"] == {"masked": 1, "dropped": 0, "passed": 0}
    (line,) = map(json.loads, Path("out.jsonl").read_text().splitlines())
    assert line["Item"]["email"]["S"].endswith("@example.com")
    printed = story("export", "users", "-", *masked)
    assert json.loads(printed.out) == line
    assert story("verify", "users", "out.jsonl", *masked).code == 0
    assert story("verify", "users", "out.jsonl", "--env", "prod", "--job", done["id"]).code == 0
    allowed = ("--allow-personal", "email", "--allow-personal", "address.street")
    assert story("backup", "create", "users", "--to", "kept", "--env", "prod", *allowed).code == 0
    assert story("backup", "create", "users", "--env", "prod", *allowed).code == 2
    inside = story("export", "users", "plain.jsonl", "--env", "staging")
    assert inside.code == 0, inside.err


def test_an_export_goes_on_with_its_masks_and_its_key(
    story: ItemStory, copy: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("masks.yaml").write_text("version: 1\noperations:\n  - {mask: email, as: phone}\n  - {keep: [pk, email]}\n")
    story.put("prod-users", *({"pk": {"S": f"{n}"}, "email": {"S": f"0791112{n:03}"}} for n in range(40)))
    last = story.items("prod-users")[-1]["pk"]["S"]
    story.put("prod-users", {"pk": {"S": last}, "email": {"S": "in words"}})
    export = ("export", "users", "out.jsonl", "--transform", "masks.yaml", "--batch-size", "7", "--segments", "1")
    stopped = story(*export, "--env", "prod")
    assert stopped.code == 1
    assert "in words" not in stopped.err
    job = story("jobs", "list", "--json").json[-1]["id"]
    story.put("prod-users", {"pk": {"S": last}, "email": {"S": "0791112999"}})
    monkeypatch.setenv("MASKING_KEY", "22" * 32)
    assert "The key of masking is not the one" in story("jobs", "resume", job, "--env", "prod").error
    monkeypatch.setenv("MASKING_KEY", "11" * 32)
    resumed = story("jobs", "resume", job, "--env", "prod", "--json", "--quiet").json
    assert resumed["personal"]["email"] == {"masked": 40, "dropped": 0, "passed": 0}
    assert len(Path("out.jsonl").read_text().splitlines()) == 40
    assert "0791112" not in Path("out.jsonl").read_text()
    several = ("--env", "prod", "--processes", "2", "--segments", "3", "--json", "--quiet")
    moved = story("export", "users", "folder", *export[3:5], *several)
    assert moved.json["personal"] == resumed["personal"], moved.err
    assert story("verify", "users", "folder", "--env", "prod", "--job", moved.json["id"]).code == 0


def test_no_dry_run_shows_values_of_a_protected_environment(story: ItemStory, copy: list[str]) -> None:
    Path("shape.yaml").write_text("version: 1\noperations:\n  - {rename: email, to: mail}\n")
    story.put("prod-users", {"pk": {"S": "private key"}, "email": {"S": "bob@private"}})
    assert story("export", "users", "kept.jsonl", "--env", "prod", "--allow-personal", "email",
                 "--allow-personal", "address.street").code == 0  # fmt: skip
    assert (
        story("backfill", "users", "--transform", "shape.yaml", "--env", "prod", "--yes", "--confirm", "prod").code == 0
    )
    job = story("jobs", "list", "--json").json[-1]["id"]
    story.direct.delete_item(TableName="prod-users", Key={"pk": {"S": "private key"}})
    Path("shape.yaml").write_text("version: 1\noperations:\n  - {rename: mail, to: email}\n")
    runs: tuple[tuple[str, ...], ...] = (
        ("backfill", "users", "--transform", "shape.yaml"),
        ("delete-items", "users", "--all"),
        ("jobs", "undo", job),
        ("backup", "restore", "kept.jsonl", "--into", "users"),
        ("export", "users", "other.jsonl"),
        ("copy", "users", "users_v2", "--create-target"),
    )
    for words in runs:
        for form in ((), ("--json",)):
            dry = story(*words, "--env", "prod", "--dry-run", *form)
            assert dry.code == 0, (words, dry.err)
            assert "private" not in dry.out + dry.err, words


def test_counts_are_summed_over_processes_and_no_page_is_counted_twice(story: ItemStory, copy: list[str]) -> None:
    def person(number: int, email: str) -> dict[str, Any]:
        return {"pk": {"S": f"{number}"}, "email": {"S": email}, "address": {"M": {"street": {"S": "x"}}}}

    Path("masks.yaml").write_text("version: 1\noperations:\n  - {mask: email, as: phone}\n")
    story.put("prod-users", *(person(number, f"0{number}") for number in range(40)))
    arguments = ("--transform", "masks.yaml", "--allow-personal", "address.street", "--quiet", "--json")
    counts = {"masked": 40, "dropped": 0, "passed": 0}
    whole = {"email": counts, "address.street": {"masked": 0, "dropped": 0, "passed": 40}}
    assert story(*copy, *arguments, "--processes", "2", "--segments", "2").json["personal"] == whole
    last = story.items("prod-users")[-1]["pk"]["S"]
    story.put("prod-users", person(int(last), "in words"))
    stopped = story(*copy, *arguments, "--segments", "1", "--batch-size", "7")
    assert stopped.code == 1
    job = story("jobs", "list", "--json").json[-1]
    assert 0 < job["personal"]["email"]["masked"] < 40
    story.put("prod-users", person(int(last), "0"))
    resumed = story("jobs", "resume", job["id"], "--env", "staging", "--json", "--quiet").json
    assert resumed["personal"] == whole
    assert story("jobs", "show", job["id"], "--json").json["personal"] == whole


def test_validate_finds_what_looks_personal_and_is_not_named(story: ItemStory, copy: list[str]) -> None:
    story.put("prod-users", {"pk": {"S": "2"}, "email": {"S": "a@b.example"}, "notes": {"S": "ask bob@b.example"}})
    validate = ("validate", "users", "--items", "all", "--env", "prod")
    (found,) = [each for each in story(*validate, "--json").json if each["code"] == "DS095"]
    assert (found["path"], found["severity"], found["count"]) == ("notes", "warning", 1)
    assert "b.example" not in story(*validate).out
    Path("tables.yaml").write_text(TABLES.replace("[email, address.street]", "[email, address.street, notes]"))
    assert "DS095" not in story(*validate).out
