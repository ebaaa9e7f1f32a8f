"""Everything one server holds, and the way from it to the engine."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from dynasmith.strict.faults.faults import Faults
from dynasmith.strict.iam.role import Role, RoleSession
from dynasmith.strict.measures.measure import CallMeasure
from dynasmith.strict.rules.items import part_keys
from dynasmith.strict.rules.rule import RuleBook
from dynasmith.strict.services.stream_logs import adopt_stream
from dynasmith.strict.state import timing
from dynasmith.strict.state.capacity import CapacityModel
from dynasmith.strict.state.clock import StrictClock
from dynasmith.strict.state.conflicts import Conflicts
from dynasmith.strict.state.effects import adopted
from dynasmith.strict.state.exports import ExportTask, ImportTask
from dynasmith.strict.state.history import History
from dynasmith.strict.state.journal import Journal
from dynasmith.strict.state.permission_journal import PermissionJournal
from dynasmith.strict.state.policies import PolicyDelays
from dynasmith.strict.state.stall import Stall
from dynasmith.strict.state.state import Account, StrictTable
from dynasmith.strict.wire.credentials import credentials_of
from dynasmith.strict.wire.http import Upstream
from dynasmith.strict.wire.messages import WireReply, WireRequest, error_code

LOG = logging.getLogger("dynasmith.strict")
TARGET = b"DynamoDB_20120810."


@dataclass(slots=True)
class IncomingCall:
    """One DynamoDB call on its way through. ``units`` and ``items`` are filled in as they become known."""

    request: WireRequest
    operation: str
    body: dict[str, Any]
    account: Account
    now: float
    tables: tuple[str, ...] = ()
    units: float | None = None
    items: int = 0
    measured: CallMeasure = field(default_factory=CallMeasure)
    # Half of a batch is left unprocessed, since a fault says so.
    leave: bool = False
    # How much longer it takes, since a fault says so.
    slow_seconds: float = 0.0
    # Which whole image of the item the engine is asked for beside what the caller asks ("" for none), what it said, and
    # whether it was asked.
    watches: str = ""
    image: Mapping[str, Any] | None = None
    watched: bool = False
    # Who writes, where streams say who (a service).
    identity: Mapping[str, str] | None = None

    async def pause(self) -> None:
        """Take as long as a fault says."""
        if self.slow_seconds:
            await asyncio.sleep(self.slow_seconds)

    def keys(self, table: StrictTable) -> dict[str, str]:
        """The partition keys that the call is about, by index, where it is about one item."""
        parts = list(self.measured.of(table.name))
        return part_keys(table, parts[0].value) if len(parts) == 1 else {}


@dataclass(slots=True)
class StrictWorld:
    """The state of one strict server. Touched by its event loop; the clock, rules and journal by anybody."""

    upstream: Upstream
    clock: StrictClock
    rules: RuleBook
    journal: Journal
    stall: Stall
    auto_advance: bool = False
    describe_lag_seconds: float = 0.0
    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)
    capacity: CapacityModel = field(default_factory=CapacityModel)
    faults: Faults = field(default_factory=Faults)
    disabled_regions: set[str] = field(default_factory=set)
    conflicts: Conflicts = field(default_factory=Conflicts)
    histories: dict[str, History] = field(default_factory=dict)
    exports: dict[str, ExportTask] = field(default_factory=dict)
    imports: dict[tuple[tuple[str, str], str], ImportTask] = field(default_factory=dict)
    writers: dict[str, asyncio.Lock] = field(default_factory=dict)
    control: asyncio.Lock = field(default_factory=asyncio.Lock)
    permissions: PermissionJournal = field(default_factory=PermissionJournal)
    # By the access key that AssumeRole gave out.
    sessions: dict[str, RoleSession] = field(default_factory=dict)
    # By account and ARN, as they were read; forgotten when something is written to IAM. None: the role does not exist.
    roles: dict[tuple[str, str], Role | None] = field(default_factory=dict)
    # How late resource policies are enforced and shown.
    policy_delays: PolicyDelays = field(default_factory=PolicyDelays)
    # How long it takes until a record can be read.
    stream_lag_seconds: float = 0.0
    # Only one runs what AWS Backup has due.
    backups: asyncio.Lock = field(default_factory=asyncio.Lock)
    # The tasks that call functions with the changes of streams, by the UUID of their mapping.
    callers: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def stream_time(self) -> float:
        """The time of day that ages and windows of streams are measured on: moves with real time and with the clock."""
        return self.clock.flow_time()

    def account_of(self, request: WireRequest) -> Account:
        """The account and Region of a request, by its credential scope (an engine that has accounts takes a 12-digit
        access key as one)."""
        access, region, _ = request.scope
        session = self.sessions.get(access)
        if session is not None:
            access = session.access
        key = (access if len(access) == 12 and access.isdigit() else "", region or "us-east-1")
        return self.accounts.setdefault(key, Account(key))

    def writers_of(self, table: StrictTable) -> asyncio.Lock:
        """The lock under which the writes of a table with PITR go one after the other."""
        return self.writers.setdefault(table.arn, asyncio.Lock())

    async def forward(self, call: IncomingCall) -> WireReply:
        """Send the call to the engine as it came."""
        return await self.upstream.send(call.request)

    async def send(self, call: IncomingCall, body: Mapping[str, Any]) -> WireReply:
        """Send the call to the engine with another body."""
        return await self.upstream.send(
            WireRequest(call.request.method, call.request.target, call.request.headers, msgspec.json.encode(body))
        )

    async def ask(
        self, call: IncomingCall, operation: str, body: Mapping[str, Any]
    ) -> tuple[WireReply, dict[str, Any]]:
        """Send a call of our own to the engine with the caller's credentials; its reply and its JSON."""
        headers = {
            **call.request.headers,
            b"x-amz-target": TARGET + operation.encode(),
            b"content-type": b"application/x-amz-json-1.0",
        }
        reply = await self.upstream.send(WireRequest(b"POST", b"/", headers, msgspec.json.encode(body)))
        return reply, reply_json(reply)

    async def table(self, call: IncomingCall, name: str) -> StrictTable | None:
        """The table's state; one that the endpoint has not seen yet is adopted as the engine describes it."""
        known = call.account.tables.get(name)
        if known is not None or not name:
            return known
        reply, said = await self.ask(call, "DescribeTable", {"TableName": name})
        if reply.status != 200:
            return None
        _, ttl = await self.ask(call, "DescribeTimeToLive", {"TableName": name})
        _, backups = await self.ask(call, "DescribeContinuousBackups", {"TableName": name})
        call.account.found = True
        table = adopted(
            said["Table"],
            ttl.get("TimeToLiveDescription") or {},
            backups.get("ContinuousBackupsDescription") or {},
            self.clock.time(),
        )
        await adopt_stream(self.upstream, call.account, table, self.clock.time(), self.stream_time())
        # Another call may have adopted it meanwhile; the first one stays.
        return call.account.tables.setdefault(name, table)

    async def table_names(self, account: Account) -> list[str]:
        """The tables of an account that the engine has, or that the endpoint knows."""
        found, start = list(account.tables), ""
        headers = {
            **credentials_of(account.key),
            b"content-type": b"application/x-amz-json-1.0",
            b"x-amz-target": TARGET + b"ListTables",
        }
        while True:
            asked = {"ExclusiveStartTableName": start} if start else {}
            said = reply_json(await self.upstream.send(WireRequest(b"POST", b"/", headers, msgspec.json.encode(asked))))
            found += said.get("TableNames") or ()
            start = said.get("LastEvaluatedTableName") or ""
            if not start:
                return list(dict.fromkeys(found))

    def poll(self, dues: list[float], now: float) -> None:
        """Somebody saw something in transition: let time pass towards the next due time."""
        left = min((due - now for due in dues if due > now), default=0.0)
        if self.auto_advance and left > 0:
            self.clock.advance(max(timing.AUTO_ADVANCE_SECONDS, left / timing.AUTO_ADVANCE_SHARE))


Handler = Callable[[StrictWorld, IncomingCall], Any]


def reply_json(reply: WireReply) -> dict[str, Any]:
    """The JSON of a 200 reply; {} for anything else."""
    if reply.status != 200:
        LOG.debug("the engine answered %s", error_code(reply))
        return {}
    try:
        value = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}
