"""Every fault once, with every verb: a retry repairs it, and what is there in the end is equal, item by item.

Where a fault may end the job, it ends with a sentence, and its resume makes it equal.
"""

import pytest

from faults.arena import Arena
from faults.cases import Case
from faults.faults import FAULTS
from faults.matrix import packed


@pytest.mark.parametrize(
    "case", list(packed()), ids=lambda case: f"{case.verb}: {len(case.struck)} faults, {case.struck[0].fault}"
)
def test_a_fault_once_is_repaired(tried: Arena, case: Case) -> None:
    verdict = tried.judge(case)
    assert not verdict.wrong, str(verdict)
    # A fault that needs a reply before it finds none where every call of the run had to open a new connection.
    sure = sum(not FAULTS[each.fault].later for each in case.struck)
    assert sure <= verdict.met, f"{verdict.met} of {len(case.struck)} calls met a fault\n{verdict}"
