"""How many examples a property is tried with: as many as it says, times DYNASMITH_TEST_EXAMPLES (`make properties`).

Examples are new in every run, so that what a run leaves out is tried by another.
"""

import os
from typing import Any

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("DYNASMITH_TEST_EXAMPLES", "1"))


def examples(count: int, **more: Any) -> settings:
    """Settings for so many examples. A test never fails for being slow."""
    unchecked = {HealthCheck.too_slow, *more.pop("suppress_health_check", ())}
    return settings(max_examples=count * TIMES, deadline=None, suppress_health_check=list(unchecked), **more)
