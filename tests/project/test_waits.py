"""`wait=False` and `wait_timeout`: what can be sent is sent, what is not there yet is said, and the call goes on."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dynasmith import Billing, Consent, Event, Index, Key, KeyAttribute, Project, Table, UsageError, connect
from dynasmith.ports.listener import TableUnfinished
from dynasmith.strict import StrictServer
from dynasmith.tables.table import Recovery


def key(name: str) -> Key:
    return Key(partition=(KeyAttribute(name=name, type="S"),))


ORDERS = Table(name="orders", key=key("id"), billing=Billing.ON_DEMAND, recovery=Recovery(), time_to_live="ends_at")
INDEXED = Table(name="orders", key=key("id"), indexes=(Index(name="by_day", key=key("day")),))
CONSENT = Consent(yes=True, confirm=["orders"])


@pytest.fixture
def project(strict: StrictServer) -> Iterator[Project]:
    with connect(endpoint=strict.endpoint, tables=[ORDERS], clock=strict.clock, consent=CONSENT) as project:
        yield project


def indexed(strict: StrictServer) -> Project:
    return connect(endpoint=strict.endpoint, tables=[INDEXED], clock=strict.clock, consent=CONSENT)


def test_a_table_that_is_not_waited_for_is_said_to_be_unfinished(project: Project, strict: StrictServer) -> None:
    heard: list[Event] = []
    made = project.create("orders", wait=False, listener=heard.append)
    assert made.status == "CREATING"
    [told] = [event for event in heard if isinstance(event, TableUnfinished)]
    assert told.reason.startswith("Not there yet: the table is CREATING; ")
    assert "steps were not begun" in told.reason
    strict.clock.advance(60)
    assert project.ensure(wait=False).existing == ("orders",)
    report = project.apply(project.plan(), fresh=True)
    assert [each.unfinished for each in report.applied] == [""]
    assert project.plan().is_empty
    assert project.ensure(wait=False).unfinished == {}


def test_an_index_is_waited_for_as_long_as_the_caller_says(project: Project, strict: StrictServer) -> None:
    project.create("orders")
    with indexed(strict) as other:
        [begun] = other.apply(other.plan(), wait_timeout=timedelta(seconds=5), fresh=True).applied
        assert "Not there yet" in begun.unfinished
        assert begun.steps_done == 1
        assert other.describe("orders").indexes[0].status == "CREATING"
        [done] = other.apply(other.plan(), wait_timeout=timedelta(hours=1), fresh=True).applied
        assert done.unfinished == ""
        assert other.plan().is_empty


def test_a_table_is_deleted_without_a_wait(project: Project, strict: StrictServer) -> None:
    project.create("orders")
    assert project.delete("orders", wait=False)
    assert project.describe("orders").status == "DELETING"
    strict.clock.advance(60)
    assert not project.exists("orders")
    project.create("orders")
    assert project.delete_tables(["orders"], wait_timeout=timedelta(minutes=30)) == ("orders",)
    assert not project.exists("orders")


def test_no_wait_and_a_timeout_contradict_each_other(project: Project) -> None:
    with pytest.raises(UsageError, match="contradict"):
        project.ensure(wait=False, wait_timeout=timedelta(minutes=1))
