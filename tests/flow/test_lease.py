"""A lease ends by a clock that counts while the process is stopped and while the machine sleeps."""

import threading
import time

import pytest

from dynasmith.aws.stores.lease import Lease, LockState
from dynasmith.ports.clock import lease_clock


class Kept:
    """A lock in memory; ``beats`` says how often it was renewed."""

    def __init__(self) -> None:
        self.owner = ""
        self.renewed = threading.Semaphore(0)

    def read(self) -> LockState | None:
        return None

    def take(self, seen: LockState | None, owner: str) -> bool:  # noqa: ARG002
        self.owner = owner
        return True

    def beat(self, owner: str, beat: int) -> bool:  # noqa: ARG002
        self.renewed.release()
        return owner == self.owner

    def free(self, owner: str, *, gone: bool) -> None:
        """Nothing to do."""


def held(lease: Lease) -> bool:
    return lease.held


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no clock of that name")
def test_the_clock_of_leases_counts_while_the_machine_sleeps() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    found = lease_clock()
    after = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= found <= after


def test_a_lease_is_held_until_two_thirds_of_it_passed_since_it_was_renewed() -> None:
    now = [1000.0]
    lock = Kept()
    lease = Lease(lock, "me", "job", lease_seconds=0.3, clock=lambda: now[0])
    assert held(lease)
    assert lease.until == pytest.approx(1000.2)
    now[0] = 1000.25  # the process was stopped: not one renewal ran meanwhile
    assert not held(lease)
    assert lock.renewed.acquire(timeout=300)
    while not held(lease):  # nobody took it: the renewal that succeeded says so
        time.sleep(0.01)
    lock.owner = "another"
    while held(lease):
        time.sleep(0.01)
    assert lease.until == float("-inf")
    lease.release()
