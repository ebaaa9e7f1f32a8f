"""What a step that was refused waits for: what clears by itself, and not replies that are not the service's."""

from typing import Any

import pytest

from dynasmith.engine.call_retry import send
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import BROKEN_REPLY, ServiceUnavailable
from dynasmith.plans.step import CallDeleteIndex
from engine.test_waiting import Time


class Failing:
    """Refuses every step in one way."""

    def __init__(self, code: str) -> None:
        self.error = ServiceUnavailable("UpdateTable on orders failed.", service_code=code)
        self.sent = 0

    def send(self, *_: Any) -> None:
        self.sent += 1
        raise self.error


@pytest.mark.parametrize(("code", "seconds"), [(BROKEN_REPLY, 0), ("InternalServerError", 900)])
def test_a_step_waits_for_the_service_and_not_for_a_proxy(code: str, seconds: float) -> None:
    time = Time()
    tables: Any = Failing(code)
    with pytest.raises(ServiceUnavailable):
        send(CallDeleteIndex(name="by_day"), "orders", tables, time, StopFlag())
    assert (tables.sent == 1, time.seconds >= seconds) == (code == BROKEN_REPLY, True)
