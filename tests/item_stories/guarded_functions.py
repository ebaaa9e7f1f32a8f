"""A transform that another process can import by its name."""

import os
from typing import Any


def with_process(item: Any) -> Any:
    """Says where it ran."""
    item["ran_in"] = os.getpid()
    return item
