"""`migrate preflight`: a yes and a no of every question that can be answered from here, and what a deployment sees."""

from __future__ import annotations

from typing import Any

from cli.story import client_of, table
from dynasmith import Project
from dynasmith.cli.commands.migrate import PREFLIGHT_CODES
from dynasmith.project.verbs.migrations.preflight_facts import alarmed, quiet
from item_stories.kit import ItemStory, person
from migrations.conftest import ADD

NOTIFY = ["arn:aws:sns:us-east-1:123456789012:oncall"]


def users(story: ItemStory, **settings: Any) -> None:
    story.define(table("users", **settings))
    answer = story("apply", "--yes")
    assert answer.code == 0, answer.err


def test_a_no_stops_a_deployment(story: ItemStory) -> None:
    story.write("migrations/0.0.1_country.py", ADD)
    users(story)
    client = client_of(story.endpoint, story.account)
    for number in range(10):
        client.put_item(TableName="users", Item=person(number))
    stopped = story("migrate", "preflight", "--accept", "traffic")
    assert (stopped.code, "Not ready: the answer to 2 questions is no." in stopped.err) == (3, True), stopped.err
    assert "--accept alarms --accept backup" in stopped.err
    assert "no             There is a backup (no point-in-time recovery: users)" in stopped.out
    users(
        story,
        alarms=[{"kind": "write_throttled", "threshold": 0, "notify": NOTIFY}],
        point_in_time_recovery={"enabled": True},
    )
    ready = story("migrate", "preflight", "--accept", "traffic", "--json")
    assert (ready.code, ready.err) == (0, "")
    found = ready.json
    assert [each["code"] for each in found] == list(PREFLIGHT_CODES)
    assert {each["code"]: each["answer"] for each in found} == {
        **dict.fromkeys(("alarms", "way-back", "backup"), "yes"),
        **dict.fromkeys(("rehearsal", "people", "staging"), "only you know"),
        "traffic": "no",
    }
    story.write("migrations/0.0.2_fails.py", "def up(m):\n    raise ValueError('no such country')\n")
    found = story("migrate", "preflight", "--json").json
    assert (found[0]["answer"], "no such country" in found[0]["why"]) == ("no", True)
    assert story("migrate", "preflight", "--accept", "nothing").code == 2


def test_alarms_and_traffic_are_what_cloudwatch_knows(story: ItemStory) -> None:
    users(story)
    with Project.load(story.folder, env="local") as project:
        world = project._world
        assert alarmed(world, ["users"]).why == "no alarm on throttled writes: users"
        users(story, alarms=[{"kind": "write_throttled", "threshold": 0}])
        silent = alarmed(world, ["users"])
        assert (silent.answer, silent.why) == ("no", "an alarm without an action to notify: users")
        absent = alarmed(world, ["fresh"])
        assert (absent.answer, absent.why) == ("only you know", "not there yet: fresh")
        assert quiet(world, ["users"]).answer == "only you know"
        client = client_of(story.endpoint, story.account)
        client.put_item(TableName="users", Item=person(1))
        assert quiet(world, ["users"]).answer == "no"
        story.served.clock.advance(hours=3)
        assert quiet(world, ["users"]).answer == "yes"
        story.served.fault("GetMetricData", kind="access-denied", times=100)
        story.served.fault("DescribeAlarms", kind="500", times=100)
        traffic, told = quiet(world, ["users"]), alarmed(world, ["users"])
        assert (traffic.answer, "GetMetricData" in traffic.why) == ("only you know", True), traffic
        assert (told.answer, "DescribeAlarms" in told.why) == ("only you know", True), told
