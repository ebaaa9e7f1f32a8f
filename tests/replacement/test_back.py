"""replace back: the old table follows the new one after the cut-over, and the application returns to it."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynasmith.pointer.file import FilePointer
from dynasmith.project.verbs.replacements import check
from item_stories.kit import ItemStory
from replacement.kit import by_id, change, user, with_users
from replacement.test_cutover import Application, Killed, hook, state

NUMBERS = ("--transform", "moves:numbered", "--reverse", "moves:named", "--source-key", "id=old_id")


def cut_over(story: ItemStory, *words: str, fence: str = "policy", **definition: Any) -> str:
    """A replacement whose new table is in use."""
    with_users(story, 20, **definition)
    Path("table.txt").write_text("users\n")
    began = story("replace", "users", "--yes", "--json", *words, "--until", "following")
    assert began.code == 0, began.err
    job = str(began.json["id"])
    done = story("replace", "cutover", job, "--pointer", "file:table.txt", "--fence", fence, "--yes", "--json")
    assert done.code == 0, done.err
    return job


def test_every_acknowledged_write_is_in_the_old_table_again(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application follows the pointer there and back; the run is killed around the switch. Then there once more."""
    job = cut_over(story, "--transform", "moves:by_mail", "--reverse", "moves:by_mail", key="mail")
    real, kills = FilePointer.switch, ["before", "after"]

    def switch(pointer: FilePointer, source: str | None, target: str) -> None:
        moment = kills.pop(0) if kills else ""
        if moment != "before":
            real(pointer, source, target)
        if moment:
            raise Killed

    monkeypatch.setattr(FilePointer, "switch", switch)
    with Application(story, Path("table.txt")) as application:
        with pytest.raises(Killed):
            story("replace", "back", job, "--yes", "--json")
        assert state(story)["state"] == "cutover back"
        with pytest.raises(Killed):
            story("jobs", "resume", job, "--json")
        answer = story("jobs", "resume", job, "--json")
        assert answer.code == 0, answer.err
        assert (answer.json["replacement"]["state"], answer.json["reached"]) == ("following", True)
        assert Path("table.txt").read_text() == "users\n"
    held = by_id(story.items("users"))
    assert {id_: held[id_]["n"]["N"] for id_ in application.acknowledged} == application.acknowledged
    assert application.refused > 0
    again = story("replace", "cutover", job, "--pointer", "file:table.txt", "--yes", "--json")
    assert again.json["replacement"]["state"] == "following back", again.err
    assert by_id(story.items("users-v2")) == held


def test_each_switch_gives_the_definition_the_name_of_the_table_in_use(story: ItemStory) -> None:
    """And one of a second cut-over asks for what others wrote to the new table."""
    job = cut_over(story, fence="none", key="id")
    words = ("--no-fence", "--yes", "--json", "--write", "--max-read-units", "500")
    assert story("replace", "cutover", job, "--write", "--yes", "--json").json["definition"]["written"]
    assert [table["table"] for table in story("plan", "--json").json["tables"]] == ["users-v2"]
    change(story, user(3, count=3), "users-v2")
    Path("table.txt").write_text("elsewhere\n")
    assert "says elsewhere" in story("replace", "back", job, *words[:2]).error
    Path("table.txt").write_text("users-v2\n")
    assert story("jobs", "resume", job).code == 0  # it follows; what was refused is commanded again
    answer = story("replace", "back", job, *words)
    assert (answer.code, answer.json["definition"]["new_name"]) == (0, "users"), answer.err
    assert [(table["table"], table["changes"]) for table in story("plan", "--json").json["tables"]] == [("users", [])]
    assert by_id(story.items("users"))["3"]["n"] == {"N": "3"}
    change(story, user(4, count=4))
    change(story, user(4, count=5), "users-v2")
    again = ("replace", "cutover", job, "--pointer", "file:table.txt", "--no-fence", "--yes")
    assert "1 key of users-v2 was written" in story(*again).error
    answer = story(*again, "--accept-conflicts", "--json")
    assert (answer.code, by_id(story.items("users-v2"))["4"]["n"]) == (0, {"N": "4"}), answer.err


def test_a_number_key_goes_back_to_the_string_that_it_was(story: ItemStory) -> None:
    """Writes of the old table are stopped by a command, those of the new one by its policy."""
    job = cut_over(story, *NUMBERS, fence=hook(), key="id", type_="N")
    new = {"old_id": {"S": "7"}, "id": {"N": "7"}, "mail": {"S": "moved"}, "n": {"N": "1"}}
    change(story, new, "users-v2")
    change(story, {**new, "id": {"N": "99"}, "old_id": {"S": "99"}}, "users-v2")
    followed = story("jobs", "resume", job, "--json")
    assert (followed.code, followed.json["replacement"]["dirty_keys"]) == (0, 0), followed.err
    held = by_id(story.items("users"))
    assert held["7"] == {"id": {"S": "7"}, "mail": {"S": "moved"}, "n": {"N": "1"}}
    assert (len(held), held["99"]["mail"]) == (21, {"S": "moved"})
    answer = story("replace", "back", job, "--fence", "policy", "--yes", "--json")
    assert (answer.code, answer.json["replacement"]["fenced_tables"]) == (0, ["users-v2"]), answer.err
    with pytest.raises(ClientError, match="resource-based policy"):
        change(story, new, "users-v2")
    change(story, user(5, "back"))
    assert story("jobs", "resume", job, "--json").json["replacement"]["conflicts"] == 0
    assert by_id(story.items("users-v2"), "old_id")["5"]["mail"] == {"S": "back"}
    ended = story("replace", "abort", job, "--yes", "--json")
    assert (ended.code, ended.json["replacement"]["fenced_tables"]) == (0, []), ended.err
    change(story, new, "users-v2")
    assert Path("hooks.log").read_text().splitlines() == ["on users", "off users"]


def test_what_others_write_to_the_old_table_comes_over_or_is_a_conflict(story: ItemStory) -> None:
    """Nothing stops writes: what an application writes that read the pointer long ago."""
    job = cut_over(story, *NUMBERS, fence="none", key="id", type_="N")
    used = {"old_id": {"S": "2"}, "id": {"N": "2"}, "mail": {"S": "used"}}
    change(story, used, "users-v2")
    change(story, user(1, "late"))
    change(story, {**user(50), "more": {"S": "new"}})
    for number in (2, 3):
        change(story, user(number, "late"))
    change(story, {"id": {"S": "3"}, "mail": {"S": "late"}})
    followed = story("jobs", "resume", job, "--json")
    assert (followed.code, followed.json["replacement"]["late_keys"]) == (3, ["id=2"])
    assert "id=2" not in story("replace", "status", job, "--json", "--redact").out
    held = by_id(story.items("users-v2"), "old_id")
    assert {id_: held[id_]["mail"]["S"] for id_ in ("1", "2", "3", "50")} == {
        "1": "late", "2": "used", "3": "late", "50": "mail-50"
    }  # fmt: skip
    assert "n" not in held["3"]
    words = ("replace", "back", job, "--yes")
    assert "contradict" in story(*words, "--fence", hook(), "--no-fence").error
    assert "at least 45" in story(*words, "--max-fence", "1").hint
    assert "1 key of users was written" in story(*words, "--no-fence").error
    answer = story(*words, "--json", "--no-fence", "--accept-conflicts", "--max-fence", "60")
    assert (answer.code, answer.json["replacement"]["state"]) == (0, "following"), answer.err
    old = by_id(story.items("users"))
    assert old["2"] == {"id": {"S": "2"}, "mail": {"S": "used"}}
    assert {id_: item["mail"] for id_, item in old.items()} == {
        id_: item["mail"] for id_, item in by_id(story.items("users-v2"), "old_id").items()
    }


def test_an_inverse_that_does_not_lead_back_is_refused_before_anything_is_done(story: ItemStory) -> None:
    with_users(story, 5, key="id", type_="N")
    words = ("replace", "users", "--yes", "--source-key", "id=old_id", "--transform", "moves:numbered")
    assert "does not lead back to that item" in story(*words, "--reverse", "moves:renamed").error
    assert "there is none" in story(*words[:3], "--reverse", "moves:named").error
    assert story("jobs", "list", "--json").json == []


def test_a_fence_that_lasts_too_long_goes_off_and_everything_is_as_before(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, and on the way back."""
    monkeypatch.setattr(check, "FENCE_SECONDS_MIN", 0.0)
    with_users(story, 5, key="id")
    Path("table.txt").write_text("users\n")
    job = str(story("replace", "users", "--yes", "--json", "--until", "following").json["id"])
    there = ("replace", "cutover", job, "--pointer", "file:table.txt", "--fence", hook(), "--yes")
    back = ("replace", "back", job, "--yes")
    for words, old, new, before in (
        (there, "users", "users-v2", "following"),
        (back, "users-v2", "users", "following back"),
    ):
        refused = story(*words, "--max-fence", "0.001")
        assert refused.code == 1
        assert refused.error.startswith(f"Writes of {old} were stopped for 0 seconds, and 0 are allowed")
        assert (state(story)["state"], Path("table.txt").read_text()) == (before, f"{old}\n")
        assert Path("hooks.log").read_text().splitlines()[-2:] == [f"on {old}", f"off {old}"]
        change(story, user(3, f"in {old}"), old)
        done = story(*words, "--max-fence", "60", "--json")
        assert (done.code, Path("table.txt").read_text()) == (0, f"{new}\n"), done.err
        assert by_id(story.items(new))["3"]["mail"] == {"S": f"in {old}"}
