"""Faults that do not go away: the job ends in bounded time, with a sentence, and its resume makes all equal."""

import pytest

from faults.arena import Arena
from faults.cases import Case
from faults.matrix import always


@pytest.mark.parametrize("case", list(always()), ids=lambda case: case.name)
def test_a_fault_for_ever_ends_with_a_sentence_or_equal(tried: Arena, case: Case) -> None:
    verdict = tried.judge(case)
    assert not verdict.wrong, str(verdict)
    assert verdict.met, f"no call met the fault\n{verdict}"
