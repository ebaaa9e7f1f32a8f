"""A lease on a job in a table: held while its holder beats, free when the beat has stood still for a lease.

The waiter judges by its own clock and by whether the record changes, never by a time that another machine wrote.
"""

import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dynasmith.errors import Locked

LEASE_SECONDS = 15.0
"""How long a beat may stand still before somebody else takes the job."""
BEATS = 5
"""How often a holder beats in a lease."""
LOOK_SECONDS = 0.5


class Lease:
    """The lock record of one job, beaten by a thread until ``release``. ``held`` is False once it is surely not ours.

    A holder that cannot beat for two thirds of a lease takes it for lost, before anybody else may have it.
    """

    def __init__(
        self,
        client: Any,
        table: str,
        key: Mapping[str, Any],
        owner: str,
        job_id: str,
        *,
        lease_seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._client, self._table, self._key, self.owner, self._job = client, table, dict(key), owner, job_id
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._beat = 0
        self._over = threading.Event()
        self._take()
        self._beaten = clock()
        self._lost = False
        self._thread = threading.Thread(target=self._keep, name="dynasmith-lease", daemon=True)
        self._thread.start()

    @property
    def held(self) -> bool:
        """Whether this process may write for the job."""
        return not self._lost and self._clock() - self._beaten < self._lease_seconds * 2 / 3

    def release(self) -> None:
        """Give it back; twice is allowed. One that was lost is left to whoever has it."""
        if self._over.is_set():
            return
        self._over.set()
        self._thread.join()
        if not self._lost:
            self._write(self._client.delete_item, "#o = :me", {":me": {"S": self.owner}})

    def _take(self) -> None:
        """Take it at once if it is free; else watch it for a lease. Raises Locked when its holder beats."""
        seen, since = self._read(), self._clock()
        while seen is not None and self._clock() - since < self._lease_seconds:
            self._over.wait(LOOK_SECONDS)
            now = self._read()
            if now is not None and now != seen:
                raise Locked(
                    f"Job {self._job} runs in another process ({now['owner']['S']}).",
                    hint=f"dynasmith jobs show {self._job} shows how far it is",
                )
            seen = now
        if not self._put(seen):
            raise Locked(f"Job {self._job} was just taken by another process.", hint="try again")

    def _read(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._client.get_item(
            TableName=self._table, Key=self._key, ConsistentRead=True
        ).get("Item")
        return found

    def _put(self, seen: Mapping[str, Any] | None) -> bool:
        """Put our record where there is none, or in place of the one that was seen; False where it is another now."""
        names = {"#o": "owner"} if seen is None else {"#o": "owner", "#b": "beat"}
        more = {} if seen is None else {"ExpressionAttributeValues": {":o": seen["owner"], ":b": seen["beat"]}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item={**self._key, "owner": {"S": self.owner}, "beat": {"N": "0"}},
                ConditionExpression="attribute_not_exists(#o)" if seen is None else "#o = :o AND #b = :b",
                ExpressionAttributeNames=names,
                **more,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _write(self, call: Callable[..., Any], condition: str, values: Mapping[str, Any], **more: Any) -> bool:
        try:
            call(
                TableName=self._table,
                Key=self._key,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#o": "owner"} | more.pop("names", {}),
                ExpressionAttributeValues=dict(values),
                **more,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _keep(self) -> None:
        while not self._over.wait(self._lease_seconds / BEATS):
            self._beat += 1
            try:
                ours = self._write(
                    self._client.update_item,
                    "#o = :me",
                    {":me": {"S": self.owner}, ":n": {"N": str(self._beat)}},
                    names={"#b": "beat"},
                    UpdateExpression="SET #b = :n",
                )
            except (ClientError, BotoCoreError):
                continue  # the network may be back before the lease ends; ``held`` says when it is too late
            if not ours:
                self._lost = True
                return
            self._beaten = self._clock()
