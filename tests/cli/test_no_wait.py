"""--no-wait and --wait-timeout: exit 3 where something is not there yet, and the same command goes on."""

from cli.story import Story, table

ORDERS = table("orders", point_in_time_recovery={"enabled": True}, time_to_live={"attribute": "ends"})
VERBS = [("create", "orders"), ("ensure",), ("apply",), ("delete", "orders")]


def test_what_is_not_waited_for_is_said_with_exit_3(strict_story: Story) -> None:
    strict_story.define(ORDERS)
    made = strict_story("create", "orders", "--no-wait")
    assert made.code == 3, made.err
    assert "Not there yet: the table is CREATING" in made.err
    assert "Created orders" not in made.err
    done = strict_story("ensure", "--wait-timeout", "1h", "--json")
    assert (done.code, done.json["unfinished"]) == (0, {}), done.err
    finished = strict_story("apply", "--yes", "--wait-timeout", "1h", "--json")
    assert finished.code == 0, finished.err
    assert all(each["unfinished"] is None for each in finished.json["applied"])
    gone = strict_story("delete", "orders", "--no-wait", "--confirm", "orders", "--json")
    assert (gone.code, gone.json["deleted"], gone.json["unfinished"]) == (3, [], ["orders"]), gone.err


def test_both_options_and_a_duration_that_is_none_are_refused(story: Story) -> None:
    story.define(ORDERS)
    for verb in VERBS:
        both = story(*verb, "--no-wait", "--wait-timeout", "30m")
        assert (both.code, both.error) == (2, "--no-wait and --wait-timeout contradict each other.")
        for wrong in ("", "30", "-1m", "soon", "99999999999d"):
            assert story(*verb, f"--wait-timeout={wrong}").code == 2
    assert story.live() == []
