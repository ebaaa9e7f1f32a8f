"""ensure, backfill, copy and populate in a function: the handler in this process, and the client over it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.story import table
from item_stories.kit import ItemStory, person
from lambdas.conftest import FakeContext, InProcess
from lambdas.test_remote_options import ARN, invoked

__all__ = ["invoked"]
RUN = "20261129T110715-9f3a1c"
SHAPE = "version: 1\noperations:\n  - {add: country, value: CH}\n"
CONSENT = {"yes": True}


def backfill(**options: Any) -> dict[str, Any]:
    return {"table": {"table": "users"}, "transform": "shape.yaml", "options": options}


def changed(story: ItemStory) -> int:
    return sum("country" in item for item in story.items("users"))


class UntilChanged(FakeContext):
    """A context whose time comes to its end when ``count`` more items are changed, however slow the machine is."""

    def __init__(self, story: ItemStory, count: int) -> None:
        super().__init__()
        self._story, self._enough = story, changed(story) + count

    def get_remaining_time_in_millis(self) -> int:
        """What is left: of three seconds a third is kept for the end."""
        return 3000 if changed(self._story) < self._enough else 700


def test_the_same_backfill_works_once_and_its_job_is_in_the_ledger(in_process: InProcess) -> None:
    story = in_process.story
    story.people("users", 30)
    story.write("shape.yaml", SHAPE)
    asked = in_process("backfill", RUN, arguments=backfill(), consent={})
    assert asked["status"] == "ask", asked
    assert "Backfill users in place" in asked["ask"]["question"]
    assert changed(story) == 0
    done = in_process("backfill", RUN, arguments=backfill())
    assert done["status"] == "done", done
    assert done["result"]["counts"]["written"] == 30
    assert done["result"]["job"]["id"] == f"backfill-{RUN}"
    before = len(story.served.journal)
    again = in_process("backfill", RUN, arguments=backfill(), continued=True)
    assert again["result"]["counts"] == done["result"]["counts"]
    assert not [call for call in list(story.served.journal)[before:] if call.operation == "UpdateItem"]
    shown = json.loads(story("jobs", "show", f"backfill-{RUN}", "--json").out)
    assert (shown["state"], shown["written"]) == ("done", 30)
    assert story("jobs", "undo", f"backfill-{RUN}", "--yes").code == 0
    assert changed(story) == 0


def test_a_backfill_goes_on_from_invocation_to_invocation_in_the_middle_of_a_page(in_process: InProcess) -> None:
    """A page of 60 items that is paced, and an invocation has time for ten of them."""
    story = in_process.story
    story.people("users", 60)
    story.write("shape.yaml", SHAPE)
    arguments = backfill(segments=1, max_write_units=10)
    seen: list[int] = []
    for _ in range(60):
        reply = in_process("backfill", RUN, UntilChanged(story, 10), arguments=arguments, continued=bool(seen))
        if reply["status"] == "done":
            break
        assert reply["status"] == "continue", reply
        seen.append(changed(story))
    assert reply["status"] == "done"
    assert changed(story) == 60
    assert len(seen) >= 2
    assert any(0 < count < 60 for count in seen)
    assert reply["result"]["counts"]["read"] == 60


@pytest.mark.parametrize(
    ("command", "arguments", "says"),
    [
        ("backfill", {"tabel": "users"}, "takes no tabel"),
        ("backfill", backfill(canary=0.1), "takes no canary"),
        ("backfill", backfill(sements=3), "takes no sements"),
        ("backfill", backfill(segments="three"), "segments"),
        (
            "copy",
            {"source": {"table": "users"}, "target": {"table": "users"}, "options": {"backup": True}},
            "no backup",
        ),
        ("ensure", {"table": "users"}, "table"),
    ],
)
def test_what_a_verb_does_not_take_is_refused(
    in_process: InProcess, command: str, arguments: dict[str, Any], says: str
) -> None:
    in_process.story.people("users", 3)
    in_process.story.write("shape.yaml", SHAPE)
    reply = in_process(command, RUN, arguments=arguments)
    assert reply["status"] == "error", reply
    assert reply["error"]["exit"] == 2
    assert says in reply["error"]["message"]


def test_every_verb_in_a_function(invoked: list[Any], story: ItemStory) -> None:
    story.write("shape.yaml", SHAPE)
    story.make("copies")
    story.write("more.jsonl", json.dumps({"pk": "more", "name": "More Lee"}) + "\n")
    story.define(table("orders"))
    project = (story.folder / "dynasmith.toml").read_text(encoding="utf-8")
    story.write("dynasmith.toml", f'definitions = ["tables_config.json"]\n{project}')

    def ran(*words: str) -> Any:
        invoked.clear()
        answer = story(*words, "--remote", ARN)
        assert {request["command"].partition(".")[0] for request in invoked} == {words[0]}
        return answer

    for dry in (["--dry-run"], ["--yes"]):
        assert ran("ensure", *dry).code == 0
        assert ran("backfill", "users", "--transform", "shape.yaml", *dry).code == 0
        assert ran("copy", "users", "copies", *dry).code == 0
        assert ran("populate", "users", "more.jsonl", *dry).code == 0
        if dry == ["--dry-run"]:
            assert story.wrote() == []
            assert all(request["dry_run"] for request in invoked)
    assert "orders" in story.direct.list_tables()["TableNames"]
    assert len(story.items("users")) == 4
    assert {item["pk"]["S"] for item in story.items("copies")} == {person(n)["pk"]["S"] for n in range(3)}
    assert changed(story) == 3
    again = ran("ensure", "--json")
    assert again.json["existing"] == ["orders"]
    report = ran("backfill", "users", "--transform", "shape.yaml", "--yes", "--json").json
    assert (report["read"], report["written"]) == (4, 1)


def test_an_environment_names_the_function_of_every_verb(invoked: list[Any], story: ItemStory) -> None:
    story.write("shape.yaml", SHAPE)
    project = (story.folder / "dynasmith.toml").read_text(encoding="utf-8")
    story.write("dynasmith.toml", f'{project}\n[environments.local]\nremote = "mine"\n')
    for words in (
        ["backfill", "users", "--transform", "shape.yaml"],
        ["copy", "users", "users"],
        ["populate", "users", "--item", '{"pk": "x"}'],
        ["ensure"],
    ):
        invoked.clear()
        story(*words, "--dry-run")
        assert {request["function"] for request in invoked} == {"mine"}, words
        invoked.clear()
        story(*words, "--dry-run", "--no-remote")
        assert invoked == [], words
    assert story("ensure", "--no-wait").error.startswith("--no-wait does nothing")
    assert "--check has no remote" in story("backfill", "users", "--transform", "shape.yaml", "--check").error
    assert "--backup-first has no remote" in story("copy", "users", "other", "--backup-first").error


def test_without_a_consent_no_verb_writes(invoked: list[Any], story: ItemStory) -> None:
    story.write("shape.yaml", SHAPE)
    answer = story("backfill", "users", "--transform", "shape.yaml", "--remote", ARN)
    assert answer.code == 4
    assert "Backfill users in place" in answer.error
    assert story.wrote() == []


def test_another_transform_than_that_of_the_function_is_refused(invoked: list[Any], story: ItemStory) -> None:
    import os

    story.write("shape.yaml", SHAPE)
    there = story.folder / "function"
    story.write("function/shape.yaml", SHAPE.replace("CH", "FR"))
    story.write("function/dynasmith.toml", (story.folder / "dynasmith.toml").read_text(encoding="utf-8"))
    os.environ["LAMBDA_TASK_ROOT"] = str(there)  # put back by the fixture
    answer = story("backfill", "users", "--transform", "shape.yaml", "--yes", "--remote", ARN)
    assert (answer.code, answer.error) == (2, "shape.yaml is another file in the function.")
    assert story.wrote() == []
