"""Backups of another Region: what is rehearsed, and what is refused. The engine restores within one Region alone."""

import pytest

from backups.test_restore_stories import shop
from item_stories.kit import ODD, ItemStory

__all__ = ["shop"]


def test_a_restore_to_another_region_is_rehearsed_by_the_arn_alone(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    arn = shop("backup", "show", "kept", "--json").json["arn"]
    there = ("--target", "orders", "--region", "eu-west-1", "--dry-run")
    rehearsed = shop("backup", "restore", arn, *there, "--json")
    assert rehearsed.code == 0, rehearsed.err  # a table of the name is here, and not there
    assert (rehearsed.json["region"], rehearsed.json["items_expected"]) == ("eu-west-1", len(ODD))
    assert rehearsed.json["estimate"]["cost_dollars"] is None  # no prices are known of that Region
    assert shop("backup", "restore", "kept", *there).code == 1  # a name is looked for in that Region


@pytest.mark.parametrize("verb", ["show", "delete"])
def test_a_backup_of_another_region_is_not_shown_or_deleted_from_here(shop: ItemStory, verb: str) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    arn = shop("backup", "show", "kept", "--json").json["arn"]
    answer = shop("backup", verb, arn, "--region", "eu-west-1", *(["--yes"] if verb == "delete" else []))
    assert answer.code == 2, answer.err
    assert answer.error == f"The backup {arn} is in Region us-east-1, and this is eu-west-1."
    assert "--region us-east-1" in answer.hint
    assert shop("backup", "show", "kept").code == 0
