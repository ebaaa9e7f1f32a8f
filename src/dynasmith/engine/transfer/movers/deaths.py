"""How long a worker may be silent, and how often one may end without having moved anything, until the job stops."""

from dynasmith.errors import RunError

DEATHS_MAX = 3
"""How often workers may die at one place before the job stops: a transform that kills its process kills the next one
too."""

GRANT_SECONDS = 10.0
"""How long a worker may write on its own after it last asked."""

SILENT_SECONDS = 15.0
"""How long a worker may be silent; one that does not ask in time counts as dead."""

START_SECONDS = 120.0
"""How long a worker may take until it asks for the first time."""


def died_too_often(deaths: int, ending: str) -> RunError:
    """The workers of a job keep dying; ``ending`` says how the last one did."""
    return RunError(
        f"The processes of this job died {deaths} times, the last one {ending}.",
        hint="it may need more memory than is available; use fewer --processes or a smaller --batch-size",
    )


def stood_still(lapses: int) -> RunError:
    """The workers of a job do not get on; ``lapses`` says how often one was replaced without having moved a page."""
    return RunError(
        f"The processes of this job stalled {lapses} times, for {SILENT_SECONDS:g} s and longer, and moved no page.",
        hint="the machine may be overloaded, or the transform hangs; then resume the job",
    )
