"""apply --detach, jobs resume, jobs wait, check: the commands of the page, and what people read."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from cli.story import Story, gsi, table
from dynasmith.errors import UsageError
from dynasmith.lambdas import tick
from dynasmith.strict import StrictServer
from page_commands.page import PageRun

PLAIN = table("orders", tags={"team": "shop"})
MACHINE = Path(__file__).parents[2] / "examples" / "ticks" / "state-machine.json"
AT_THE_END = "is for what is there at the end."
RICH = table("orders", tags={"team": "shop"}, global_secondary_indexes=[gsi("by_day", "day"), gsi("by_place", "place")])


@pytest.fixture
def begun(strict_story: Story, strict: StrictServer) -> Story:
    """A table, whose definition has two indexes more by now; builds last as long as the clock says."""
    strict_story.define(PLAIN)
    assert strict_story("ensure").code == 0
    strict_story.define(RICH)
    strict.auto_advance = False
    return strict_story


def to_look(story: Story, strict: StrictServer, job: str) -> None:
    """Let the time pass until the next look at the job."""
    progress = story("jobs", "show", job, "--json").json["parameters"]["progress"]["orders"]
    look = datetime.fromisoformat(progress["next_look"])
    strict.clock.advance(max(0.0, (look - strict.clock.now()).total_seconds()))


def test_a_detached_apply_from_its_begin_to_its_end(begun: Story, strict: StrictServer) -> None:
    refused = begun("apply", "--detach")
    assert (refused.code, begun("jobs", "list", "--json").json) == (4, []), refused.err
    dry = begun("apply", "--detach", "--dry-run")
    assert (dry.code, begun("jobs", "list", "--json").json) == (0, []), dry.err
    first = begun("apply", "--detach", "--yes", "--json")
    assert first.code == 0, first.err
    job, answer = first.json["id"], first.json
    assert (answer["state"], answer["step"], answer["steps"]) == ("waiting", 1, 4)
    assert answer["seen"] == {"orders": "index by_day is CREATING"}
    assert "plan" not in answer["parameters"]
    assert answer["next_look_at"] is not None

    assert f"Table orders is being changed by {job}, 1 of 4 steps done." in begun("check").err
    assert begun("check", "--json").json["being_changed_by"] == {"orders": job}
    second = begun("apply", "--yes")
    assert (second.code, second.error) == (5, f"Table orders is being changed by {job}.")
    assert begun("apply", "--detach", "--yes").code == 5
    assert "step 1 of 4" in begun("jobs", "list").out
    shown = begun("jobs", "show", job)
    assert (f"{job} is waiting: 1 of 4 steps done." in shown.out, "Next look:" in shown.out) == (True, True)
    assert begun("jobs", "wait", job, "--wait-timeout", "0s").code == 3

    while (answer := begun("jobs", "resume", job, "--json").json)["state"] == "waiting":
        to_look(begun, strict, job)
    assert (answer["state"], answer["done"], answer["step"], answer["next_look_at"]) == ("done", True, 4, None)
    assert begun("jobs", "wait", job).code == 0
    assert begun("check").code == 0
    again = begun("jobs", "resume", job)
    assert (again.code, again.error) == (1, f"Job {job} is done and cannot be resumed.")
    assert "Nothing to change" in begun("apply", "--detach", "--yes").err


def test_for_stays_until_the_end(begun: Story, strict: StrictServer) -> None:
    answer = begun("apply", "--detach", "--for", "4h", "--yes")
    assert answer.code == 0, answer.err
    assert "is done: 4 of 4 steps done." in answer.err


def test_replan_shows_what_is_left_and_asks(begun: Story) -> None:
    job = begun("apply", "--detach", "--yes", "--json").json["id"]
    arn = begun.client.describe_table(TableName="orders")["Table"]["TableArn"]
    begun.client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "others"}])
    failed = begun("jobs", "resume", job)
    assert failed.code == 1, failed.err
    assert "was changed by somebody else after step 1 of 4: what differs now is" in failed.err
    assert begun("jobs", "wait", job).code == 1
    assert begun("jobs", "resume", job, "--replan").code == 4
    again = begun("jobs", "resume", job, "--replan", "--for", "4h", "--yes")
    assert again.code == 0, again.err
    assert f"{job} is done" in again.err
    assert begun("check").code == 0


def test_all_continues_what_waits(begun: Story, strict: StrictServer) -> None:
    assert "No job of apply waits." in begun("jobs", "resume", "--all", "--verb", "apply").err
    job = begun("apply", "--detach", "--yes", "--json").json["id"]
    assert "No job of copy waits." in begun("jobs", "resume", "--all", "--verb", "copy").err
    assert begun("jobs", "resume", "--all", "--for", "4h").code == 0
    assert begun("jobs", "show", job, "--json").json["state"] == "done"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("apply", "--for", "1h"), "--for is how long a detached apply works now."),
        (("apply", "--detach", "--no-wait"), f"--detach waits for nothing, and --no-wait {AT_THE_END}"),
        (("apply", "--detach", "--outputs", "o.json"), f"--detach waits for nothing, and --outputs {AT_THE_END}"),
        (("jobs", "resume"), "Give a job or --all."),
        (("jobs", "resume", "last", "--all"), "Give a job or --all."),
        (("jobs", "resume", "last", "--verb", "apply"), "--verb chooses among all jobs."),
        (("jobs", "resume", "--all", "--replan"), "--replan is for one job."),
    ],
)
def test_what_contradicts_itself_is_refused(begun: Story, words: tuple[str, ...], error: str) -> None:
    answer = begun(*words)
    assert (answer.code, answer.error) == (2, error)
    assert begun("jobs", "list", "--json").json == []


class Context:
    """What Lambda says of the time that is left."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def test_a_function_ticks_as_a_schedule_and_as_a_state_machine_call_it(
    begun: Story, strict: StrictServer, shell: pytest.MonkeyPatch
) -> None:
    shell.setenv("LAMBDA_TASK_ROOT", str(begun.folder))
    scheduled = {"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    begun.write("dynasmith.toml", 'definitions = ["tables_config.json"]\n')
    with pytest.raises(UsageError, match="The ledger of jobs is the folder"):
        tick(scheduled, Context())
    begun.write("dynasmith.toml", 'definitions = ["tables_config.json"]\n[jobs]\nledger = "table:jobs"\n')
    strict.auto_advance = True  # the ledger's table is made
    job = begun("apply", "--detach", "--yes", "--json").json["id"]
    strict.auto_advance = False
    with pytest.raises(UsageError):
        tick({"job": 7}, Context())
    machine = json.loads(MACHINE.read_text())["States"]
    state, ticks = "Tick", 0
    while state not in ("Done", "Failed"):  # as the state machine goes
        answer = tick({"job": job} if ticks % 2 else scheduled, Context())
        ticks += 1
        assert json.loads(json.dumps(answer)) == answer
        done, look = (choice["Variable"].removeprefix("$.tick.") for choice in machine["Where"]["Choices"])
        if answer[done]:
            state = machine["Where"]["Choices"][0]["Next"]
        elif isinstance(answer[look], str):
            assert machine["Until next look"]["TimestampPath"] == f"$.tick.{look}"
            strict.clock.advance(max(0.0, (datetime.fromisoformat(answer[look]) - strict.clock.now()).total_seconds()))
        else:
            state = machine["Where"]["Default"]
    assert (state, answer["step"], answer["steps"], answer["failed"]) == ("Done", 4, 4, {})
    assert ticks > 2
    assert tick({"job": job}, Context())["done"]
    assert tick(scheduled, Context())["jobs"] == []


def test_the_page(begun: Story) -> None:
    page = PageRun("docs/guide/detached.md", begun)
    for _ in page:
        page.run()
    assert begun("jobs", "list", "--json").json[-1]["state"] in ("cancelled", "done")
