"""Copies that mask: nothing of a value arrives or is written down, relations hold, the key decides."""

import json
from pathlib import Path
from typing import Any

import pytest

from item_stories.kit import ItemStory

OPERATIONS: list[dict[str, Any]] = [
    {"hash": "pk", "parts": ["USER#{id}"]},
    {"hash": "friend"},
    {"mask": "email", "as": "email"},
    {"mask": "address.street", "as": "street"},
    {"shift_dates": ["born"], "days": 30},
    {"redact": "notes"},
]
SECRETS = ("Bahnhof", "@private", "knows that", "USER#4711")


def person(number: int) -> dict[str, Any]:
    return {
        "pk": {"S": f"USER#4711{number}"},
        "friend": {"N": f"4711{(number + 1) % 40}"},
        "email": {"S": f"ann{number}@private"},
        "address": {"M": {"street": {"S": f"Bahnhofplatz {number}"}, "zip": {"S": "8000"}}},
        "born": {"S": f"1990-01-{1 + number % 28:02}"},
        "notes": {"SS": [f"knows that {number}"]},
    }


def masks(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch, operations: list[dict[str, Any]] = OPERATIONS
) -> list[str]:
    """Operations in a file, a key in a variable, and the arguments of a copy with both."""
    Path("masks.json").write_text(json.dumps({"version": 1, "operations": operations}))
    monkeypatch.setenv("MASKING_KEY", "11" * 32)
    story.make("users", "staging")
    story.put("users", *map(person, range(40)))
    return [
        "copy",
        "users",
        "staging",
        "--transform",
        "masks.json",
        "--crypto",
        "masking:variable:MASKING_KEY",
        "--yes",
    ]


def kept_bytes(story: ItemStory) -> bytes:
    """All that is in the folder of the project, the job folder included."""
    return b"".join(path.read_bytes() for path in Path().rglob("*") if path.is_file() and path.name != "masks.json")


def test_nothing_of_a_value_arrives_or_is_written_down_and_relations_hold(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = masks(story, monkeypatch)
    dry = story(*copy[:-1], "--dry-run")
    done = story(*copy)
    assert (dry.code, done.code) == (0, 0), done.err
    items = story.items("staging")
    everything = json.dumps(items) + done.err + done.out + str(kept_bytes(story))
    for secret in SECRETS:
        assert secret not in everything
    assert len(items) == 40
    assert {f"USER#{item['friend']['N']}" for item in items} == {item["pk"]["S"] for item in items}
    dates = {item["born"]["S"] for item in items}
    assert all("1989-12-02" <= each <= "1990-02-27" for each in dates)
    assert dates != {person(number)["born"]["S"] for number in range(40)}
    assert {item["address"]["M"]["zip"]["S"] for item in items} == {"8000"}
    again = story(*copy, "--json", "--quiet").json
    assert (again["read"], again["already"], again["written"]) in ((40, 40, 0), (40, 0, 40))
    assert story.items("staging") == items
    assert story("verify", "users", "staging", *copy[3:-1]).code == 0


def test_a_sample_keeps_the_same_people_in_every_table(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = masks(story, monkeypatch)
    story.make("orders", "orders_v2")
    story.put("orders", *({"pk": {"S": f"o{number}"}, "of": {"N": f"4711{number}"}} for number in range(40)))
    key = copy[5:]
    done = story(*copy, "--sample", "30%", "--by", "pk:USER#{id}", "--json", "--quiet").json
    assert done["read"] == 40
    assert 0 < done["written"] < 40
    assert done["dropped"] == 40 - done["written"]
    Path("orders.yaml").write_text("version: 1\noperations:\n  - {hash: of}\n")
    arguments = ["--transform", "orders.yaml", *key, "--sample", "30%", "--by", "of"]
    assert "whole" in story("copy", "orders", "orders_v2", *arguments, "--dry-run").out
    job = story("copy", "orders", "orders_v2", *arguments, "--json", "--quiet").json["id"]
    people = {item["pk"]["S"].removeprefix("USER#") for item in story.items("staging")}
    assert {item["of"]["N"] for item in story.items("orders_v2")} == people
    assert story("verify", "orders", "orders_v2", "--job", job, *key).code == 0
    nobody = story("copy", "orders", "orders_v2", "--transform", "orders.yaml", *key, "--sample", "30%", "--by", "off")
    assert (nobody.code, "Warning: all 40 items were dropped." in nobody.err) == (0, True)
    for wrong, says in (
        (["--by", "of"], "belong to a sample"),
        (["--sample", "1%"], "add --by"),
        (["--sample", "x", "--by", "of"], "not a share"),
    ):
        refused = story("copy", "orders", "orders_v2", *key, *wrong)
        assert refused.code == 2
        assert says in refused.err


@pytest.mark.parametrize(
    ("operations", "more", "says"),
    [
        ([{"mask": "pk", "as": "text"}], (), "pk is in the key of the table"),
        ([{"redact": "pk"}], (), "pk is in the key of the table"),
        ([{"keep": ["email"]}], (), "leaves out pk"),
        (
            [{"mask": "address.street", "as": "street"}, {"template": "pk", "value": "USER#{address}"}],
            (),
            "pk, which is in the key of the table, is made of what mask address.street as street makes alike",
        ),
        (
            [{"mask": "email", "as": "name"}, {"remove": "pk"}, {"rename": "email", "to": "pk"}],
            (),
            "pk, which is in the key of the table, is made of what mask email as name makes alike",
        ),
        ([{"mask": "email", "as": "email"}], ("--on-error", "dead"), "Dead letters would hold items as they were"),
    ],
)
def test_what_would_lose_or_show_items_is_refused_before_the_first_one(
    story: ItemStory,
    monkeypatch: pytest.MonkeyPatch,
    operations: list[dict[str, Any]],
    more: tuple[str, ...],
    says: str,
) -> None:
    copy = masks(story, monkeypatch, operations)
    for dry in ((), ("--dry-run",)):
        refused = story(*copy, *more, *dry)
        assert refused.code == 2
        assert says in refused.error
    assert story.items("staging") == []
    assert story("jobs", "list", "--json").json == []


def test_masks_need_their_key_and_have_no_place_in_a_backfill(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = masks(story, monkeypatch)
    for without in (copy[:5], [*copy[:5], "--dry-run"]):
        refused = story(*without, "--yes")
        assert refused.code == 2
        assert "there is no key" in refused.error
    backfill = story("backfill", "users", "--transform", "masks.json", *copy[5:])
    assert backfill.code == 2
    assert "hash pk is done on the way into another table" in backfill.error


def test_lines_that_a_masked_populate_rejects_are_named_and_not_kept(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks(story, monkeypatch, [{"mask": "email", "as": "email"}])
    lines = ['{"pk": "1", "email": "ann@private"}', '{"pk": "2", "email": "bob@private"', '["carl@private"]']
    Path("people.jsonl").write_text("\n".join(lines))
    crypto = ("--crypto", "masking:variable:MASKING_KEY", "--format", "plain", "--yes")
    done = story("populate", "staging", "people.jsonl", "--transform", "masks.json", *crypto)
    assert done.code == 3
    Path("people.jsonl").unlink()
    assert "private" not in done.err + done.out + str(kept_bytes(story))
    job = story("jobs", "list", "--json").json[-1]["id"]
    letters = [json.loads(line) for line in Path(f".dynasmith/jobs/{job}/dead.jsonl").read_text().splitlines()]
    assert [each["place"].rpartition("/")[2] for each in letters] == ["people.jsonl:2", "people.jsonl:3"]
    assert story.items("staging")[0]["email"]["S"].endswith("@example.com")


def test_an_item_that_cannot_be_masked_stops_the_job_unseen_and_another_key_does_not_go_on(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = masks(story, monkeypatch)
    story.put("users", person(3) | {"born": {"S": "in spring, she said"}})
    stopped = story(*copy)
    assert stopped.code == 1
    assert "born is not a date" in stopped.error
    for secret in (*SECRETS, "spring"):
        assert secret not in stopped.err + str(kept_bytes(story))
    job = story("jobs", "list", "--json").json[0]["id"]
    story.put("users", person(3))
    monkeypatch.setenv("MASKING_KEY", "22" * 32)
    for accepted in ((), ("--accept-changed-transform",)):
        other = story("jobs", "resume", job, *copy[5:], *accepted)
        assert other.code == 2
        assert "The key of masking is not the one" in other.error
    monkeypatch.setenv("MASKING_KEY", "11" * 32)
    assert story("jobs", "resume", job, *copy[5:]).code == 0
    assert len(story.items("staging")) == 40
