"""A script that is loaded again by a process of its own job: what it must not do then."""

import sys

from dynasmith.errors import UsageError

LOADING = "__dynasmith_main__"
"""The name of a script while a process of its transform loads it."""


def refuse_while_loading(processes: int) -> None:
    """Raise UsageError where a job with processes would begin while one of them loads the script that begins it."""
    if processes and LOADING in sys.modules:
        raise UsageError(
            "The script begins its job again when a process of the transform loads it.",
            hint='put what it does under if __name__ == "__main__":, or the transform into a module of its own',
        )
