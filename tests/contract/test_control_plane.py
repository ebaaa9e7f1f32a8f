"""The control plane on engines: what was applied plans empty, whatever the table; what an engine does not keep is said.

Few examples and real calls: the planner's own proofs, over many examples, are in tests/plans. What needs roles, vaults
or functions beside the table is in tests/backups, tests/access and tests/triggers.
"""

import itertools
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from hypothesis import HealthCheck, assume, given, settings
from msgspec.structs import replace

from contract.flavors import FLAVORS, Flavor, Setting
from contract.wishes import cut, wish
from dynasmith import Consent, Project, connect
from dynasmith.errors import DynasmithError, NoEffect
from dynasmith.plans.change import Conflict, ReplaceTable
from dynasmith.plans.plan import Plan
from dynasmith.ports.clock import Clock
from dynasmith.strict import StrictServer
from dynasmith.tables.table import Table, known
from strategies import table_pairs, tables

pytestmark = pytest.mark.engine
CREDENTIALS = ("test", "test")
REGION = "us-east-1"
FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
_numbers = itertools.count(1)
_run = uuid.uuid4().hex[:6]


def unused_name() -> str:
    return f"plane-{next(_numbers)}-{_run}"


@pytest.fixture(scope="module", params=["ministack", "moto"])
def flavor(request: pytest.FixtureRequest) -> Flavor:
    """The engine that the control plane is tried on: each in turn."""
    return FLAVORS[request.param]


@pytest.fixture(scope="module")
def endpoint(flavor: Flavor, request: pytest.FixtureRequest) -> str:
    """Its endpoint, with a KMS key behind the alias that generated tables name."""
    url: str = request.getfixturevalue(f"{flavor.name}_endpoint")
    make_alias(url)
    return url


def make_alias(endpoint: str) -> None:
    """Make ``alias/orders``, unless it is there."""
    keys = boto3.client(
        "kms", endpoint_url=endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )
    if "alias/orders" not in {alias["AliasName"] for alias in keys.list_aliases()["Aliases"]}:
        keys.create_alias(AliasName="alias/orders", TargetKeyId=keys.create_key()["KeyMetadata"]["KeyId"])
    keys.close()


class HurriedClock:
    """Time that runs a hundred times as fast in sleeps, which last no time: what never comes is given up quickly."""

    def __init__(self) -> None:
        self._slept = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._slept)

    def monotonic(self) -> float:
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += 100 * seconds


def project(endpoint: str, table: Table, clock: Clock | None = None) -> Project:
    return connect(endpoint=endpoint, region=REGION, credentials=CREDENTIALS, tables=[table], clock=clock)


def applied(endpoint: str, table: Table, clock: Clock | None = None) -> Plan:
    """Plan and apply; the plan after it."""
    with project(endpoint, table, clock) as here:
        plan = here.plan()
        assert plan.failures == ()
        rebuilt = {index.name for index in known(table.indexes, ())}
        report = here.apply(plan, consent=Consent(yes=True, rebuild_indexes=frozenset(rebuilt)), fresh=True)
        assert report.failures == {}
        return here.plan()


def changes_of(plan: Plan) -> list[object]:
    assert plan.failures == ()
    return [change for table in plan.tables for change in table.changes]


@FEW
@given(tables())
def test_what_was_created_is_as_wished(flavor: Flavor, endpoint: str, table: Table) -> None:
    table = cut(replace(table, name=unused_name()), frozenset(flavor.settings))
    assert changes_of(applied(endpoint, table)) == []


@pytest.fixture(scope="module")
def strict_endpoint(ministack_endpoint: str, moto_endpoint: str) -> Iterator[StrictServer]:
    """ministack with moto's autoscaling behind the strict endpoint, which refuses what the planner does wrongly."""
    with StrictServer(ministack_endpoint, moto_endpoint, auto_advance=True) as server:
        make_alias(server.endpoint)
        yield server


@FEW
@given(table_pairs())
def test_a_live_table_becomes_another_in_an_order_that_the_service_accepts(
    strict_endpoint: StrictServer, pair: tuple[Table, Table]
) -> None:
    unkept = frozenset(FLAVORS["ministack"].settings) - {"autoscaling"}
    name = unused_name()
    desired, current = (cut(replace(table, name=name), unkept) for table in pair)
    clock = strict_endpoint.clock
    assert changes_of(applied(strict_endpoint.endpoint, current, clock)) == []
    strict_endpoint.clock.advance(hours=24 * 31)  # past every window: the classes of 30 days, the switches of 24 h
    with project(strict_endpoint.endpoint, desired, clock) as here:
        plan = here.plan()
    assume(not any(isinstance(change, ReplaceTable | Conflict) for change in changes_of(plan)))
    assert changes_of(applied(strict_endpoint.endpoint, desired, clock)) == []


SETTINGS = [(flavor, setting) for flavor in FLAVORS.values() for setting in flavor.settings]


@pytest.mark.parametrize(("flavor", "setting"), SETTINGS, ids=[f"{one.name}-{name}" for one, name in SETTINGS])
def test_a_setting_that_an_engine_does_not_keep_is_said_and_never_reported_as_done(
    flavor: Flavor, setting: str, request: pytest.FixtureRequest
) -> None:
    url: str = request.getfixturevalue(f"{flavor.name}_endpoint")
    assert outcome(url, wish(unused_name(), setting)) == flavor.settings[setting].kind


def outcome(endpoint: str, table: Table) -> str:
    """What became of the wish: kept, ignored (said so by apply), or not offered (said so by the plan)."""
    with project(endpoint, table, HurriedClock()) as here:
        plan = here.plan()
        if any(note.kind == "not-offered" for each in plan.tables for note in each.notes):
            return "not offered"
        errors: list[DynasmithError] = list(here.apply(plan, consent=Consent(yes=True), fresh=True).failures.values())
        if errors:
            assert all(isinstance(error, NoEffect) for error in errors), errors
            return "ignored"
        return "kept" if here.plan().is_empty else "not kept"


def test_every_setting_of_a_flavor_is_of_a_kind_that_the_docs_explain() -> None:
    said = Setting.__doc__ or ""
    assert all(f"{setting.kind}:" in said for flavor in FLAVORS.values() for setting in flavor.settings.values())
