"""The ledger as a table, for jobs that several machines may take up: ``[jobs] ledger = "table:NAME"``.

=====================  =========================  ======================================================
pk                     sk                         what
=====================  =========================  ======================================================
``jobs``               the job's id               the job
``job#<id>``           ``segment#00003``          a checkpoint
``job#<id>``           ``dead#00003#<page>#000``  dead letters of a page
``job#<id>``           ``control``, ``lock``      what a person wants of it; who runs it (``lease``)
=====================  =========================  ======================================================

A checkpoint is written together with a check that the lock is still ours, so a run that lost its lease writes nothing
more. A job that was killed is free one lease (15 s) later, and until somebody takes it up it is listed as running.
"""

import asyncio
import hashlib
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import uuid4

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from dynasmith.aws.errors import translate
from dynasmith.aws.items.lease import LEASE_SECONDS, Lease
from dynasmith.errors import DynasmithError, Locked, RunError
from dynasmith.items.digest import Digest
from dynasmith.jobs.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job, counted, decode_job, encode_job, moved
from dynasmith.ports.checkpoints import Control
from dynasmith.ports.items import Dead

JOBS = "jobs"
DEAD_BYTES = 300_000
"""Packed dead letters in one item of the ledger: an item holds 400 KB."""
CONTROL_SECONDS = 1.0


class TableLedger:
    """All jobs in ``table`` of ``client`` (a botocore DynamoDB client), which is made when it is not there.

    It needs a table with the keys ``pk`` and ``sk`` (strings); one that it makes is on demand.
    """

    def __init__(self, client: Any, table: str, *, owner: str = "", lease_seconds: float = LEASE_SECONDS) -> None:
        self._store = _Store(client, table)
        self._owner = owner
        self._lease_seconds = lease_seconds

    def begin(self, job: Job) -> "TableClaim":
        """Enter a new job and hold it."""
        self._store.ensure()
        with self._store.translated("PutItem"):
            lease = self._lease(job.id)
        claim = TableClaim(self._store, lease, job)
        claim.change(job)
        return claim

    def claim(self, job_id: str) -> "TableClaim":
        """Hold a job that nobody runs; watches one that says it runs for a lease."""
        self._read(job_id)
        with self._store.translated("PutItem"):
            lease = self._lease(job_id)
        try:
            job = self._read(job_id)  # again: its last holder may have changed it meanwhile
            control = self.steered(job_id)
            if control.wish != "run":
                self.steer(job_id, msgspec.structs.replace(control, wish="run"))
        except BaseException:
            lease.release()
            raise
        if job.state in ("running", "paused"):
            job = moved(job, "interrupted", datetime.now(UTC), reason="its process ended without a word")
        return TableClaim(self._store, lease, job)

    def jobs(self) -> Sequence[Job]:
        """Every job, oldest first."""
        if not self._store.exists():
            return []
        found = [decode_job(line["job"]["B"]) for line in self._store.query(JOBS)]
        return sorted(found, key=lambda job: job.started_at)

    def show(self, job_id: str) -> Job:
        """One job with the counts of its checkpoints."""
        job = self._read(job_id)
        checkpoints = _checkpoints(self._store, job)
        counts = sum((checkpoint.counts for checkpoint in checkpoints.values()), Counts())
        digest = sum((checkpoint.target for checkpoint in checkpoints.values()), Digest())
        return counted(job, counts, digest if job.state == "done" and digest.count else None)

    def dead_letters(self, job_id: str) -> Sequence[Dead]:
        """The dead letters of a job."""
        self._read(job_id)
        pages: dict[str, bytes] = {}
        for line in self._store.query(_home(job_id), "dead#"):
            page = line["sk"]["S"].rpartition("#")[0]
            pages[page] = pages.get(page, b"") + line["dead"]["B"]
        return [
            dead for packed in pages.values() for dead in msgspec.json.decode(zlib.decompress(packed), type=list[Dead])
        ]

    def steer(self, job_id: str, control: Control) -> None:
        """Tell a job what is wanted of it."""
        self._store.put(_home(job_id), "control", control={"B": msgspec.json.encode(control)})

    def steered(self, job_id: str) -> Control:
        """What was last wanted of a job."""
        return _control(self._store, job_id)

    def prune(self, job_id: str) -> None:
        """Remove a job that is over, with its dead letters. Raises Locked when it runs, RunError if it is not over."""
        claim = self.claim(job_id)
        try:
            if not claim.job.over:
                raise RunError(
                    f"Job {job_id} is not over: it could be resumed.", hint=f"dynasmith jobs cancel {job_id} first"
                )
            for line in self._store.query(_home(job_id)):
                if line["sk"]["S"] != "lock":
                    self._store.delete(_home(job_id), line["sk"]["S"])
            self._store.delete(JOBS, job_id)
        finally:
            claim.release()

    def _lease(self, job_id: str) -> Lease:
        owner = f"{self._owner or 'dynasmith'} {uuid4().hex}"
        key = {"pk": {"S": _home(job_id)}, "sk": {"S": "lock"}}
        return Lease(self._store.client, self._store.table, key, owner, job_id, lease_seconds=self._lease_seconds)

    def _read(self, job_id: str) -> Job:
        line = self._store.get(JOBS, job_id) if self._store.exists() else None
        if line is None:
            raise RunError(
                f"There is no job {job_id} in table {self._store.table}.", hint="dynasmith jobs list shows them"
            )
        return decode_job(line["job"]["B"])


class TableClaim:
    """One job in the table, held by this process while its lease is."""

    def __init__(self, store: "_Store", lease: Lease, job: Job) -> None:
        self._store = store
        self._lease = lease
        self._job = job
        self._dead: set[str] | None = None
        self._control = Control()
        self._asked_at = float("-inf")

    @property
    def job(self) -> Job:
        """The job as it was last kept."""
        return self._job

    @property
    def dead_letters(self) -> str:
        """Where the dead letters are; empty while there are none."""
        return f"table {self._store.table}, pk {_home(self._job.id)}" if self._dead_names() else ""

    def checkpoints(self) -> Mapping[int, Checkpoint]:
        """The checkpoints there are, by segment."""
        return _checkpoints(self._store, self._job)

    async def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint if the lock is still ours, in one transaction. Raises Locked if it is not."""
        await asyncio.to_thread(
            self._fenced,
            f"segment#{checkpoint.segment:05d}",
            {"checkpoint": {"B": encode_checkpoint(checkpoint)}},
        )

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[Dead]) -> None:
        """Write dead letters; those of a page that is done again take the same places."""
        packed = zlib.compress(msgspec.json.encode(dead))
        for number, start in enumerate(range(0, len(packed), DEAD_BYTES)):
            name = f"{_page(segment, page)}#{number:03d}"
            await asyncio.to_thread(self._fenced, name, {"dead": {"B": packed[start : start + DEAD_BYTES]}})
            self._dead_names().add(name)

    def forget(self, segment: int, page: bytes | None, *, whole: bool = False) -> None:
        """Take back the dead letters of a page, or of the whole segment, that is done again."""
        prefix = f"dead#{segment:05d}#" if whole else _page(segment, page)
        names = self._dead_names()
        for name in [name for name in names if name.startswith(prefix)]:
            self._store.delete(_home(self._job.id), name)
            names.discard(name)

    def _dead_names(self) -> set[str]:
        """Where dead letters are; asked for once."""
        if self._dead is None:
            self._dead = {line["sk"]["S"] for line in self._store.query(_home(self._job.id), "dead#")}
        return self._dead

    def change(self, job: Job) -> None:
        """Keep the job's new state. Raises Locked where the lease was lost."""
        self._check()
        self._job = job
        self._store.put(JOBS, job.id, job={"B": encode_job(job)})

    def control(self) -> Control:
        """What a person wants, as it was a moment ago: it is read beside, at most once a second."""
        if monotonic() - self._asked_at > CONTROL_SECONDS:
            first = self._asked_at == float("-inf")
            self._asked_at = monotonic()
            if first:
                self._look()
            else:
                threading.Thread(target=self._look, name="dynasmith-control", daemon=True).start()
        return self._control

    def _look(self) -> None:
        with suppress(DynasmithError):  # what was wanted before still is; the next look may succeed
            self._control = _control(self._store, self._job.id)

    def release(self) -> None:
        """Let others have the job."""
        with self._store.translated("DeleteItem"):
            self._lease.release()

    def _check(self) -> None:
        if not self._lease.held:
            raise Locked(
                f"The lease on job {self._job.id} was lost: this process was away from the table for too long.",
                hint=f"dynasmith jobs resume {self._job.id}",
            )

    def _fenced(self, name: str, content: Mapping[str, Any]) -> None:
        self._check()
        home = {"S": _home(self._job.id)}
        fence = {
            "TableName": self._store.table,
            "Key": {"pk": home, "sk": {"S": "lock"}},
            "ConditionExpression": "#o = :me",
            "ExpressionAttributeNames": {"#o": "owner"},
            "ExpressionAttributeValues": {":me": {"S": self._lease.owner}},
        }
        put = {"TableName": self._store.table, "Item": {"pk": home, "sk": {"S": name}, **content}}
        try:
            self._store.client.transact_write_items(TransactItems=[{"ConditionCheck": fence}, {"Put": put}])
        except (ClientError, BotoCoreError) as error:
            reasons = getattr(error, "response", {}).get("CancellationReasons", [])
            if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
                raise Locked(
                    f"Job {self._job.id} was taken up by another process.", hint="let that one go on"
                ) from error
            raise translate(error, "dynamodb:TransactWriteItems", self._store.table) from error


class _Store:
    """The few calls on the ledger's table, with our errors."""

    def __init__(self, client: Any, table: str) -> None:
        self.client = client
        self.table = table

    @contextmanager
    def translated(self, operation: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise translate(error, f"dynamodb:{operation}", self.table) from error

    def exists(self) -> bool:
        with self.translated("DescribeTable"):
            try:
                self.client.describe_table(TableName=self.table)
            except self.client.exceptions.ResourceNotFoundException:
                return False
            return True

    def ensure(self) -> None:
        """Make the table if it is not there; several may do so at once."""
        if self.exists():
            return
        with self.translated("CreateTable"):
            with suppress(self.client.exceptions.ResourceInUseException):  # another process makes it
                self.client.create_table(
                    TableName=self.table,
                    AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
                    KeySchema=[
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "sk", "KeyType": "RANGE"},
                    ],
                    BillingMode="PAY_PER_REQUEST",
                )
            self.client.get_waiter("table_exists").wait(TableName=self.table, WaiterConfig={"Delay": 2})

    def get(self, home: str, name: str) -> dict[str, Any] | None:
        with self.translated("GetItem"):
            key = {"pk": {"S": home}, "sk": {"S": name}}
            found: dict[str, Any] | None = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True).get(
                "Item"
            )
            return found

    def put(self, home: str, name: str, **content: Any) -> None:
        with self.translated("PutItem"):
            self.client.put_item(TableName=self.table, Item={"pk": {"S": home}, "sk": {"S": name}, **content})

    def delete(self, home: str, name: str) -> None:
        with self.translated("DeleteItem"):
            self.client.delete_item(TableName=self.table, Key={"pk": {"S": home}, "sk": {"S": name}})

    def query(self, home: str, prefix: str = "") -> list[dict[str, Any]]:
        names = {"#p": "pk"} | ({"#s": "sk"} if prefix else {})
        values = {":p": {"S": home}} | ({":s": {"S": prefix}} if prefix else {})
        with self.translated("Query"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                ConsistentRead=True,
                KeyConditionExpression="#p = :p" + (" AND begins_with(#s, :s)" if prefix else ""),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
            return [line for page in pages for line in page["Items"]]


def _home(job_id: str) -> str:
    return f"job#{job_id}"


def _page(segment: int, page: bytes | None) -> str:
    name = "first" if page is None else hashlib.blake2b(page, digest_size=12).hexdigest()
    return f"dead#{segment:05d}#{name}"


def _checkpoints(store: _Store, job: Job) -> dict[int, Checkpoint]:
    found = {}
    for line in store.query(_home(job.id), "segment#"):
        segment = int(line["sk"]["S"].removeprefix("segment#"))
        found[segment] = decode_checkpoint(line["checkpoint"]["B"], job=job.id, segments=job.segments, segment=segment)
    return found


def _control(store: _Store, job_id: str) -> Control:
    line = store.get(_home(job_id), "control")
    return Control() if line is None else msgspec.json.decode(line["control"]["B"], type=Control)
