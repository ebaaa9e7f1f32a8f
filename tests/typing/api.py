"""dynasmith as its users write it: what mypy and pyright must accept. Nothing here runs."""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import dynasmith
from dynasmith import (
    Applied,
    BackfillDryRun,
    Billing,
    Consent,
    ConsentRequired,
    Context,
    Counts,
    Database,
    DryRun,
    DynasmithError,
    Event,
    FlowProgress,
    Index,
    ItemRefused,
    Job,
    Key,
    KeyAttribute,
    KeyDifference,
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
    VerifyResult,
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


def items(project: Project) -> None:
    """Items: every verb, with options of the command line as keywords."""
    yes = Consent(yes=True, confirm=["prod"])
    report: Report = project.copy(
        "orders",
        Side(table="orders_v2", env="prod"),
        transform=split_name,
        create_target=True,
        backup_first="orders_backup",
        mode="newer:updated_at",
        filter="age > 17",
        on_error="dead",
        batch_size=100,
        segments=8,
        processes=2,
        max_write_units=500,
        consent=yes,
        listener=listen,
    )
    project.copy("orders", "b", transform=["shop.moves:f", SHAPE, Add("country", "CH"), many], consent=yes)
    project.copy([{"id": "a"}, {"id": "b", "n": 1.5}], "orders", consent=yes)
    page: list[Mapping[str, Any]] = []
    project.copy("orders", page.extend, consistent=True)
    project.export("orders", "orders.csv.gz", format="csv", split_bytes=None, share=0.25)
    project.populate("orders", ["a.json", "b.json"], format="lines", types={"n": "N"}, mode="skip-existing")
    project.populate("orders", [{"id": "a"}, {"id": "b", "n": 1.5}], consent=yes)
    project.populate("orders", Database(url="sqlite:///shop.db", table="orders"))
    project.populate("orders")
    project.populate("orders", "backup", create_target=True)
    done = project.backfill("orders", SHAPE, canary=0.01, limit=100, where="attribute_exists(name)", consent=yes)
    found: VerifyResult = project.verify("orders", "orders_v2", job=report.job.id, limit=5)
    differences: tuple[KeyDifference, ...] = found.differences
    dry: DryRun = project.dry_run.copy("orders", "orders_v2", transform="shapes/orders.yaml")
    rehearsed: BackfillDryRun = project.dry_run.backfill("orders", SHAPE, sample=None)
    undone = project.jobs.undo("last", max_write_units=10, consent=yes)
    job: Job = project.jobs.show(done.job.id)
    jobs: Sequence[Job] = project.jobs.list(unreadable=print)
    project.jobs.resume("last", transform=split_name, accept_changed_transform=True)
    project.jobs.prune(*[each.id for each in project.jobs.older_than(timedelta(days=30))], consent=yes)
    print(differences, dry.estimate, rehearsed.changed, undone.counts, job.state, len(jobs))
    clean: bool = project.check_backfill("orders", SHAPE).clean
    reports = project.auto_migrate(ORDERS, target="orders_v2", copy=True, backup=True, transform=split_name)
    print(clean, [each.seconds for each in reports])


def waits(project: Project) -> None:
    """Verbs that wait."""
    made: TableDescription = project.create("orders", wait=False)
    ensured = project.ensure(["orders"], wait_timeout=timedelta(minutes=30))
    unfinished: dict[str, str] = ensured.unfinished
    gone: bool = project.delete("orders", missing_ok=True, wait=False, consent=Consent(confirm="orders"))
    print(made.status, unfinished, gone)


def look(report: Report) -> Counts:
    """A report."""
    print(report.job.id, report.job.state, report.seconds, report.dollars, report.adds_up)
    return report.counts
