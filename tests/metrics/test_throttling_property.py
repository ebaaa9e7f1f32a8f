"""Whatever throttles a table, the diagnosis names just that: what the client was refused with is what is found."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cli.story import client_of, new_account
from dynasmith import Project, connect
from dynasmith.strict import StrictServer
from example_counts import examples
from strict_tables import defined, index

LIMITS = ("provisioned", "maximum", "account", "key-range", None)
INDEXES = ("", "by_a", "by_b")
PROVISIONED = {"ReadCapacityUnits": 90, "WriteCapacityUnits": 90}
CODES = {"KeyRange": "DG201", "Provisioned": "DG203", "MaxOnDemand": "DG204", "Account": "DG205"}


@pytest.fixture(scope="module")
def server(ministack_endpoint: str) -> Iterator[StrictServer]:
    with StrictServer(ministack_endpoint) as running:
        running.clock.flow = running.clock.monotonic  # type: ignore[method-assign]  # units flow with the moved clock
        yield running


limits = st.lists(
    st.fixed_dictionaries(
        {
            "index": st.sampled_from(INDEXES),
            "side": st.sampled_from(("read_units", "write_units")),
            "units": st.integers(1, 4),
            "key": st.sampled_from((None, "hot")),
            "cause": st.sampled_from(LIMITS),
        }
    ),
    max_size=3,
)


@examples(12)
@given(provisioned=st.booleans(), wanted=limits, writes=st.integers(0, 8), reads=st.integers(0, 6))
def test_what_the_client_was_refused_with_is_found(
    server: StrictServer, provisioned: bool, wanted: list[dict[str, Any]], writes: int, reads: int
) -> None:
    account = new_account()
    client = client_of(server.endpoint, account)
    made(server, client, provisioned)
    held = [
        server.throttle(
            "tab", each["index"] or None, key=each["key"], cause=each["cause"], **{each["side"]: each["units"]}
        )
        for each in wanted
    ]
    try:
        refusals = traffic(client, writes, reads)
    finally:
        for each in held:
            each.remove()
        client.close()
    with connect(
        endpoint=server.endpoint, region="us-east-1", credentials=(account, "secret"), clock=server.clock
    ) as project:
        assert diagnosed(project) == refusals


def made(server: StrictServer, client: Any, provisioned: bool) -> None:
    more: dict[str, Any] = {"ProvisionedThroughput": PROVISIONED} if provisioned else {}
    client.create_table(
        TableName="tab",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=defined("pk", "a", "b"),
        BillingMode="PROVISIONED" if provisioned else "PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[index("by_a", "a", **more), index("by_b", "b", **more)],
        **more,
    )
    server.clock.advance(60)


def traffic(client: Any, writes: int, reads: int) -> Counter[tuple[str, str]]:
    """Write and read; how often each (code, metric) must be found, from the reasons of the refusals."""
    found: Counter[tuple[str, str]] = Counter()
    calls: list[tuple[Any, dict[str, Any]]] = []
    for number in range(writes):
        key = {"S": "hot" if number % 2 else f"cold-{number}"}
        calls.append((client.put_item, {"Item": {"pk": key, "a": key, "b": key}}))
    for number in range(reads):
        name = INDEXES[number % 3]
        condition = f"{name[-1:] or 'pk'} = :v"
        said = {"KeyConditionExpression": condition, "ExpressionAttributeValues": {":v": {"S": "hot"}}}
        calls.append((client.query, {**said, **({"IndexName": name} if name else {})}))
    for call, said in calls:
        try:
            call(TableName="tab", **said)
        except ClientError as error:
            answer: Any = error.response
            (reason,) = answer.get("ThrottlingReasons") or answer["throttlingReasons"]
            found[expected(reason["reason"], reason["resource"])] += 1
    return found


def expected(reason: str, resource: str) -> tuple[str, str]:
    """``IndexWriteProvisionedThroughputExceeded`` as the code and the metric of its finding."""
    limit = reason.removeprefix("Table").removeprefix("Index").removesuffix("Exceeded")
    side = "Write" if limit.startswith("Write") else "Read"
    code = next(code for name, code in CODES.items() if limit.removeprefix(side).startswith(name))
    if "/index/" in resource and side == "Write" and code in ("DG203", "DG204"):
        code = "DG202"
    return code, f"{limit}ThrottleEvents {resource.rpartition('/index/')[2] if '/index/' in resource else 'table'}"


def diagnosed(project: Project) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for each in project.diagnose("tab", "throttling").findings:
        count, metric, *_ = each.evidence.split(" ")
        place = next((name for name in INDEXES if name and f"the index {name} " in f"{each.why} ".lower()), "table")
        found[(each.code, f"{metric} {place}")] += int(count)
        assert each.fix
    return found
