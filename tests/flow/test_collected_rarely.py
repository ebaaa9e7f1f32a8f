"""Cycles are collected seldom while flows run, and Python's settings come back when the last of them ended."""

import gc

import pytest

from dynasmith.engine.transfer import event_thread
from dynasmith.engine.transfer.event_thread import YOUNG_OBJECTS, RareGarbageCollection, StopRequest, run


def test_the_settings_come_back_after_a_run_and_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    gc.unfreeze()  # what the suite froze
    monkeypatch.setattr(event_thread, "_COLLECTED_RARELY", RareGarbageCollection())
    before = gc.get_threshold()
    frozen = []

    async def seen(_: StopRequest) -> tuple[int, ...]:
        frozen.append(gc.get_freeze_count())
        return gc.get_threshold()

    async def failing(_: StopRequest) -> None:
        raise ValueError("gone wrong")

    assert run(seen) == (YOUNG_OBJECTS, *before[1:])
    with pytest.raises(ValueError, match="gone wrong"):
        run(failing)
    assert gc.get_threshold() == before
    assert frozen[0] > 0
    assert gc.get_freeze_count() == 0


def test_what_somebody_froze_stays_so() -> None:
    gc.freeze()
    frozen, rarely = gc.get_freeze_count(), RareGarbageCollection()
    for _ in range(2):
        with rarely:
            pass
    assert gc.get_freeze_count() > 0.9 * frozen  # some of them end meanwhile


def test_the_last_of_several_flows_brings_them_back() -> None:
    before, rarely = gc.get_threshold(), RareGarbageCollection()
    with rarely:
        with rarely:
            pass
        assert gc.get_threshold()[0] == YOUNG_OBJECTS
    assert gc.get_threshold() == before


def test_a_collector_that_was_turned_off_stays_so() -> None:
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with RareGarbageCollection():
            assert gc.get_threshold()[0] == 0
        assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)
