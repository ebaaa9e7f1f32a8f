"""A first signal is told at once, whatever the loop does; a canary ends its pages, a signal does not."""

import io
import os
import signal
import threading
import time
from typing import Any

from rich.console import Console

from dynasmith.aws.items.loop import new_event_loop
from dynasmith.cli.flow_shown import FlowShown
from dynasmith.engine.transfer.events import FlowStopping
from dynasmith.engine.transfer.loop import Stop, run
from dynasmith.engine.transfer.permit import RunPermit


def test_a_first_signal_is_told_while_the_loop_is_busy() -> None:
    told = threading.Event()

    async def main(stop: Stop) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        return told.wait(120) and not stop.asked  # the loop stands still meanwhile, as in a transform that takes long

    def stopping() -> None:
        told.set()

    run(main, loop_factory=new_event_loop, stopping=stopping)
    assert told.is_set()


def test_what_is_waited_for_is_said_in_one_line() -> None:
    said = io.StringIO()
    with FlowShown(Console(file=said, width=40, color_system=None)) as shown:
        shown(FlowStopping(table="t", job="j", requests=3))
        shown(FlowStopping(table="t", job="j", requests=1))
        shown(FlowStopping(table="t", job="j", requests=0, processes=2))
    assert said.getvalue().splitlines() == [
        "Stopping: waiting for 3 requests under way; press Ctrl-C again to stop at once.",
        "Stopping: waiting for 1 request under way; press Ctrl-C again to stop at once.",
        "Stopping: waiting for the requests under way in 2 processes; press Ctrl-C again to stop at once.",
    ]


def test_what_was_asked_before_the_run_began_is_known_in_it() -> None:
    for ask, halted in ((Stop.ask, True), (Stop.finish, False)):
        stop, permit = Stop(), RunPermit()
        ask(stop)

        async def main(stop: Stop, permit: RunPermit = permit) -> Any:
            stop.on_halt(permit.halt)
            await stop.wait()
            return stop.asked, permit.halted

        assert run(main, loop_factory=new_event_loop, stop=stop) == (True, halted)


def test_finishing_and_halting_can_follow_on_one_another() -> None:
    async def main(stop: Stop) -> None:
        permit = RunPermit()
        stop.on_halt(permit.halt)
        stop.finish()
        await stop.wait()
        assert not permit.halted
        stop.ask()
        await permit.sleep(60)
        assert permit.halted

    began = time.monotonic()
    run(main, loop_factory=new_event_loop)
    assert time.monotonic() - began < 60
