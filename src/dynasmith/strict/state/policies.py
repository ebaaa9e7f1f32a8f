"""The resource policy of a table or stream, as it was at any moment. Mutable, since it is the world.

What is written is enforced, and shown, a while later, which a test sets. Times are stream time
(`StrictWorld.stream_time`): 15 seconds pass for a client that really waits as well as for one that moves the clock.
"""

from dataclasses import dataclass, field
from typing import Any, Final

NO_POLICY: Final = "NO_POLICY"
"""API reference, PutResourcePolicy: the ExpectedRevisionId of a resource without a policy."""
BLOCKED_SECONDS: Final = 15.0
"""Developer Guide, "Resource-based policy considerations": further updates are blocked after a successful one."""
POLICY_BYTES_MAX: Final = 20 * 1024
"""API reference, PutResourcePolicy: 20 KB, whitespace counted."""


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy (None: none) from a time on. ``judged`` keeps what was read of it."""

    at: float
    text: str | None
    revision: str
    judged: dict[str, Any] = field(default_factory=dict, compare=False)


NOTHING: Final = PolicyVersion(float("-inf"), None, "")


@dataclass(slots=True)
class PolicyLog:
    """The versions of one policy, oldest first."""

    versions: list[PolicyVersion] = field(default_factory=lambda: [NOTHING])

    @property
    def newest(self) -> PolicyVersion:
        """What was written last."""
        return self.versions[-1]

    @property
    def denies(self) -> bool:
        """Whether any version may deny something."""
        return any(one.text is not None and "Deny" in one.text for one in self.versions)

    def at(self, time: float) -> PolicyVersion:
        """What had been written at a time."""
        return next((one for one in reversed(self.versions) if one.at <= time), self.versions[0])

    def write(self, at: float, text: str | None, revision: str) -> None:
        """Replace the policy."""
        self.versions.append(PolicyVersion(at, text, revision))

    def blocked_until(self) -> float:
        """Until when no further update is taken."""
        return self.newest.at + BLOCKED_SECONDS


@dataclass(slots=True)
class PolicyDelays:
    """How late policies are enforced and shown. For ``ragged`` seconds after ``enforced`` every second call is still
    judged by the policy before: a change reaches the service's machines one after the other."""

    enforced: float = 0.0
    shown: float = 0.0
    ragged: float = 0.0
    calls: int = 0

    def judging(self, log: PolicyLog, now: float) -> PolicyVersion:
        """The policy that a call is judged by."""
        after = log.at(now - self.enforced)
        before = log.at(now - self.enforced - self.ragged)
        if after is before:
            return after
        self.calls += 1
        return before if self.calls % 2 else after
