"""Mistakes of users, each on a line that ends with ``# refused``: mypy and pyright must find every one."""

from datetime import timedelta
from typing import Any

import dynasmith
from dynasmith import (
    Consent,
    Database,
    Event,
    Key,
    KeyAttribute,
    Plan,
    Project,
    Report,
    Side,
    Table,
    connect,
)
from dynasmith.operations import Add, Cast, Date, Map, Operations, Rename, Split

KEY = Key(partition=(KeyAttribute(name="id", type="S"),))


def loading() -> None:
    Project.load(endpont="x")  # refused
    Project.load(env=42)  # refused
    Project.load(variables={"A": 1})  # refused
    connect(endpoint=8000)  # refused
    connect(tabels=[])  # refused
    connect(tables=["orders"])  # refused
    dynasmith.nonsense()  # refused


def tables(project: Project, plan: Plan) -> None:
    project.plan(["orders"], prun=True)  # refused
    project.plan(["orders"], only=[1])  # refused
    project.apply("plan.json")  # refused
    project.apply(plan, consent=True)  # refused
    project.apply(plan, listener=lambda: None)  # refused
    project.create("orders", wait="no")  # refused
    project.create("orders", wait_timeout=30)  # refused
    project.ensure(["orders"], no_wait=True)  # refused
    project.delete(42)  # refused
    project.describe(None)  # refused
    project.exists()  # refused
    project.validate(offlin=True)  # refused
    Consent(yess=True)  # refused
    Table(name="orders")  # refused
    Table(name="orders", key=KEY, billing="on-demand")  # refused
    Key(partition=(KeyAttribute(name="id", type="X"),))  # refused


def items(project: Project, report: Report) -> None:
    project.copy("a", "b", batchsize=1)  # refused
    project.copy("a", "b", nonsense=True)  # refused
    project.copy("a", "b", batch_size="many")  # refused
    project.copy("a")  # refused
    project.copy("a", 42)  # refused
    project.copy("a", "b", mode=1)  # refused
    project.copy("a", "b", on_error="ignore")  # refused
    project.copy("a", "b", expired="drop")  # refused
    project.copy("a", "b", transform=42)  # refused
    project.copy("a", "b", transform=[42])  # refused
    project.copy("a", "b", transport="carrier pigeon")  # refused
    project.copy(Side(tabel="a"), "b")  # refused
    project.export("a", "b", format="xml")  # refused
    project.export("a", "b", compress=True)  # refused
    project.populate("a", 42)  # refused
    project.populate("a", Database(uri="sqlite:///x"))  # refused
    project.populate("a", "x.csv", types={"n": 1})  # refused
    project.backfill("a")  # refused
    project.backfill("a", "m:f", canary="1%")  # refused
    project.verify("a", "b", limit="all")  # refused
    project.verify("a", "b").equals  # refused
    project.dry_run.copy("a", "b", consent=Consent())  # refused
    project.dry_run.backfill("a", "m:f", sample="all")  # refused
    project.auto_migrate("a", bakcup=True)  # refused
    report.counts.writen  # refused


def jobs(project: Project) -> None:
    project.jobs.resume()  # refused
    project.jobs.resume(42)  # refused
    project.jobs.pace("last", max_write_units="fast")  # refused
    project.jobs.older_than(30)  # refused
    project.jobs.older_than(timedelta(days=1), now=True)  # refused
    project.jobs.destroy("last")  # refused


def transforms() -> None:
    Rename("a")  # refused
    Rename("a", "b", keepold=True)  # refused
    Rename("a", "b", True)  # refused
    Add(42, "x")  # refused
    Cast("a", "X")  # refused
    Date("a", "iso", "date")  # refused
    Split("a", ["b", "c"])  # refused
    Map("a", 42)  # refused
    Operations(["remove"])  # refused
    Operations([Rename("a", "b")], where=42)  # refused


def listen(event: Event) -> Any:
    return event.nonsense  # refused
