"""Ticks of a detached apply, each of a process that knows nothing of the one before: killed after each of its calls and
continued, every call is sent once, and what is live at the end is what was wanted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from msgspec.structs import replace

from dynasmith import Consent, Detached, Table, connect
from dynasmith.engine.ticks.apply_job import plan_of
from dynasmith.errors import ConsentRequired, FileFormatError, Locked, RunError, StalePlan, UsageError
from dynasmith.jobs.spec import Apply
from dynasmith.strict import StrictServer
from dynasmith.tables.table import StreamView
from example_counts import examples
from ticks.story import Ticks, index, key


@pytest.fixture
def ticks(strict: StrictServer, tmp_path: Path) -> Iterator[Ticks]:
    found = Ticks(strict, tmp_path)
    yield found
    found.close()


def plain(ticks: Ticks) -> Table:
    return Table(name=ticks.table, key=key("pk"))


def rich(ticks: Ticks) -> Table:
    """Three index builds, and what goes before and after them."""
    return replace(
        plain(ticks),
        indexes=(index("by_a"), index("by_b"), index("by_c")),
        stream=StreamView.KEYS_ONLY,
        deletion_protection=True,
        tags={"team": "shop"},
        time_to_live="expires_at",
    )


def slow(ticks: Ticks) -> None:
    """An index build takes virtual hours, and looking at it does not make it faster."""
    ticks.strict.auto_advance = False


def test_killed_after_each_call_every_call_is_sent_once(ticks: Ticks) -> None:
    ticks.make(plain(ticks))
    slow(ticks)
    before = len(ticks.writes())
    job = ticks.begin(rich(ticks))
    killed = 0
    while True:
        nth, report = 1, None
        while report is None:  # a tick that is killed after its first call, after its second, until it lives
            report = ticks.tick(job, nth, seconds=0)
            killed += report is None
            nth += 1
        if report.job.state != "waiting":
            break
        ticks.until_look(report)
    assert report.done, report
    assert killed > 40
    sent = ticks.writes()[before:]
    assert sent == [
        ("UpdateTable", ""),  # protection
        ("TagResource", ""),
        ("UpdateTable", ""),  # stream
        ("UpdateTable", ""),  # the three indexes
        ("UpdateTable", ""),
        ("UpdateTable", ""),
        ("UpdateTimeToLive", ""),
    ]
    assert ticks.is_as(rich(ticks))


def test_a_new_table_and_the_hour_of_ttl(ticks: Ticks) -> None:
    slow(ticks)
    wanted = rich(ticks)
    assert ticks.to_the_end(ticks.begin(wanted)).done
    other = replace(wanted, time_to_live="gone_at", indexes=())
    report = ticks.to_the_end(ticks.begin(other))
    assert report.done, report
    assert ticks.is_as(other)


@examples(4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0.0, 5.0, 30.0, 600.0])), min_size=1, max_size=12))
def test_however_a_plan_is_cut_into_ticks_the_calls_are_those_of_one_apply(
    strict: StrictServer, tmp_path: Path, cuts: list[tuple[int, float]]
) -> None:
    there, ticks = Ticks(strict, tmp_path), Ticks(strict, tmp_path)
    there.make(plain(there))
    begun = len(there.writes())
    there.make(rich(there))
    once = there.writes()[begun:]
    ticks.make(plain(ticks))
    begun = len(ticks.writes())
    job = ticks.begin(rich(ticks))
    for nth, seconds in cuts:
        if ticks.ledger.show(job).over:
            break
        ticks.tick(job, nth, seconds=seconds)
        strict.clock.advance(seconds)
    if not ticks.ledger.show(job).over:
        assert ticks.to_the_end(job).done
    assert ticks.writes()[begun:] == once
    assert ticks.is_as(rich(ticks))
    there.close()
    ticks.close()


def test_a_table_that_somebody_else_changed_is_not_changed_by_the_job(ticks: Ticks) -> None:
    ticks.make(plain(ticks))
    job = ticks.begin(rich(ticks))
    ticks.tick(job, seconds=0)
    ticks.make(replace(plain(ticks), tags={"team": "others"}))
    before = ticks.writes()
    report = ticks.tick(job)
    assert report is not None
    assert report.job.state == "failed"
    assert f"Table {ticks.table} was changed by somebody else after step" in report.failed[ticks.table]
    assert "tags" in report.failed[ticks.table]
    assert ticks.writes() == before


def test_a_step_that_somebody_else_did_is_not_done_again(ticks: Ticks) -> None:
    ticks.make(plain(ticks))
    job = ticks.begin(rich(ticks))
    ticks.make(replace(plain(ticks), deletion_protection=True))
    before = len(ticks.writes())
    assert ticks.to_the_end(job).done
    assert len(ticks.writes()) - before == 6


def test_a_table_that_was_made_again_is_another_one(ticks: Ticks) -> None:
    ticks.make(plain(ticks))
    job = ticks.begin(rich(ticks))
    with ticks.project(plain(ticks)) as here:
        here.delete(ticks.table, consent=Consent(confirm=ticks.table))
    ticks.make(plain(ticks))
    report = ticks.tick(job)
    assert report is not None
    assert "was deleted and recreated since" in report.failed[ticks.table]


def test_a_plan_that_was_edited_is_refused(ticks: Ticks) -> None:
    ticks.make(plain(ticks))
    job = ticks.begin(rich(ticks))
    claim = ticks.ledger.claim(job)
    spec = claim.job.spec
    assert isinstance(spec, Apply)
    edited = replace(spec, plan=spec.plan.replace("by_a", "by_z"))
    claim.change(replace(claim.job, spec=edited))
    claim.release()
    before = ticks.writes()
    with pytest.raises(FileFormatError, match="was changed after it was written"):
        ticks.tick(job)
    assert ticks.writes() == before


def test_a_consent_ends(ticks: Ticks) -> None:
    ticks.make(plain(ticks))
    job = ticks.begin(rich(ticks))
    ticks.strict.clock.advance(days=8)
    before = ticks.writes()
    with pytest.raises(RunError, match=r"The consent to job .* ended at"):
        ticks.tick(job)
    assert ticks.writes() == before


def test_of_two_that_tick_one_is_refused(ticks: Ticks) -> None:
    ticks.make(plain(ticks))
    job = ticks.begin(rich(ticks))
    held = ticks.ledger.claim(job)
    with pytest.raises(Locked):
        ticks.tick(job)
    held.release()
    assert ticks.to_the_end(job).done


def test_a_cancelled_job_sends_nothing_more(ticks: Ticks) -> None:
    slow(ticks)
    ticks.make(plain(ticks))
    job = ticks.begin(rich(ticks))
    ticks.tick(job, seconds=0)
    before = ticks.writes()
    with connect(endpoint=ticks.strict.endpoint, clock=ticks.strict.clock, folder=ticks.folder) as here:
        assert here.jobs.cancel(job).state == "cancelled"
        with pytest.raises(RunError, match="is cancelled and cannot be resumed"):
            here.jobs.tick(job)
    assert ticks.writes() == before


def test_through_the_project_with_its_ledger(ticks: Ticks) -> None:
    """The names of the library: apply(detach=), tick, wait, changing, replan."""
    ticks.make(plain(ticks))
    slow(ticks)
    with connect(
        endpoint=ticks.strict.endpoint, tables=[rich(ticks)], clock=ticks.strict.clock, folder=ticks.folder
    ) as here:
        with pytest.raises(ConsentRequired):
            here.apply(here.plan(), detach=Detached())
        assert here.jobs.list() == []
        with pytest.raises(UsageError, match="waits for nothing"):
            here.apply(here.plan(), detach=Detached(), wait=False)  # type: ignore[call-overload]
        job = here.apply(here.plan(), detach=Detached(seconds=0), consent=Consent(yes=True))
        assert job.state == "waiting"
        assert here.jobs.changing([ticks.table])[ticks.table].id == job.id
        assert here.jobs.wait(job.id, wait_timeout=timedelta()).state == "waiting"
        with pytest.raises(Locked, match=f"Table {ticks.table} is being changed by {job.id}"):
            here.apply(here.plan(), consent=Consent(yes=True))
        with pytest.raises(Locked):
            here.apply(here.plan(), detach=Detached(), consent=Consent(yes=True))
        told = []
        while not (report := here.jobs.tick(job.id)).done:
            told += [] if report.eta is None else [(report.eta, report.seen[ticks.table])]
            ticks.until_look(report)
        assert here.jobs.wait(job.id).state == "done"
        assert told, "CloudWatch of the endpoint knows how much of an index is built"
        assert all(eta > ticks.strict.clock.now() - timedelta(hours=1) and seen.endswith("%") for eta, seen in told)
        assert here.jobs.changing([ticks.table]) == {}
        with pytest.raises(UsageError, match="The plan is empty"):
            here.apply(here.plan(), detach=Detached())


def test_after_replan_the_job_goes_on_under_its_id(ticks: Ticks) -> None:
    ticks.make(plain(ticks))
    with connect(
        endpoint=ticks.strict.endpoint, tables=[rich(ticks)], clock=ticks.strict.clock, folder=ticks.folder
    ) as here:
        job = here.apply(here.plan(), detach=Detached(), consent=Consent(yes=True))
        ticks.make(replace(plain(ticks), tags={"team": "others"}))
        report = here.jobs.tick(job.id)
        assert report.job.state == "failed"
        plan = here.jobs.replan(job.id)
        with pytest.raises(ConsentRequired):
            here.jobs.accept_plan(job.id, plan)
        accepted = here.jobs.accept_plan(job.id, plan, consent=Consent(yes=True))
        assert accepted.id == job.id
        assert isinstance(accepted.spec, Apply)
        assert plan_of(accepted.spec) == plan
        while (report := here.jobs.tick(job.id)).job.state == "waiting":
            ticks.until_look(report)
        assert report.done, report
    assert ticks.is_as(rich(ticks))


def test_a_plan_of_another_place_is_refused(ticks: Ticks, ministack_endpoint: str) -> None:
    ticks.make(plain(ticks))
    job = ticks.begin(rich(ticks))
    with connect(endpoint=ministack_endpoint, folder=ticks.folder) as elsewhere, pytest.raises((StalePlan, RunError)):
        elsewhere.jobs.tick(job)
