"""validate --items: items are read, all or a sample, and held against the definition; the CLI and Python the same."""

from typing import Any

import pytest

from cli.story import gsi, table
from dynasmith import Project
from dynasmith.errors import UsageError
from dynasmith.ports.listener import Event
from item_stories.kit import ItemStory

pytestmark = pytest.mark.engine
ITEM_CODES = {"DS076", "DS090", "DS091", "DS092", "DS093", "DS094"}


@pytest.fixture
def shop(story: ItemStory) -> ItemStory:
    """A table with an index, TTL, and items of which some are wrong."""
    story.define(
        table("orders", time_to_live={"attribute": "ends"}, global_secondary_indexes=[gsi("by_owner", "owner")])
    )
    assert story("ensure").code == 0
    good = [{"pk": {"S": f"g{n}"}, "owner": {"S": f"o{n}"}, "ends": {"N": "4000000000"}} for n in range(120)]
    late = {"pk": {"S": "ms"}, "owner": {"S": "x"}, "ends": {"N": "1800000000000"}}
    story.put("orders", *good, late, {"pk": {"S": "lonely"}})
    return story


def found(shop: ItemStory, *words: str) -> dict[str, Any]:
    """The findings about items, by code."""
    answer = shop("validate", "orders", "--json", *words)
    return {each["code"]: each for each in answer.json if each["code"] in ITEM_CODES}


def test_all_items_are_read_and_judged(shop: ItemStory) -> None:
    wrote = shop.wrote()
    by_code = found(shop, "--items", "all")
    assert by_code.keys() == {"DS076", "DS091", "DS094"}
    assert (by_code["DS076"]["count"], by_code["DS076"]["keys"]) == (1, [{"pk": "ms"}])
    assert (by_code["DS091"]["severity"], by_code["DS091"]["keys"]) == ("notice", [{"pk": "lonely"}])
    census = by_code["DS094"]
    assert (census["items"], census["sampled"], census["read_units"] > 0) == (122, False, True)
    assert {each["name"]: each["items"] for each in census["attributes"]} == {"pk": 122, "owner": 121, "ends": 121}
    assert shop.wrote() == wrote


def test_a_sample_has_the_number_that_was_asked_for_and_says_that_it_is_one(shop: ItemStory) -> None:
    census = found(shop, "--items", "40")["DS094"]
    assert (census["items"], census["sampled"]) == (40, True)
    assert "This is a sample" in census["why"]
    usual = found(shop, "--items")["DS094"]
    assert (usual["items"], usual["sampled"]) == (122, False)  # fewer than a thousand: all of them
    one = found(shop, "--items", "1")["DS094"]
    assert (one["items"], one["sampled"]) == (1, True)


def test_what_it_reads_is_said_before(shop: ItemStory) -> None:
    answer = shop("validate", "orders", "--items", "10")
    assert "Reading up to 10 items of orders" in answer.err or "Reading 10 of about" in answer.err
    assert "DS094" in answer.out


def test_a_sample_that_finds_nothing_has_not_passed(shop: ItemStory) -> None:
    def ttl(*words: str) -> dict[str, Any]:
        points = shop("validate", "orders", "--checklist", "--json", *words).json
        return next(each for each in points if each["point"] == 12)

    shop.served.clock.advance(hours=2)  # TTL is on by then
    assert ttl()["state"] == "cannot be known here"
    assert (ttl("--items", "all")["state"], ttl("--items", "all")["found"]) == ("finding", ["DS076"])
    shop.direct.delete_item(TableName="orders", Key={"pk": {"S": "ms"}})
    assert ttl("--items", "all")["state"] == "passed"
    assert ttl("--items", "5")["state"] == "cannot be known here"


def test_a_finding_about_items_can_be_accepted(shop: ItemStory) -> None:
    accepted = [{"code": "DS076", "reason": "they go by hand"}, {"code": "DS093", "reason": "none"}]
    shop.define(
        table(
            "orders",
            time_to_live={"attribute": "ends"},
            global_secondary_indexes=[gsi("by_owner", "owner")],
            suppress=accepted,
        )
    )
    assert "DS076" not in found(shop, "--items", "all")
    assert "accepted DS076  orders time_to_live: they go by hand" in shop("validate", "orders", "--items", "all").out
    codes = [each["code"] for each in shop("validate", "orders", "--json").json]
    assert "DS007" not in codes  # without the items nothing is known of these suppressions


def test_redact_hides_the_keys(shop: ItemStory) -> None:
    answer = shop("validate", "orders", "--items", "all", "--json", "--redact")
    assert "lonely" not in answer.out
    assert '"pk": "ms"' not in answer.out
    assert "pk=ms" not in answer.out


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("0", "not 0."),
        ("-1", "No option of dynasmith validate takes the value -1; --items takes a number from 1, or all."),
        ("junk", "not junk."),
    ],
)
def test_a_number_that_is_none(shop: ItemStory, value: str, sentence: str) -> None:
    reads = len(shop.served.journal)
    answer = shop("validate", "orders", "--items", value)
    assert (answer.code, sentence in answer.err, len(shop.served.journal)) == (2, True, reads)
    python = int(value) if value != "junk" else value
    with Project.load() as project, pytest.raises(UsageError, match="items must be"):
        project.validate(["orders"], items=python)  # type: ignore[arg-type]  # what is refused


def test_a_table_that_is_named_after_the_option_is_told_apart(shop: ItemStory) -> None:
    answer = shop("validate", "--items", "orders")
    assert answer.code == 2
    assert answer.hint.endswith("put --items after the names of tables")


def test_offline_and_items_contradict_each_other(shop: ItemStory) -> None:
    answer = shop("validate", "--offline", "--items")
    assert (answer.code, answer.error) == (2, "Items are in the live table, and offline makes no call.")


def test_a_table_that_is_not_there(shop: ItemStory) -> None:
    answer = shop("validate", "absent", "--items")
    assert (answer.code, answer.error) == (1, "Table absent does not exist.")
    shop.define(table("orders"), table("later"))
    codes = {each["code"] for each in shop("validate", "later", "--items", "--json").json}
    assert "DS001" in codes
    assert not codes & ITEM_CODES


def test_items_that_may_not_be_read_are_said_and_the_rest_goes_on(shop: ItemStory) -> None:
    shop.served.fault("Scan", kind="access-denied", times=None)
    by_code = found(shop, "--items")
    assert by_code.keys() == {"DS094"}
    assert by_code["DS094"]["why"].startswith("Cannot be known here: ")
    with Project.load() as project:
        verdict = project.validate(["orders"], items="all")
    assert {"DS076", "DS094"} <= set(verdict.unknown["orders"])


def test_progress_in_python(shop: ItemStory) -> None:
    heard: list[Event] = []
    with Project.load() as project:
        verdict = project.validate(["orders"], items=10, listener=heard.append)
    assert any(each.code == "DS094" for each in verdict.findings)
    assert {type(each).__name__ for each in heard} >= {"FlowNote", "FlowStarted", "FlowEnded"}
