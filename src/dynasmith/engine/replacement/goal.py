"""Where the runs of a replacement are to end, and whether one is there."""

from dynasmith.jobs.replacement_progress import STATES, ReplacementGoal
from dynasmith.jobs.spec import Replace


def has_reached(spec: Replace) -> bool:
    """Whether a replacement is where its runs are to end, or further; one that was cancelled on its way is not."""
    state, goal = spec.progress.state, spec.until
    if state == "aborted":
        return goal == "aborted"
    if goal == "back":
        return state in ("following", "verified")
    return STATES.index(state) >= STATES.index(goal)


def resumed_goal(spec: Replace) -> ReplacementGoal:
    """Where a run ends that goes on with a replacement: a switch that was refused, or that was stopped before writes
    were, is commanded again, and its tables are followed until then."""
    state = spec.progress.state
    if spec.until == "following back" and state not in ("cutover", "following back"):
        return "verified"
    if spec.until == "back" and state == "following back":
        return "following back"
    return spec.until
