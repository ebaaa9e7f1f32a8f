"""CloudWatch on its way to the engine, which answers it: what is measured is stored first, what engines get wrong is
put right, and what the service refuses is refused.

Sources: API reference of CloudWatch, GetMetricData (500 queries, 100,800 points a page, periods), GetMetricStatistics,
ListMetrics (500 a page), PutMetricData (no namespace that begins with AWS/).
"""

import datetime
import re
from email.utils import formatdate
from typing import Any

from dynasmith.strict.services.alarm_answers import as_xml, asked_in_json
from dynasmith.strict.services.alarms import alarm_problem
from dynasmith.strict.services.expiry import expire_due
from dynasmith.strict.services.metrics import ACCOUNT_METRICS, NAMESPACE, count_account, store
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.wire.cbor import TaggedValue
from dynasmith.strict.wire.messages import WireReply, WireRequest
from dynasmith.strict.wire.rpc import RpcCall, read_answer, read_rpc, rpc_error, with_answer

CLOUDWATCH = "monitoring"
QUERIES_MAX, POINTS_MAX, LISTED_MAX = 500, 100_800, 500
_SHORT_PERIODS = frozenset({1, 5, 10, 20, 30})
# The metrics of DynamoDB that have no dimensions. Engines sum a query without dimensions over all that there are.
_WITHOUT_DIMENSIONS = frozenset({"UserErrors", *ACCOUNT_METRICS})
_NO_METRIC = [{"Name": "NoSuchDimension", "Value": "none"}]
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*\Z")


def cloudwatch_operation(request: WireRequest) -> str:
    """The operation of a call; "" for one that cannot be read."""
    try:
        return read_rpc(request).operation
    except ValueError:
        return ""


async def answer_cloudwatch(world: StrictWorld, request: WireRequest) -> WireReply:
    """The engine's answer to a call, with the time of the endpoint's clock as its Date."""
    try:
        call = read_rpc(request)
    except ValueError as error:
        return WireReply(400, {}, str(error).encode())
    problem = _problem(call, world.account_of(request).key[1])
    if problem is not None:
        return rpc_error(call, *problem)
    count_account(world, world.account_of(request))
    await expire_due(world, world.account_of(request))
    await store(world, world.account_of(request))
    if call.form == "query" and call.operation == "DescribeAlarms":
        reply = as_xml(await world.upstream.send(asked_in_json(call)))
    else:
        reply = _page(call, await world.upstream.send(_fenced(call)))
    date = formatdate(world.clock.time(), usegmt=True).encode()
    headers = {name: value for name, value in reply.headers.items() if name != b"date"}
    return WireReply(reply.status, {**headers, b"date": date}, reply.body)


def _fenced(call: RpcCall) -> WireRequest:
    """The request for the engine; one without dimensions asks for a metric that does not exist, as at the service."""
    body = call.body
    match call.operation:
        case "GetMetricStatistics" if _is_bare(body):
            return call.with_body({**body, "Dimensions": _NO_METRIC})
        case "GetMetricData":
            queries = [_fenced_query(one) for one in body.get("MetricDataQueries") or ()]
            if queries != body.get("MetricDataQueries"):
                return call.with_body({**body, "MetricDataQueries": queries})
    return call.request


def _fenced_query(query: dict[str, Any]) -> dict[str, Any]:
    stat = query.get("MetricStat") or {}
    metric = stat.get("Metric") or {}
    if not _is_bare(metric):
        return query
    return {**query, "MetricStat": {**stat, "Metric": {**metric, "Dimensions": _NO_METRIC}}}


def _is_bare(metric: dict[str, Any]) -> bool:
    return (
        metric.get("Namespace") == NAMESPACE
        and not metric.get("Dimensions")
        and metric.get("MetricName") not in _WITHOUT_DIMENSIONS
    )


def _page(call: RpcCall, reply: WireReply) -> WireReply:
    """The answer as a page of the service: engines answer everything at once."""
    member = {"ListMetrics": "Metrics", "GetMetricData": "MetricDataResults"}.get(call.operation)
    if member is None or (said := read_answer(call, reply)) is None:
        return reply
    start = int(call.body.get("NextToken") or 0)
    found = said.get(member) or []
    end = start
    points_left = int(call.body.get("MaxDatapoints") or POINTS_MAX)
    while end < len(found):
        points_left -= len(found[end].get("Values") or ())
        if end > start and (end - start >= LISTED_MAX if member == "Metrics" else points_left < 0):
            break
        end += 1
    if start == 0 and end == len(found):
        return reply
    said[member] = found[start:end]
    if end < len(found):
        said["NextToken"] = str(end)
    return with_answer(call, reply, said)


def _problem(call: RpcCall, region: str) -> tuple[str, str] | None:
    """(code, message) of what the service refuses."""
    body = call.body
    match call.operation:
        case "PutMetricData" if str(body.get("Namespace", "")).startswith("AWS/"):
            return "InvalidParameterValue", f"The value {body['Namespace']} for parameter Namespace is invalid."
        case "PutMetricAlarm":
            return alarm_problem(body, region)
        case "GetMetricData":
            return _data_problem(body)
        case "GetMetricStatistics":
            return _window_problem(body) or _period_problem(body.get("Period"))
    return None


def _data_problem(body: dict[str, Any]) -> tuple[str, str] | None:
    queries = body.get("MetricDataQueries") or []
    if len(queries) > QUERIES_MAX:
        return "ValidationError", f"The collection MetricDataQueries must not have a size greater than {QUERIES_MAX}."
    ids = [str(one.get("Id", "")) for one in queries]
    if len(set(ids)) != len(ids) or not all(map(_ID.match, ids)):
        return "ValidationError", "Each MetricDataQuery has an Id of its own that begins with a lower case letter."
    if int(body.get("MaxDatapoints") or 1) > POINTS_MAX:
        return "ValidationError", f"MaxDatapoints must not be greater than {POINTS_MAX}."
    periods = [(one.get("MetricStat") or {}).get("Period", 60) for one in queries]
    return _window_problem(body) or next(filter(None, map(_period_problem, periods)), None)


def _window_problem(body: dict[str, Any]) -> tuple[str, str] | None:
    start, end = _seconds(body.get("StartTime")), _seconds(body.get("EndTime"))
    if start is None or end is None or start < end:
        return None
    return "ValidationError", "The parameter EndTime must be greater than StartTime."


def _period_problem(period: Any) -> tuple[str, str] | None:
    seconds = int(period or 60)
    if seconds in _SHORT_PERIODS or (seconds > 0 and seconds % 60 == 0):
        return None
    return "ValidationError", "Period must be 1, 5, 10, 20, 30, or a multiple of 60."


def _seconds(value: Any) -> float | None:
    if isinstance(value, TaggedValue):
        value = value.value
    if value is None or isinstance(value, int | float):
        return value
    return datetime.datetime.fromisoformat(str(value)).timestamp()
