"""`plan`: reads what is there, for all tables at once, and makes the plan. Calls nothing but reads."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct, UnsetType

from dynasmith.engine.definition_items import item_changes
from dynasmith.engine.facts import look_up
from dynasmith.engine.table_quota import within_quota
from dynasmith.errors import DynasmithError, TableBusy, TableNotFound, Unreachable
from dynasmith.limits import DEFAULT_QUOTAS, Quotas
from dynasmith.plans.diff import diff
from dynasmith.plans.make import limited, make_table_plan
from dynasmith.plans.plan import NEVER_MANAGED, Plan, PlanFailure, TablePlan, digest_of
from dynasmith.ports.clock import Clock
from dynasmith.ports.tables import Items, Tables
from dynasmith.tables.description import TableDescription
from dynasmith.tables.prices import Prices
from dynasmith.tables.table import Index, Table, known
from dynasmith.version import __version__

CONCURRENT_TABLES = 10
TOOL = f"dynasmith {__version__}"


class PlanOptions(Struct, frozen=True, kw_only=True):
    """How to plan. ``only`` are field names of `Table`; ``prices`` of the Region; ``quotas`` of the
    account."""

    prune: bool = False
    allow_delete_items: bool = False
    only: tuple[str, ...] = ()
    prices: Prices = Prices()
    quotas: Quotas = DEFAULT_QUOTAS


def make_plan(
    desired: Sequence[Table], tables: Tables, items: Items, clock: Clock, options: PlanOptions | None = None
) -> Plan:
    """The plan of all ``desired`` tables, in their order. Reads only; tables are read ten at a time.

    A table that cannot be read becomes one of ``failures``; the others are planned. Costs one DescribeTable a table,
    one call for each managed setting that DescribeTable leaves out, and ListTables where a table is new.
    """
    options = options or PlanOptions()
    identity = tables.identity()
    with tables.sharing():
        outcomes = each(desired, lambda table: plan_one(table, tables, items, clock, options))
    planned = [outcome for outcome in outcomes if isinstance(outcome, TablePlan)]
    plans = within_quota(planned, tables, options.quotas.tables_per_region)
    failures = tuple(
        PlanFailure(table=table.name, code=outcome.code, message=outcome.message, hint=outcome.hint)
        for table, outcome in zip(desired, outcomes, strict=True)
        if isinstance(outcome, DynasmithError)
    )
    return Plan(
        tool=TOOL,
        created_at=clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        account=identity.account,
        region=identity.region,
        endpoint=identity.endpoint,
        fingerprint=digest_of([plan.fingerprint for plan in plans]),
        tables=plans,
        failures=failures,
        prices=options.prices.source,
    )


def each(tables: Sequence[Table], work: Callable[[Table], TablePlan]) -> list[TablePlan | DynasmithError]:
    """``work`` for each table, ten at a time; a table's own error stands in its place. No endpoint fails all."""

    def guarded(table: Table) -> TablePlan | DynasmithError:
        try:
            return work(table)
        except Unreachable:
            raise
        except DynasmithError as error:
            return error

    with ThreadPoolExecutor(max_workers=CONCURRENT_TABLES, thread_name_prefix="dynasmith-plan") as pool:
        return list(pool.map(guarded, tables))


def plan_one(desired: Table, tables: Tables, items: Items, clock: Clock, options: PlanOptions) -> TablePlan:
    """The plan of one table."""
    wish = tables.resolve(limited(desired, options.only))
    description = read(wish, tables)
    unoffered = tables.unoffered(settings_of(wish)) if description is None else {}
    changes = diff(wish, None if description is None else description.table, prune=options.prune)
    return make_table_plan(
        wish,
        description,
        item_changes=item_changes(
            wish, items, exists=description is not None, delete=options.prune and options.allow_delete_items
        ),
        unoffered=unoffered,
        facts=look_up(wish.name, changes, items, clock),
        prices=options.prices,
        prune=options.prune,
        quotas=options.quotas,
    )


def read(wish: Table, tables: Tables) -> TableDescription | None:
    """The live table as far as ``wish`` manages it, or None; `TableBusy` where it is being deleted."""
    try:
        description = tables.describe(wish.name, settings_of(wish))
    except TableNotFound:
        return None
    if description.status == "DELETING":
        raise TableBusy(f"Table {wish.name} is being deleted.", hint="run it again when it is gone")
    return description


def settings_of(wish: Table) -> frozenset[str]:
    """The settings that ``wish`` manages, and those that decide about them (autoscaling owns capacity)."""
    managed = {
        name
        for name in Table.__struct_fields__
        if name not in NEVER_MANAGED and not isinstance(getattr(wish, name), UnsetType)
    }
    parts: Iterable[Table | Index] = (wish, *known(wish.indexes, ()))
    for part in parts:
        for name in ("capacity", "autoscaling"):
            if not isinstance(getattr(part, name), UnsetType):
                managed.add("autoscaling")
        if not isinstance(part.contributor_insights, UnsetType):
            managed.add("contributor_insights")
    return frozenset(managed)
