"""Copies out of a protected environment: what is personal is masked, or named, or refused."""

from pathlib import Path
from typing import Any

import pytest

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
