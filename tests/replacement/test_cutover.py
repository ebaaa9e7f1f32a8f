"""replace cutover: writes stop, the last changes come over, the pointer is switched; what fails before is undone."""

import random
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import pytest
from botocore.exceptions import ClientError

from cli.story import client_of
from dynasmith.pointer.file import FilePointer
from item_stories.kit import ItemStory
from replacement.kit import by_id, change, definition, user, with_users

HOOK = """#!/bin/sh
echo "$@" >> hooks.log
if [ "$1" = read ]; then echo users; fi
test ! -e refuse
"""


class Killed(BaseException):
    """The process is gone."""


class Application:
    """Reads the name of its table from a file before each write, and tries again where it may not write."""

    def __init__(self, story: ItemStory, pointer: Path) -> None:
        self.client, self.pointer = client_of(story.endpoint, story.account), pointer
        self.acknowledged: dict[str, str] = {}
        self.refused, self._stop, self._thread = 0, Event(), Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.client.close()

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(0.02):
            number += 1
            id_, mail = str(number % 40), f"mail-{number % 40}"
            try:
                self.client.put_item(
                    TableName=self.pointer.read_text().strip(), Item=user(int(id_), mail, count=number)
                )
            except ClientError as error:
                self.refused += error.response["Error"]["Code"] == "AccessDeniedException"
            else:
                self.acknowledged[id_] = str(number)


def replaced(story: ItemStory, count: int = 40) -> str:
    """A replacement that follows; the pointer names the old table."""
    with_users(story, count, key="mail")
    Path("table.txt").write_text("users\n")
    answer = story("replace", "users", "--yes", "--json", "--transform", "moves:by_mail", "--until", "following")
    assert answer.code == 0, answer.err
    return str(answer.json["id"])


def hook(name: str = "hook.sh") -> str:
    path = Path(name)
    path.write_text(HOOK)
    path.chmod(0o755)
    return f"hook:./{name}"


def state(story: ItemStory) -> dict[str, Any]:
    return dict(story("replace", "status", "last", "--json").json["replacement"])


def test_every_acknowledged_write_is_in_the_table_of_the_pointer(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed around the switch, and resumed."""
    job = replaced(story)
    moment = random.choice(("before", "after"))
    real = FilePointer.switch
    kills = [moment]

    def switch(pointer: FilePointer, source: str | None, target: str) -> None:
        if kills and kills.pop() == "after":
            real(pointer, source, target)
            raise Killed
        if not kills and moment == "before" and not switched:
            switched.append(True)
            raise Killed
        real(pointer, source, target)

    switched: list[bool] = []
    monkeypatch.setattr(FilePointer, "switch", switch)
    with Application(story, Path("table.txt")) as application:
        with pytest.raises(Killed):
            story("replace", "cutover", job, "--pointer", "file:table.txt", "--yes", "--json")
        assert state(story)["state"] == "cutover"
        answer = story("jobs", "resume", job, "--json")
        assert answer.code == 0, answer.err
        count = len(application.acknowledged)
        while application.acknowledged == {} or len(application.acknowledged) < count:
            pass
    assert answer.json["replacement"]["state"] == "following back"
    assert answer.json["replacement"]["fence_seconds"] > 0
    assert application.refused > 0
    assert Path("table.txt").read_text() == "users-v2\n"
    held = by_id(story.items("users-v2"))
    assert {id_: held[id_]["n"]["N"] for id_ in application.acknowledged} == application.acknowledged
    story.define({**definition("mail", time_to_live={"attribute": "expires"}), "name": "users-v2"})
    assert story("plan").code == 0
    done = story("replace", "finish", job, "--yes", "--json")
    assert (done.code, done.json["state"], done.json["replacement"]["conflicts"]) == (0, "done", 0), done.err
    plan = story("plan", "--json").json
    assert [table["changes"] for table in plan["tables"]] == [[]]


def test_what_fails_before_the_switch_is_taken_back(story: ItemStory) -> None:
    job = replaced(story, 10)
    words = ("replace", "cutover", job, "--yes")
    assert "is not a pointer" in story(*words, "--pointer", "table.txt").error
    assert "at least 45" in story(*words, "--pointer", "file:table.txt", "--max-fence", "10").hint
    assert "contradict" in story(*words, "--pointer", "file:table.txt", "--fence", hook(), "--no-fence").error
    Path("table.txt").write_text("others\n")
    elsewhere = story(*words, "--pointer", "file:table.txt", "--no-fence")
    assert elsewhere.error == "The pointer says others, and not users."
    Path("table.txt").write_text("users\n")
    Path("refuse").touch()
    assert "exit code 1" in story(*words, "--pointer", "file:table.txt", "--fence", hook()).error
    assert Path("hooks.log").read_text() == "on users\noff users\n"
    assert story("replace", "finish", job, "--yes").code == 1
    Path("refuse").unlink()
    switched = story(*words, "--pointer", hook("pointer.sh"), "--fence", hook(), "--json")
    assert switched.json["replacement"]["state"] == "following back", switched.err
    calls = ["off users", "read", "read", "on users", "read", "switch users users-v2"]  # the hook had refused off, too
    assert Path("hooks.log").read_text().splitlines()[2:] == calls
    change(story, user(3, count=99))
    change(story, user(4, count=1), "users-v2")
    change(story, user(4, count=99))
    late = story("replace", "finish", job, "--yes")
    assert (late.code, late.error) == (
        1, "1 key of users was written when it was not in use any more, and did not come over."
    )  # fmt: skip
    assert (state(story)["conflicts"], state(story)["late_keys"]) == (1, ["id=4"])
    held = by_id(story.items("users-v2"))
    assert (held["3"]["n"], held["4"]["n"]) == ({"N": "99"}, {"N": "1"})
    assert story("replace", "abort", job, "--yes").code == 1
    assert "There is no way back" in story("replace", "back", job, "--yes").error
    assert story("replace", "finish", job, "--yes", "--accept-conflicts").code in (0, 3)
    assert state(story)["state"] == "finished"


def test_an_abort_leaves_both_tables_and_the_stream_as_it_was(story: ItemStory) -> None:
    job = replaced(story, 10)
    assert "StreamSpecification" in story.direct.describe_table(TableName="users")["Table"]
    ended = story("replace", "abort", job, "--yes", "--json")
    assert (ended.code, ended.json["state"]) == (0, "cancelled"), ended.err
    assert sorted(story.live()) == ["users", "users-v2"]
    live = client_of(story.endpoint, story.account)
    assert not live.describe_table(TableName="users")["Table"].get("StreamSpecification", {}).get("StreamEnabled")
    live.close()
    assert story("jobs", "resume", job).code == 1
