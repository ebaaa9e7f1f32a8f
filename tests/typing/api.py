"""dynasmith as its users write it: what mypy and pyright must accept. Nothing here runs."""

from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime
from typing import Any

import dynasmith
from dynasmith import (
    Applied,
    Billing,
    Consent,
    ConsentRequired,
    Context,
    Counts,
    DynasmithError,
    Event,
    FlowProgress,
    Index,
    ItemRefused,
    Key,
    KeyAttribute,
    Listener,
    Plan,
    Project,
    Report,
    Side,
    StepDone,
    StreamView,
    Table,
    TableDescription,
    TableNotFound,
    Verdict,
    connect,
    decode_plan,
    encode_plan,
)
from dynasmith.errors import Interrupted, UsageError
from dynasmith.operations import Add, Cast, Map, Operations, Rename, Template

ORDERS = Table(
    name="orders",
    key=Key(partition=(KeyAttribute(name="id", type="S"),)),
    billing=Billing.ON_DEMAND,
    stream=StreamView.KEYS_ONLY,
    indexes=(Index(name="by_customer", key=Key(partition=(KeyAttribute(name="customer", type="S"),))),),
)


def split_name(item: MutableMapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    """A transform with a context."""
    first, _, last = str(item.pop("name")).partition(" ")
    if not last:
        raise ItemRefused("The name has one word.", policy="dead")
    return {**item, "first": first, "last": last, "uuid": ctx.uuid(item)}


def many(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A transform of the item alone, that makes several."""
    yield dict(item)
    yield {**item, "id": f"{item['id']}-copy"}


SHAPE = Operations([Rename("name", "full_name"), Cast("age", "N", on_error="dead")], where="attribute_exists(age)")
STEPS = ["shop.moves:split_name", "shapes/users.yaml", SHAPE, Add("country", "CH"), split_name]
MORE = (Map("status", {"A": "active"}), Template("gsi1pk", "user#{email}"))


def listen(event: Event) -> None:
    """A listener."""
    match event:
        case FlowProgress(counts=counts):
            print(counts.read, counts.written)
        case StepDone(table=table, seconds=seconds):
            print(table, seconds)
        case _:
            pass


def tables(project: Project) -> None:
    """Tables: look, plan, apply."""
    heard: Listener = listen
    plan: Plan = project.plan(["orders"], prune=True, only=["time_to_live"])
    again: Plan = decode_plan(encode_plan(plan))
    try:
        report = project.apply(again, consent=Consent(yes=True), listener=heard)
    except ConsentRequired as error:
        print(error.message, error.hint, error.code, error.exit)
    else:
        applied: tuple[Applied, ...] = report.applied
        failures: dict[str, DynasmithError] = report.failures
        print(applied, failures)
    described: TableDescription = project.describe(ORDERS)
    verdict: Verdict = project.validate(["orders"], offline=True)
    print(described.arn, [finding.code for finding in verdict.findings], project.exists("orders"))


def main() -> None:
    """Ways to a project."""
    with Project.load("shop", env="local", variables={"STAGE": "test"}) as project:
        tables(project)
    with connect(endpoint="http://127.0.0.1:8000", tables=[ORDERS]) as project:
        names: list[str] = list(project.names())
        print(names, Side(table="orders", env="prod"))
    try:
        connect(region="nowhere").describe("orders")
    except (TableNotFound, UsageError, Interrupted) as error:
        print(error)
    print(dynasmith.__version__, dynasmith.operations.Remove("a"), dynasmith.errors.RunError, datetime.now())


def look(report: Report) -> Counts:
    """A report."""
    print(report.job.id, report.job.state, report.seconds, report.dollars, report.adds_up)
    return report.counts
