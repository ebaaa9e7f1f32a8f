"""`PolicyFence`: the fence as one statement of the table's resource policy.

What the service says of a write is not believed: a reply may be lost, a wrong revision and an absent policy answer the
same, and GetResourcePolicy is eventually consistent. So each change is settled by reading until the policy is the old
one or the new one. After an update the service takes no other one for 15 seconds (Developer Guide, "Resource-based
policy considerations").
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import UNSET

from dynasmith.aws.control.session import Session
from dynasmith.aws.errors.denial import DenialReason, denial_reason
from dynasmith.aws.errors.refusal import unread_settings
from dynasmith.errors import (
    AccessDenied,
    ChangeConflict,
    DynasmithError,
    LimitExceeded,
    NoEffect,
    ServiceError,
    ServiceUnavailable,
    TableBusy,
    Throttled,
    Unreachable,
    WaitTimeout,
)
from dynasmith.limits import RESOURCE_POLICY_MAX_BYTES
from dynasmith.ports.clock import Clock
from dynasmith.tables.description import TableDescription
from dynasmith.tables.fence_policy import fenced_policy, is_fenced, principal_patterns, unfenced_policy
from dynasmith.tables.policy import same_policy

NO_POLICY: Final = "NO_POLICY"
_ABSENT: Final = "PolicyNotFoundException"
_NO_REVISION: Final = "dynasmith-no-such-revision"
LOOK_SECONDS: Final = 1.0
STALE_SECONDS: Final = 15.0
"""How old what GetResourcePolicy shows may be: the API reference says a few seconds."""
PROOF_CALLS: Final = 20
PROOF_SECONDS: Final = 5.0
SPREAD_SECONDS: Final = 30.0
"""How long a fence that was lifted may still refuse writes somewhere: twice what the service needs for a policy."""
_PASSING: Final = (TableBusy, LimitExceeded, Throttled)
_LOST: Final = (Unreachable, ServiceUnavailable)


class PolicyFence:
    """Keeps `dynasmith.ports.fences.WriteFence` for the table ``described``. Waits at most ``settle_seconds`` for each
    change to be kept, and for the proof. It holds against principals: what time to live deletes has none."""

    def __init__(
        self, session: Session, clock: Clock, described: TableDescription, settle_seconds: float = 120.0
    ) -> None:
        self._session, self._clock, self._described = session, clock, described
        self._name, self._arn = described.table.name, described.arn
        self._settle_seconds, self._has_written = settle_seconds, False

    def refusal(self) -> str:
        """See the port. GetResourcePolicy, and where there can be a fence two deletes of keys that nothing has: only of
        a caller that may write is a refused write a proof later. Where the table has no policy a deletion of one that
        is not there, since without that permission the fence would stay. Raises AccessDenied where this caller may not
        do these, or may not read what has to be known."""
        table = self._described.table
        if UNSET in (table.replicas, table.time_to_live):
            raise unread_settings(self._described.unread.values(), self._name, self._session.access)
        if table.replicas:
            return f"{self._name} has replicas: a resource policy binds the writers of one Region only."
        if table.time_to_live:
            return f"{self._name} has time to live: what it deletes passes every policy."
        policy, _ = self._read()
        try:
            longest = fenced_policy(policy, self._arn, principal_patterns(self._session.caller().arn))
        except ValueError:
            return f"The resource policy of {self._name} is not a JSON object."
        size = len(longest.encode())
        if size > RESOURCE_POLICY_MAX_BYTES:
            return (
                f"The resource policy of {self._name} has {size} bytes with the fence in it, and "
                f"{RESOURCE_POLICY_MAX_BYTES} are allowed."
            )
        if policy is None:
            self._delete_nothing()
        self._write_once()
        return ""

    def put(self, passes: Sequence[str] = ()) -> None:
        """See the port. Two calls where nothing goes wrong."""
        policy, revision = self._read()
        self._change(policy, revision, fenced_policy(policy, self._arn, passes))

    def admit(self) -> None:
        """See the port. One call where it is so already, and a probe; a policy takes no other change for 15 seconds.
        Raises AccessDenied where writes do not pass in time."""
        passes = principal_patterns(self._session.caller().arn)
        self.put(passes)
        deadline = self._clock.monotonic() + self._settle_seconds
        while (denied := self._denied(batch=False)) is not None:
            if not self._may_pass(denied) or self._clock.monotonic() >= deadline:
                raise denied
            self._clock.sleep(LOOK_SECONDS)

    def lift(self) -> None:
        """See the port. Two calls where nothing goes wrong. Where it sees no fence it looks again for 15 seconds: what
        is read may be older than a fence that was put a moment ago."""
        looked_from = self._clock.monotonic()
        while True:
            policy, revision = self._read()
            if policy is not None and is_fenced(policy):
                return self._change(policy, revision, unfenced_policy(policy))
            if self._clock.monotonic() - looked_from >= STALE_SECONDS:
                return None
            self._clock.sleep(LOOK_SECONDS)

    def prove(self) -> None:
        """See the port. Deletes of keys that nothing has, by DeleteItem and BatchWriteItem in turn, until 20 in a row
        over 5 seconds were refused by a resource policy. It proves it for this caller alone. Raises AccessDenied where
        they are refused for another reason, which says nothing of the fence."""
        deadline = self._clock.monotonic() + self._settle_seconds
        refused = 0
        while refused < PROOF_CALLS:
            denied = self._denied(batch=refused % 2 == 1)
            refused = refused + 1 if denied is not None and self._is_by_fence(denied) else 0
            if refused == 0 and self._clock.monotonic() >= deadline:
                if denied is not None:
                    raise self._unproved(denied)
                raise NoEffect(
                    f"Writes of {self._name} pass the fence in its resource policy after "
                    f"{self._settle_seconds:.0f} seconds.",
                    hint="take the fence off; an engine that does not enforce policies needs another kind of fence",
                )
            if refused < PROOF_CALLS:
                self._clock.sleep(PROOF_SECONDS / (PROOF_CALLS - 1))

    # --- the policy

    def _read(self) -> tuple[str | None, str]:
        """The policy and its revision, as far as the service shows them."""
        try:
            said = self._call("GetResourcePolicy", {"ResourceArn": self._arn})
        except ServiceError as error:
            if error.service_code != _ABSENT:
                raise
            return None, NO_POLICY
        return str(said["Policy"]), str(said["RevisionId"])

    def _change(self, before: str | None, revision: str, after: str | None) -> None:
        """Replace a policy by another one, whatever becomes of the replies."""
        deadline = self._clock.monotonic() + self._settle_seconds
        strange_from: float | None = None
        while not same_policy(before, after):
            lost: DynasmithError
            try:
                return self._write(revision, after)
            except (*_PASSING, *_LOST) as error:
                lost = error
            except ServiceError as error:
                if error.service_code != _ABSENT:
                    raise
                lost = error
            if self._clock.monotonic() >= deadline:
                raise WaitTimeout(
                    f"The resource policy of {self._name} was not settled within {self._settle_seconds:.0f} seconds: "
                    f"{lost.message}",
                    hint="run it again: it reads the policy first, and goes on from what it finds",
                )
            self._clock.sleep(LOOK_SECONDS)
            there, shown = self._look(deadline) or (before, revision)
            if same_policy(there, after):
                return None
            if same_policy(there, before):
                revision, strange_from = shown, None
                continue
            strange_from = self._clock.monotonic() if strange_from is None else strange_from
            if self._clock.monotonic() - strange_from >= STALE_SECONDS:
                raise ChangeConflict(
                    f"Somebody else changed the resource policy of {self._name} meanwhile.",
                    hint="look at the policy, and run it again once nobody else changes it",
                )
        return None

    def _look(self, deadline: float) -> tuple[str | None, str] | None:
        """What the service shows; None where it cannot be read just now, and there is time left."""
        try:
            return self._read()
        except (*_LOST, Throttled):
            if self._clock.monotonic() >= deadline:
                raise
            return None

    def _write(self, revision: str, policy: str | None) -> None:
        asked: dict[str, Any] = {"ResourceArn": self._arn, "ExpectedRevisionId": revision}
        if policy is None:
            self._call("DeleteResourcePolicy", asked)
        else:
            self._call("PutResourcePolicy", {**asked, "Policy": policy})

    def _delete_nothing(self) -> None:
        """Delete a policy of a revision that there is not. Raises AccessDenied where this caller may delete none."""
        try:
            self._write(_NO_REVISION, None)
        except ServiceError as error:
            if error.service_code != _ABSENT:
                raise

    # --- the proof

    def _write_once(self) -> None:
        """Have a write of each kind pass. Raises AccessDenied where this caller may not write; a fence that was lifted
        is given time to go, and so is a table that takes no writes just now."""
        looked_from = self._clock.monotonic()
        for batch in (False, True):
            while (refusal := self._tried(batch=batch)) is not None:
                waited = self._clock.monotonic() - looked_from
                if isinstance(refusal, AccessDenied):
                    passes_later = denial_reason(refusal.message) is DenialReason.RESOURCE_POLICY
                    refusal = self._unproved(refusal)
                else:
                    passes_later = True
                if not passes_later or waited >= SPREAD_SECONDS:
                    raise refusal
                self._clock.sleep(LOOK_SECONDS)
        self._has_written = True

    def _is_by_fence(self, denied: AccessDenied) -> bool:
        """Whether a write was refused by a resource policy. Where the service gives no reason, it is that of a caller
        whose writes passed before."""
        reason = denial_reason(denied.message)
        return reason is DenialReason.RESOURCE_POLICY or (reason is DenialReason.UNSAID and self._has_written)

    @staticmethod
    def _may_pass(denied: AccessDenied) -> bool:
        """Whether a denial may be of a fence that lets this caller pass, and does not hold everywhere yet."""
        return denial_reason(denied.message) in (DenialReason.RESOURCE_POLICY, DenialReason.UNSAID)

    def _unproved(self, denied: AccessDenied) -> AccessDenied:
        """The error of a caller whose refused writes say nothing of the fence."""
        return AccessDenied(
            f"The caller may not write {self._name}, so it cannot prove that a fence stops writes: {denied.message}",
            hint=denied.hint,
            action=denied.action,
            statement=denied.statement,
        )

    def _denied(self, *, batch: bool) -> AccessDenied | None:
        """The denial of a write; None where it passed, or no reply says which."""
        refusal = self._tried(batch=batch)
        return refusal if isinstance(refusal, AccessDenied) else None

    def _tried(self, *, batch: bool) -> DynasmithError | None:
        """Why a delete of a key that nothing has did not pass; None where it passed."""
        key_schema = self._described.table.key
        key = {one.name: _absent(one.type) for one in (*key_schema.partition, *key_schema.sort)}
        request = {"RequestItems": {self._name: [{"DeleteRequest": {"Key": key}}]}}
        try:
            if batch:
                self._call("BatchWriteItem", request)
            else:
                self._call("DeleteItem", {"TableName": self._name, "Key": key})
        except (AccessDenied, *_PASSING, *_LOST) as error:
            return error
        return None

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return self._session.call("dynamodb", operation, parameters, table=self._name)


def _absent(kind: str) -> dict[str, Any]:
    """A value of a key that no item has."""
    number = uuid.uuid4().int
    if kind == "N":
        return {"N": f"-{number % 10**37}.5"}
    text = f"dynasmith-fence-{number:x}"
    return {"S": text} if kind == "S" else {"B": text.encode()}
