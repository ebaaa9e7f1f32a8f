"""What a refresh needs of the environments that it is between."""

from typing import NamedTuple, Protocol

from dynasmith.jobs.counts import Counts
from dynasmith.jobs.refresh_recipe import RefreshPart
from dynasmith.jobs.spec import Refresh
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.clock import Clock


class PartOutcome(NamedTuple):
    """What a part came to. ``found`` counts differences and findings."""

    counts: Counts = Counts()
    found: int = 0


class RefreshWorld(Protocol):
    """One run of one refresh asks it."""

    @property
    def clock(self) -> Clock:
        """The project's clock."""
        ...

    def job_of(self, part: RefreshPart) -> str:
        """The id of the job that a part is done by, one that it has already where that can be gone on with; empty for a
        part that is no job."""
        ...

    def do(self, spec: Refresh, part: RefreshPart, claim: Claim) -> PartOutcome:
        """Do a part to its end, or go on with it by its job, which is paused and cancelled with the refresh.

        Raises every error of the verb that does it.
        """
        ...
