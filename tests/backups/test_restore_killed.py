"""A restore that is killed at any step is gone on with: by --resume, by jobs resume, and ends whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from backups.test_restore_stories import settings_of, shop
from item_stories.kit import ODD, ItemStory

__all__ = ["shop"]
RESTORE = ("backup", "restore", "kept", "--target", "orders-2", "--yes")


def killed(story: ItemStory, operation: str, when: str, nth: int, words: tuple[str, ...] = RESTORE) -> str:
    """Run until the call, and be gone there; what the process said."""
    script = Path(__file__).with_name("killed.py")
    done = subprocess.run(
        [sys.executable, str(script), operation, when, str(nth), *words],
        cwd=story.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 9, (done.returncode, done.stdout, done.stderr)
    return done.stderr


@pytest.mark.parametrize(
    ("operation", "when", "nth"),
    [
        ("RestoreTableFromBackup", "before", 1),
        ("RestoreTableFromBackup", "after", 1),
        ("DescribeTable", "before", 6),
        ("Scan", "before", 1),
        ("TagResource", "before", 1),
        ("UpdateTimeToLive", "after", 1),
    ],
)
def test_a_kill_anywhere_is_gone_on_with(shop: ItemStory, operation: str, when: str, nth: int) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    before = shop.digest("orders")
    killed(shop, operation, when, nth)
    (job,) = shop("jobs", "list", "--json").json
    assert (job["verb"], job["state"]) == ("restore", "interrupted")
    dry = shop("backup", "restore", "--target", "orders-2", "--resume", "--dry-run")
    assert (dry.code, dry.error) == (2, "backup restore --resume has no dry run; nothing changed.")
    answer = shop("backup", "restore", "--target", "orders-2", "--resume", "--json")
    assert answer.code == 0, answer.err
    assert (answer.json["job"], answer.json["state"]) == (job["id"], "done")
    assert all(settings_of(answer.json).values())
    assert shop.digest("orders-2") == before
    calls = [call.operation for call in shop.served.journal]
    assert calls.count("RestoreTableFromBackup") == 1


def test_a_restore_of_an_export_is_gone_on_with(shop: ItemStory) -> None:
    before = shop.digest("orders")
    assert shop("export", "orders", "kept-files").code == 0
    words = ("backup", "restore", "kept-files", "--target", "orders-2", "--yes")
    killed(shop, "CreateTable", "after", 1, words)
    answer = shop("jobs", "resume", "last", "--json")
    assert answer.code == 0, answer.err
    assert (answer.json["verified"], answer.json["equal"]) == ("exact", True)
    assert shop.digest("orders-2") == before


def test_a_table_of_somebody_else_is_never_taken_for_the_restored_one(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    killed(shop, "RestoreTableFromBackup", "before", 1)
    shop.make("orders-2")
    shop.put("orders-2", ODD[0])
    before = shop.digest("orders-2")
    answer = shop("backup", "restore", "--target", "orders-2", "--resume")
    assert answer.code == 1
    assert answer.error.startswith("Table orders-2 exists, and job restore-")
    assert shop.digest("orders-2") == before


def test_a_cancelled_restore_is_over(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    killed(shop, "Scan", "before", 1)
    again = shop(*RESTORE)
    assert (again.code, again.hint.startswith("go on with restore-")) == (2, True)
    assert shop("jobs", "cancel", "last").code == 0
    assert shop("backup", "restore", "--target", "orders-2", "--resume").code == 2
