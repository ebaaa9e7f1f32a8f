"""What happens to each request: which service it is for, what the rules say, then the engine, then the journal."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from dynasmith.strict.faults.faults import struck
from dynasmith.strict.measures.measure import measure
from dynasmith.strict.rules.data import ITEM_OPERATIONS
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, plain_name
from dynasmith.strict.services import autoscaling as scaling
from dynasmith.strict.services import control, data, insights, kinesis, policies
from dynasmith.strict.services.access import denied, learn
from dynasmith.strict.services.aws_backup.due import run_due
from dynasmith.strict.services.aws_backup.service import answer_backup, backup_operation
from dynasmith.strict.services.background_metrics import measure_replication
from dynasmith.strict.services.backups import BACKUP_READS, BACKUPS
from dynasmith.strict.services.cloudwatch import CLOUDWATCH, answer_cloudwatch, cloudwatch_operation
from dynasmith.strict.services.expiry import expire_due
from dynasmith.strict.services.export import describe_export, export_table, list_exports
from dynasmith.strict.services.imports import describe_import, import_table
from dynasmith.strict.services.isolation import isolated
from dynasmith.strict.services.mappings.adoption import adopt
from dynasmith.strict.services.mappings.feeds import fed
from dynasmith.strict.services.mappings.mapping_tag import answer_tags, is_mapping_tags
from dynasmith.strict.services.mappings.service import answer_mapping, is_mapping_call, mapping_operation
from dynasmith.strict.services.metrics import measure_reply, store_due
from dynasmith.strict.services.regions import not_enabled
from dynasmith.strict.services.restore import restore_to_time, update_backups
from dynasmith.strict.services.s3 import another_owner
from dynasmith.strict.services.service_actions import body_of, query_action
from dynasmith.strict.services.simulation import simulated
from dynasmith.strict.services.statements import run_statements
from dynasmith.strict.services.stream_logs import STREAMS
from dynasmith.strict.services.streams import answer_streams, stream_tables
from dynasmith.strict.services.world import LOG, TARGET, IncomingCall, StrictWorld
from dynasmith.strict.services.write_images import recorded
from dynasmith.strict.state.journal import STATEMENTS, WRITES, Call
from dynasmith.strict.wire.http import Upstream
from dynasmith.strict.wire.messages import WireReply, WireRequest, error_code, error_reply
from dynasmith.strict.wire.rpc import in_protocol

# What engines call an exception of their own; the service's is InternalServerError.
_ENGINE_FAILURES = frozenset({"InternalError", "InternalFailure"})
_DATA = frozenset(ITEM_OPERATIONS)
_CHANGES = {
    **control.WRITES,
    **BACKUPS,
    **insights.WRITES,
    **kinesis.WRITES,
    **policies.WRITES,
    "UpdateContinuousBackups": update_backups,
    "RestoreTableToPointInTime": restore_to_time,
    "ExportTableToPointInTime": export_table,
    "ImportTable": import_table,
}
_LOOKS = {
    **control.READS,
    **BACKUP_READS,
    **insights.READS,
    **kinesis.READS,
    **policies.READS,
    "DescribeExport": describe_export,
    "DescribeImport": describe_import,
    "ListExports": list_exports,
}
# Refusals that end by themselves: a client that tries again until they do is one that polls.
_PASSING = frozenset(
    {
        "BackupInUseException",
        "ContinuousBackupsUnavailableException",
        "LimitExceededException",
        "ResourceInUseException",
        "ResourceNotFoundException",
        "TableInUseException",
        "TableNotFoundException",
    }
)
STALLED = "StrictTimeoutException"
Autoscaling = Callable[[], Awaitable[Upstream | None]]
ServiceAnswer = Callable[[StrictWorld, WireRequest], Awaitable[WireReply]]


class RequestPipeline:
    """The handler of one server's requests."""

    def __init__(self, world: StrictWorld, autoscaling: Autoscaling) -> None:
        self._world = world
        self._autoscaling = autoscaling

    async def answer(self, request: WireRequest) -> WireReply:
        """The reply to one request; never raises."""
        try:
            target = request.headers.get(b"x-amz-target", b"")
            denial = not_enabled(self._world, request) or await denied(self._world, request)
            if denial is not None:
                self._write_denial(request, target, denial)
                return denial
            if target.startswith(TARGET):
                return await self._dynamodb(request, target[len(TARGET) :].decode("latin-1"))
            return await self._other(request, target)
        except OSError as error:
            return error_reply(
                "ServiceUnavailable", f"The engine behind the strict endpoint does not answer: {error}", status=503
            )
        except Exception as error:
            LOG.exception("the strict endpoint failed on a request")
            return error_reply("InternalServerError", f"The strict endpoint itself failed: {error!r}", status=500)

    async def _other(self, request: WireRequest, target: bytes) -> WireReply:
        """A service that is only routed: Application Auto Scaling to its own engine, the rest to the engine."""
        world = self._world
        service = request.scope[2]
        if service == "backup":
            return await self._own_service(request, service, backup_operation(request), answer_backup)
        if service == CLOUDWATCH:
            return await self._own_service(request, CLOUDWATCH, cloudwatch_operation(request), answer_cloudwatch)
        if target.startswith(STREAMS):
            operation = target[len(STREAMS) :].decode("latin-1")
            return await self._own_service(request, "dynamodb", operation, answer_streams, stream_tables(request))
        if service == "lambda" and is_mapping_call(request):
            return await self._own_service(request, service, mapping_operation(request), answer_mapping)
        if service == "lambda" and is_mapping_tags(request):
            return await self._own_service(request, service, mapping_operation(request), answer_tags)
        scaling_call = target.startswith(b"AnyScaleFrontendService.") or service == "application-autoscaling"
        operation = target.rpartition(b".")[2].decode("latin-1") or query_action(request)
        if not operation:
            path = request.target.decode("latin-1").split("?", 1)[0]
            operation = f"{request.method.decode('latin-1')} {path}"
        at = world.clock.time()
        upstream = await self._autoscaling() if scaling_call else world.upstream
        fault = world.faults.meeting(operation, ())
        refusal = await scaling.judge(world, request, operation) if scaling_call and fault is None else None
        foreign = another_owner(world, request) if fault is None else None
        if operation == "SimulatePrincipalPolicy" and fault is None:
            foreign = await simulated(world, request)
        if foreign is not None:
            reply = foreign
        elif upstream is None:
            reply = error_reply(
                "UnknownOperationException", "This endpoint was started without Application Auto Scaling"
            )
        elif refusal is not None:
            reply = refused(refusal)
        elif fault is None:
            own = scaling.own_answer(world.account_of(request), request, operation) if scaling_call else None
            reply = offered(operation, await upstream.send(request)) if own is None else own
        else:
            engine = upstream
            slow_seconds = fault.slow_seconds

            async def go_on() -> WireReply:
                await asyncio.sleep(slow_seconds)
                return offered(operation, await engine.send(request))

            reply = await struck(fault, operation, "", go_on, service)
        if scaling_call:
            scaling.learn(world.account_of(request), request, operation, reply)
            if upstream is not None:
                await scaling.drop_policies(upstream, request, operation, reply)
        learn(world, request, reply)
        body = request.body if target else None
        world.journal.add(Call(operation, "", reply.status, None, at, 0, outcome(reply), service or "other", body=body))
        return reply

    def _write_denial(self, request: WireRequest, target: bytes, denial: WireReply) -> None:
        service = request.scope[2]
        operation = target.rpartition(b".")[2].decode("latin-1")
        if service == "backup":
            operation = backup_operation(request)
        if service == "lambda" and is_mapping_call(request):
            operation = mapping_operation(request)
        tables = control.tables_of(body_of(request)) if target.startswith(TARGET) else ()
        call = Call(operation, tables[0] if tables else "", denial.status, None, self._world.clock.time(), 0)
        call.error, call.service, call.tables, call.body = outcome(denial), service, tables, request.body
        self._world.journal.add(call)

    async def _own_service(
        self, request: WireRequest, service: str, operation: str, answer: ServiceAnswer, tables: tuple[str, ...] = ()
    ) -> WireReply:
        """A service that the endpoint does itself, or stands in for: AWS Backup, CloudWatch, triggers, streams."""
        world, at = self._world, self._world.clock.time()
        fault = world.faults.meeting(operation, tables)
        if fault is None:
            reply = await answer(world, request)
        else:
            slow_seconds = fault.slow_seconds

            async def go_on() -> WireReply:
                await asyncio.sleep(slow_seconds)
                return await answer(world, request)

            reply = await struck(fault, operation, "", go_on, service)
        table = tables[0] if tables else ""
        call = Call(operation, table, reply.status, None, at, 0, outcome(reply), service, tables, request.body)
        reply = in_protocol(request, reply) if service == CLOUDWATCH else reply
        world.journal.add(call)
        return reply

    async def _dynamodb(self, request: WireRequest, operation: str) -> WireReply:
        world = self._world
        now = world.clock.time()
        try:
            body = msgspec.json.decode(request.body) if request.body else {}
        except msgspec.DecodeError as error:
            return error_reply("SerializationException", f"The request is not JSON: {error}")
        if not isinstance(body, dict):
            return error_reply("SerializationException", "Start of structure or map expected")
        if b"null" in request.body:
            # A member that is null is one that is not there; engines do not all know that.
            body = without_nulls(body)
            request = WireRequest(request.method, request.target, request.headers, msgspec.json.encode(body))
        # Plain answers are what the endpoint reads; a client that offered gzip takes them too.
        if b"accept-encoding" in request.headers:
            headers = {name: value for name, value in request.headers.items() if name != b"accept-encoding"}
            request = WireRequest(request.method, request.target, headers, request.body)
        account = world.account_of(request)
        await run_due(world, account)
        await expire_due(world, account)
        await store_due(world, account)
        began = time.perf_counter()
        call = IncomingCall(request, operation, body, account, now, control.tables_of(body))
        fault = world.faults.meeting(operation, call.tables)
        denial = await policies.policy_denial(world, request, account, operation, body, call.tables)
        if denial is not None:
            reply = denial
        elif fault is None:
            reply = offered(operation, await self._judged(call))
        else:
            call.leave, call.slow_seconds = fault.kind == "unprocessed", fault.slow_seconds

            async def go_on() -> WireReply:
                return offered(operation, await self._judged(call))

            reply = await struck(fault, operation, call.tables[0] if call.tables else "", go_on)
        seconds = time.perf_counter() - began
        measure_reply(world, call, reply, seconds, injected=fault is not None)
        if reply.status == 200:
            measure_replication(world, call, seconds)
        if account.found and not account.adopted:
            # The engine had tables before the endpoint saw it; it may have mappings too.
            await adopt(world, account)
        if account.feeds:
            fed(call)
        self._write_down(call, reply)
        stall = world.stall
        stall.note(operation, call.tables[0] if call.tables else "", request.body, outcome(reply))
        stalled = stall.sentence()
        return error_reply(STALLED, stalled) if stalled else reply

    async def _judged(self, call: IncomingCall) -> WireReply:
        world = self._world
        if call.operation in _DATA:
            call.measured = measure(call.operation, call.body, plain_name)
            refusal = await self._refusal(call)
            if refusal is not None:
                return refused(refusal)
            return await isolated(world, call, lambda: self._items(call))
        if call.operation in STATEMENTS:
            return await run_statements(world, call)
        await call.pause()
        if call.operation in _CHANGES:
            async with world.control:
                call.now = world.clock.time()
                refusal = await self._refusal(call)
                if refusal is not None:
                    return refused(refusal)
                reply: WireReply = await _CHANGES[call.operation](world, call)
                return reply
        refusal = await self._refusal(call)
        if refusal is not None:
            return refused(refusal)
        look = _LOOKS.get(call.operation)
        if look is None:
            return await world.forward(call)
        read: WireReply = await look(world, call)
        return read

    async def _items(self, call: IncomingCall) -> WireReply:
        """A call of the data plane that met no conflict."""
        await call.pause()
        handler = data.HANDLERS[call.operation]
        if call.operation in WRITES:
            return await recorded(self._world, call, lambda: handler(self._world, call), tells=True)
        return await handler(self._world, call)

    async def _refusal(self, call: IncomingCall) -> Refusal | None:
        """What the rules say, for each table that the call names. A refusal that ends with a transition moves the
        clock, as a Describe of what is in transition does."""
        refusal = await self._ruled(call)
        if refusal is not None and refusal.code in _PASSING:
            everywhere = refusal.code == "LimitExceededException" or not call.tables
            self._world.poll(call.account.dues(() if everywhere else call.tables), call.now)
        return refusal

    async def _ruled(self, call: IncomingCall) -> Refusal | None:
        world, account = self._world, call.account
        account.settle(call.now)
        if not call.tables:
            return world.rules.judge(JudgedRequest(call.operation, call.body, None, account, call.now, call.measured))
        for name in call.tables:
            table = await world.table(call, name)
            refusal = world.rules.judge(
                JudgedRequest(call.operation, call.body, table, account, call.now, call.measured)
            )
            if refusal is not None:
                return refusal
            if table is None and call.operation in control.NEED_TABLE:
                return Refusal("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
        return None

    def _write_down(self, call: IncomingCall, reply: WireReply) -> None:
        table = call.tables[0] if call.tables else ""
        self._world.journal.add(
            Call(
                call.operation,
                table,
                reply.status,
                call.units,
                call.now,
                call.items,
                outcome(reply),
                "dynamodb",
                call.tables,
                call.request.body,
            )
        )


def without_nulls(value: Any) -> Any:
    """A JSON value without the members of its objects that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(member) for member in value] if isinstance(value, list) else value


def offered(operation: str, reply: WireReply) -> WireReply:
    """The engine's reply; one that fails without an answer of the service is an operation that it does not offer, which
    nobody should try again.
    """
    answered = reply.body.lstrip()[:1] == b"{" and error_code(reply) not in _ENGINE_FAILURES
    if reply.status < 500 or answered:
        return reply
    message = f"The engine behind the strict endpoint does not offer {operation}"
    return error_reply("UnknownOperationException", message)


def outcome(reply: WireReply) -> str:
    """What the journal says went wrong: the service's code, or what happened to the answer; "" for nothing."""
    if reply.reset:
        return "reset"
    if reply.cut is not None:
        return "cut"
    return error_code(reply)


def refused(refusal: Refusal) -> WireReply:
    """The reply of a refusal."""
    return error_reply(refusal.code, refusal.message, status=refusal.status, parts=refusal.parts)
