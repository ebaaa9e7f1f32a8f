"""A first signal is told at once, whatever the loop does; a canary ends its pages, a signal does not."""

import io
import os
import signal
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.cli.flow_report import FlowProgressView
from dynasmith.engine.backfill.stage import Rewriter
from dynasmith.engine.backfill.survey import survey
from dynasmith.engine.transfer.event_thread import StopRequest, run
from dynasmith.engine.transfer.events import FlowStopping
from dynasmith.engine.transfer.pacer import Rates
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.verify import VerifySide, verify
from dynasmith.errors import Interrupted
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Transform
from dynasmith.jobs.options import TransferOptions
from dynasmith.strict import StrictServer
from flow.copying import end
from flow.kit import MakeTable, fill


def test_a_first_signal_is_told_while_the_loop_is_busy() -> None:
    told = threading.Event()

    async def main(stop: StopRequest) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        return told.wait(120) and not stop.asked  # the loop stands still meanwhile, as in a transform that takes long

    def stopping() -> None:
        told.set()

    run(main, loop_factory=new_event_loop, stopping=stopping)
    assert told.is_set()


def test_what_is_waited_for_is_said_in_one_line() -> None:
    said = io.StringIO()
    with FlowProgressView(Console(file=said, width=40, color_system=None)) as shown:
        shown(FlowStopping(table="t", job="j", requests=3))
        shown(FlowStopping(table="t", job="j", requests=1))
        shown(FlowStopping(table="t", job="j", requests=0, processes=2))
    assert said.getvalue().splitlines() == [
        "Stopping: waiting for 3 requests under way; press Ctrl-C again to stop at once.",
        "Stopping: waiting for 1 request under way; press Ctrl-C again to stop at once.",
        "Stopping: waiting for the requests under way in 2 processes; press Ctrl-C again to stop at once.",
    ]


def test_what_was_asked_before_the_run_began_is_known_in_it() -> None:
    for ask, halted in ((StopRequest.ask, True), (StopRequest.finish, False)):
        stop, permit = StopRequest(), RunPermit()
        ask(stop)

        async def main(stop: StopRequest, permit: RunPermit = permit) -> Any:
            stop.on_halt(permit.halt)
            await stop.wait()
            return stop.asked, permit.halted

        assert run(main, loop_factory=new_event_loop, stop=stop) == (True, halted)


def test_finishing_and_halting_can_follow_on_one_another() -> None:
    async def main(stop: StopRequest) -> None:
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


@pytest.mark.parametrize("verb", ["verify", "survey"])
def test_a_verb_that_only_reads_does_not_wait_for_its_pace_when_it_is_stopped(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable, verb: str
) -> None:
    """At a unit an hour the second page would come tomorrow."""
    table = make_table()
    fill(client, table, 200)
    stop = StopRequest()
    pace = Rates(1 / 3600, 1 / 3600)

    def stop_it() -> None:
        while not any(call.operation == "Scan" for call in strict.journal):
            time.sleep(0.01)
        stop.ask()

    around = RunContext(loop_factory=new_event_loop, stop=stop)
    one = end(there, table)

    def look() -> None:
        rewriter = Rewriter(Transform(lambda item, _ctx: item, Context(datetime.now(UTC), "job", one.key)))
        survey(one, rewriter, TransferOptions(max_read_units=1 / 3600, batch_size=10), around)

    def prove() -> None:
        side = VerifySide(one.access.source(table, segments=4, page_items=10), reads=pace)
        verify(side, side, KeySchema.of("pk"), around=around)

    threading.Thread(target=stop_it, daemon=True).start()
    with pytest.raises(Interrupted):
        prove() if verb == "verify" else look()
