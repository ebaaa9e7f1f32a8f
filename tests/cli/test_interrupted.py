"""An apply that is stopped, politely or not, goes on when it is run again."""

import signal
import subprocess
import threading

import pytest

from cli.story import Story, gsi, table
from dynasmith.strict import StrictServer

WISH = table(
    global_secondary_indexes=[gsi("by_a", "a"), gsi("by_b", "b")],
    point_in_time_recovery={"enabled": True},
    tags={"a": "b"},
)


def _until(process: "subprocess.Popen[str]", words: str) -> None:
    """Read what it says until these words come; a process that says nothing more is ended after five minutes."""
    assert process.stderr is not None
    watch = threading.Timer(300, process.kill)
    watch.start()
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if words in line:
                return
        raise AssertionError(f"it ended before it said {words}: {said}")
    finally:
        watch.cancel()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["INT", "TERM", "KILL"])
@pytest.mark.parametrize("stage", ["create the table", "create index by_b"])
def test_stopped_and_run_again(strict_story: Story, strict: StrictServer, number: signal.Signals, stage: str) -> None:
    story = strict_story
    if stage != "create the table":
        story.define(table())
        assert story("ensure").code == 0
        strict.clock.advance(hours=1)
    story.define(WISH)
    strict.auto_advance = False  # what is under way stays under way, until the test lets it end
    with story.spawn("apply", "--yes") as process:
        if stage != "create the table":
            _until(process, "✓ orders  create index by_a")
            strict.clock.advance(minutes=30)
        _until(process, f"✓ orders  {stage}")
        process.send_signal(number)
        _, words = process.communicate(timeout=300)
    assert process.returncode == (130 if number is not signal.SIGKILL else -signal.SIGKILL), words
    if number is not signal.SIGKILL:
        assert "run the same command again: it continues" in words
    strict.auto_advance = True
    again = story("apply", "--yes")
    assert again.code == 0, again.err
    assert story("check", "--prune").code == 0
    described = story.client.describe_table(TableName="orders")["Table"]
    assert sorted(index["IndexName"] for index in described["GlobalSecondaryIndexes"]) == ["by_a", "by_b"]


def test_ensure_waits_for_what_another_run_began(strict_story: Story, strict: StrictServer) -> None:
    story = strict_story
    story.define(WISH)
    strict.auto_advance = False
    with story.spawn("ensure") as process:
        _until(process, "✓ orders  create the table")
        process.kill()
        process.communicate(timeout=300)
    strict.auto_advance = True
    assert story("ensure").code == 0
    assert story.client.describe_table(TableName="orders")["Table"]["TableStatus"] == "ACTIVE"
