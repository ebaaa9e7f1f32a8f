"""The refusals that engines never utter and the service does, in front of the strict endpoint."""

import itertools
from collections.abc import Iterator

import pytest
from msgspec import UNSET

from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.session import Session
from dynasmith.aws.control.tables import AwsTables
from dynasmith.errors import (
    AccessDenied,
    CredentialsExpired,
    Postponed,
    ServiceUnavailable,
    TableBusy,
    TableExists,
    Throttled,
    ValidationRefused,
)
from dynasmith.plans.step import (
    Call,
    CallBilling,
    CallCapacity,
    CallCreateIndex,
    CallCreateTable,
    CallDeleteIndex,
    CallPutItem,
)
from dynasmith.ports.access import AccessOptions, AccessSection, resolve_access
from dynasmith.strict import StrictServer
from dynasmith.tables.settings.encryption import CallEncryption
from dynasmith.tables.settings.point_in_time_recovery import CallRecovery
from dynasmith.tables.settings.stream import CallStream
from dynasmith.tables.settings.table_class import CallTableClass
from dynasmith.tables.settings.time_to_live import CallTimeToLive
from dynasmith.tables.table import (
    Billing,
    Capacity,
    Encryption,
    EncryptionKind,
    Index,
    Key,
    KeyAttribute,
    Recovery,
    StreamView,
    Table,
    TableClass,
)

ACCOUNTS = itertools.count(500_000_000_001)
ID = KeyAttribute(name="id", type="S")
TABLE = Table(
    name="orders",
    key=Key(partition=(ID,)),
    billing=Billing.PROVISIONED,
    capacity=Capacity(read=5, write=5),
    deletion_protection=True,
)
pytestmark = pytest.mark.engine


def index(attribute: str) -> Index:
    """An index of one attribute."""
    key = Key(partition=(KeyAttribute(name=attribute, type="N"),))
    return Index(name=f"by_{attribute}", key=key, capacity=Capacity(read=1, write=1))


@pytest.fixture
def server(ministack_endpoint: str) -> Iterator[StrictServer]:
    with StrictServer(ministack_endpoint) as running:
        yield running


@pytest.fixture
def session(server: StrictServer) -> Iterator[Session]:
    """A session of an account of its own: ministack takes a key of twelve digits as one."""
    options = AccessOptions(endpoint=server.endpoint, access_key=str(next(ACCOUNTS)), secret_key="secret")
    opened = Session(resolve_access(options, {}, AccessSection(name="strict")))
    yield opened
    opened.close()


@pytest.fixture
def tables(session: Session, server: StrictServer) -> AwsTables:
    """The control plane, with the table made and ready."""
    made = AwsTables(session)
    made.send("orders", CallCreateTable(table=TABLE))
    server.clock.advance(minutes=5)
    return made


def test_while_it_is_created_the_table_is_busy_and_exists(session: Session, server: StrictServer) -> None:
    tables = AwsTables(session)
    tables.send("orders", CallCreateTable(table=TABLE))
    described = tables.describe("orders")
    assert described.status == "CREATING"
    with pytest.raises(TableExists):
        tables.send("orders", CallCreateTable(table=TABLE))
    with pytest.raises(TableBusy):
        tables.send("orders", CallStream(view=StreamView.NEW_IMAGE))
    with pytest.raises(TableBusy):
        tables.send("orders", CallRecovery(recovery=Recovery()))
    server.clock.advance(minutes=5)
    assert tables.describe("orders").status == "ACTIVE"


def test_a_change_while_another_is_made_is_busy(tables: AwsTables) -> None:
    tables.send("orders", CallStream(view=StreamView.NEW_IMAGE))
    assert tables.describe("orders", ()).status == "UPDATING"
    with pytest.raises(TableBusy):
        tables.send("orders", CallBilling(billing=Billing.ON_DEMAND))


def test_a_second_change_of_ttl_within_the_hour_is_postponed(tables: AwsTables, server: StrictServer) -> None:
    on, off = (CallTimeToLive(attribute="expires_at", enabled=enabled) for enabled in (True, False))
    tables.send("orders", off)
    tables.send("orders", on)
    tables.send("orders", on)
    assert tables.describe("orders", ("time_to_live",)).ttl_status == "ENABLING"
    server.clock.advance(minutes=31)
    assert tables.describe("orders", ("time_to_live",)).ttl_status == "ENABLED"
    with pytest.raises(Postponed, match="one change an hour") as raised:
        tables.send("orders", off)
    assert "UTC" in raised.value.hint
    with pytest.raises(ValidationRefused, match="current AttributeName is expires_at"):
        tables.send("orders", CallTimeToLive(attribute="other", enabled=True))
    server.clock.advance(minutes=31)
    tables.send("orders", off)
    assert tables.describe("orders", ("time_to_live",)).table.time_to_live is None


@pytest.mark.parametrize(
    "step",
    [
        CallStream(view=StreamView.NEW_IMAGE),
        CallCapacity(table=Capacity(read=6, write=6)),
        CallRecovery(recovery=Recovery(days=35)),
        CallTableClass(table_class=TableClass.INFREQUENT_ACCESS),
        CallEncryption(encryption=Encryption(kind=EncryptionKind.AWS_MANAGED)),
        CallCreateIndex(index=index("a"), attributes=tuple(index("a").key)),
        CallDeleteIndex(name="by_nothing"),
        CallBilling(billing=Billing.ON_DEMAND),
    ],
    ids=lambda step: type(step).__name__,
)
def test_what_is_already_so_is_success(tables: AwsTables, server: StrictServer, step: Call) -> None:
    """The second of two, as an apply that goes on where another stopped sends it."""
    tables.send("orders", step)
    server.clock.advance(minutes=30)
    tables.describe("orders")
    tables.send("orders", step)


def test_definitions_are_what_the_service_wants_with_every_index(tables: AwsTables, server: StrictServer) -> None:
    """An index is sent with the attributes of the table and of the other indexes; the service finds all used."""
    for attribute in ("a", "b", "c"):
        step = CallCreateIndex(index=index(attribute), attributes=tuple(index(attribute).key))
        tables.send("orders", step)
        state = tables.describe("orders", ()).index_state(f"by_{attribute}")
        assert state is not None
        assert state.status == "CREATING"
        server.clock.advance(minutes=30)
    table = tables.describe("orders", ()).table
    assert isinstance(table.indexes, tuple)
    assert [each.name for each in table.indexes] == ["by_a", "by_b", "by_c"]
    tables.send("orders", CallDeleteIndex(name="by_b"))
    going = tables.describe("orders", ())
    assert going.index_state("by_b") is not None
    assert going.table.index("by_b") is None


def test_a_protected_table_is_not_deleted(tables: AwsTables) -> None:
    with pytest.raises(ValidationRefused, match="DeleteTable on orders was refused"):
        tables.delete("orders")


def test_a_denied_side_call_is_unread_with_its_action(tables: AwsTables, server: StrictServer) -> None:
    server.fault("ListTagsOfResource", kind="access-denied", times=1)
    described = tables.describe("orders")
    assert "dynamodb:ListTagsOfResource on orders is not allowed" in described.unread["tags"]
    assert described.table.tags is UNSET
    assert described.table.time_to_live is None
    assert tables.describe("orders").table.tags == {}, "what was denied once is asked again"


def test_a_denied_describe_names_the_action(tables: AwsTables, server: StrictServer) -> None:
    server.fault("DescribeTable", kind="access-denied", times=1)
    with pytest.raises(AccessDenied) as raised:
        tables.describe("orders")
    assert raised.value.action == "dynamodb:DescribeTable"
    assert raised.value.statement["Action"] == "dynamodb:DescribeTable"


def test_expired_credentials(tables: AwsTables, server: StrictServer) -> None:
    server.fault("ListTables", kind="expired-credentials", times=1)
    with pytest.raises(CredentialsExpired):
        list(tables.names())


@pytest.mark.parametrize(("kind", "error"), [("500", ServiceUnavailable), ("throttle", Throttled)])
def test_what_clears_is_retried_and_what_does_not_is_said(
    tables: AwsTables, server: StrictServer, kind: str, error: type[Exception]
) -> None:
    server.fault("ListTables", kind=kind, times=1)
    assert list(tables.names()) == ["orders"]
    server.fault("ListTables", kind=kind, times=10)
    with pytest.raises(error):
        list(tables.names())
    server.calm()


def test_a_put_whose_answer_was_lost_is_found_again(tables: AwsTables, session: Session, server: StrictServer) -> None:
    """The retry meets the condition that its own first attempt broke: what stands there is what was wished."""
    item = {"id": {"S": "1"}, "note": {"S": "x"}}
    server.fault("PutItem", kind="reset-after", times=1)
    tables.send("orders", CallPutItem(item=item, before=None))
    assert AwsItems(session).get("orders", {"id": {"S": "1"}}) == item
    assert len(server.journal.of("PutItem")) == 2


def test_reading_sends_nothing_but_reads(tables: AwsTables, server: StrictServer) -> None:
    before = len(server.journal)
    tables.describe("orders")
    list(tables.names())
    tables.unoffered(("tags", "kinesis_stream"))
    for call in list(server.journal)[before:]:
        assert call.operation.startswith(("Describe", "List", "Get"))
