"""The pointer of the project file: which one a cut-over without --pointer switches, and which it refuses."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.story import clean_shell
from dynasmith.errors import UsageError
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.replacement_progress import ReplacementProgress
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Replace
from dynasmith.project.factory import load_world
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.replacements.pointer_choice import chosen_pointer
from item_stories.kit import ItemStory
from replacement.kit import with_users

NOW = datetime(2026, 11, 30, tzinfo=UTC)
PROJECT = """definitions = ["tables_config.json"]
default_environment = "x"
[replace]
pointer = "{pointer}"
[environments.x]
endpoint = "{endpoint}"
region = "us-east-1"
"""


def test_the_pointer_of_the_project_file_is_switched_once_it_names_the_table(story: ItemStory) -> None:
    pointer = "file:at/{table}.txt"
    story.write("dynasmith.toml", PROJECT.format(pointer=pointer, endpoint=story.endpoint))
    with_users(story, 3, key="mail")
    begun = story("replace", "users", "--yes", "--json", "--transform", "moves:by_mail", "--until", "following")
    words = ("replace", "cutover", str(begun.json["id"]), "--yes", "--no-fence")
    assert story(*words).error == "The pointer file:at/users.txt of the project file says nothing yet."
    assert not Path("at").exists()
    Path("at").mkdir()
    Path("at/users.txt").write_text("others\n")
    assert story(*words).error == "The pointer says others, and not users."
    Path("at/users.txt").write_text("users\n")
    switched = story(*words, "--json")
    assert switched.json["replacement"]["pointer"] == "file:at/users.txt", switched.err
    assert Path("at/users.txt").read_text() == "users-v2\n"


def spec(source: str, **progress: object) -> Replace:
    """A replacement of a table."""
    kept = ReplacementProgress(**progress)  # type: ignore[arg-type]
    return Replace(
        source=Side(table=source),
        target=Side(table=f"{source}-next"),
        definition="{}",
        began=NOW,
        progress=kept,
        options=TransferOptions(),
    )


@pytest.fixture
def items(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ItemWorld:
    """A project whose tables have a prefix, with a pointer for all and one for its environment."""
    clean_shell(monkeypatch, tmp_path)
    text = PROJECT.format(pointer="file:wrong", endpoint="http://127.0.0.1:9")
    (tmp_path / "dynasmith.toml").write_text(f'{text}table_prefix = "x-"\npointer = "file:{{table}}"\n')
    return ItemWorld(load_world(tmp_path / "dynasmith.toml", variables={}))


def test_a_table_that_replaced_another_one_is_found_under_the_name_from_before(
    items: ItemWorld, tmp_path: Path
) -> None:
    again = spec("x-users-v2")
    (tmp_path / "users").write_text("x-users-v2")
    assert chosen_pointer(items, again, None) == "file:users"
    (tmp_path / "users-v2").write_text("x-users-v2")
    assert chosen_pointer(items, again, None) == "file:users-v2"
    (tmp_path / "users-v2").write_text("x-others")
    assert chosen_pointer(items, again, None) == "file:users"
    (tmp_path / "users").unlink()
    assert chosen_pointer(items, again, None) == "file:users-v2"  # which the cut-over refuses
    with pytest.raises(UsageError, match="file:orders of the project file says nothing yet"):
        chosen_pointer(items, spec("x-orders"), None)


def test_what_is_given_and_what_has_begun_come_first(items: ItemWorld, tmp_path: Path) -> None:
    (tmp_path / "users").write_text("x-users")
    begun = spec("x-users", pointer="file:begun", fenced_at=NOW)
    assert chosen_pointer(items, begun, None) == "file:begun"
    assert chosen_pointer(items, begun, "file:given/{table}") == "file:given/users"
    failed = spec("x-users", pointer="file:failed")
    assert chosen_pointer(items, failed, None) == "file:users"
