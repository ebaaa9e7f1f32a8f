"""The whole of a definition: every setting in one document, and the table that it means."""

from msgspec import UNSET

from definitions import one, read
from dynasmith.tables.definition_keys import TABLE
from dynasmith.tables.parse import ParseOptions
from dynasmith.tables.table import (
    Access,
    Alarm,
    AlarmKind,
    Autoscaling,
    BackupPlan,
    BackupRule,
    Billing,
    Capacity,
    Consistency,
    Encryption,
    EncryptionKind,
    Index,
    Key,
    KeyAttribute,
    LocalIndex,
    Projection,
    ProjectionKind,
    Recovery,
    Replica,
    Scaling,
    StreamView,
    Suppression,
    Table,
    TableClass,
    Trigger,
    Warm,
)

WHOLE = """
tables:
  - name: orders
    description: Orders of a customer
    attributes:
      - {name: customer_id, type: S}
      - {name: order_id, type: S}
      - {name: status, type: S}
      - {name: placed_at, type: S}
    key_schema:
      - {attribute_name: customer_id, key_type: HASH}
      - {attribute_name: order_id, key_type: RANGE}
    billing_mode: PROVISIONED
    provisioned_throughput: {read: 5, write: 5}
    warm_throughput: {read: 12000, write: 4000}
    autoscaling:
      read: {min: 5, max: 100, target: 70, scale_in_cooldown_seconds: 60, scale_out_cooldown_seconds: 60}
      write: {min: 5, max: 100, target: 70}
    global_secondary_indexes:
      - name: by_status
        key_schema:
          - {attribute_name: status, key_type: HASH}
          - {attribute_name: placed_at, key_type: RANGE}
        projection: {type: INCLUDE, attributes: [total]}
        provisioned_throughput: {read: 5, write: 5}
        autoscaling:
          write: {min: 5, max: 100}
    local_secondary_indexes:
      - name: by_placed_at
        key_schema:
          - {attribute_name: customer_id, key_type: HASH}
          - {attribute_name: placed_at, key_type: RANGE}
    time_to_live: {attribute: expires_at}
    stream: {view_type: NEW_AND_OLD_IMAGES}
    point_in_time_recovery: {enabled: true, recovery_days: 35}
    encryption: {type: AWS_OWNED}
    table_class: STANDARD
    deletion_protection: true
    tags: {team: checkout, env: "${ENV:-dev}"}
    replicas:
      - {region: eu-west-1, point_in_time_recovery: true, deletion_protection: true}
    contributor_insights: {enabled: true}
    kinesis_destination: {stream_arn: "arn:aws:kinesis:..."}
    resource_policy: {Version: "2012-10-17", Statement: []}
    triggers:
      - {function: order-processing, starting_position: LATEST, batch_size: 100}
    access:
      - {function: checkout-api, allow: [read, write]}
    backup_plan:
      vault: orders-backups
      rules:
        - {name: daily, schedule: "cron(0 2 * * ? *)", keep_days: 30, cold_storage_after_days: null}
    alarms:
      - {kind: write_throttled, index: by_status, threshold: 0, notify: "arn:aws:sns:eu-west-1:123456789012:oncall"}
    personal: [email, address.street]
    access_patterns: ["orders of a customer by time", "orders by status"]
    suppress: [{code: DS012, reason: "no personal data"}]
    multi_region_consistency: EVENTUAL
    items:
      - {customer_id: "0", order_id: "0", status: example}
environments:
  prod:
    tables:
      - {name: orders, deletion_protection: true}
"""


def _key(partition: str, sort: str) -> Key:
    return Key(partition=(KeyAttribute(name=partition, type="S"),), sort=(KeyAttribute(name=sort, type="S"),))


def test_every_setting_of_a_definition_means_its_part_of_the_table() -> None:
    cooled = Scaling(min=5, max=100, target=70, scale_in_cooldown_seconds=60, scale_out_cooldown_seconds=60)
    assert one(read(WHOLE)) == Table(
        name="orders",
        key=_key("customer_id", "order_id"),
        description="Orders of a customer",
        billing=Billing.PROVISIONED,
        capacity=Capacity(read=5, write=5),
        warm=Warm(read=12000, write=4000),
        autoscaling=Autoscaling(read=cooled, write=Scaling(min=5, max=100, target=70)),
        indexes=(
            Index(
                name="by_status",
                key=_key("status", "placed_at"),
                projection=Projection(kind=ProjectionKind.INCLUDE, attributes=("total",)),
                capacity=Capacity(read=5, write=5),
                autoscaling=Autoscaling(write=Scaling(min=5, max=100, target=UNSET)),
            ),
        ),
        local_indexes=(LocalIndex(name="by_placed_at", key=_key("customer_id", "placed_at")),),
        time_to_live="expires_at",
        stream=StreamView.NEW_AND_OLD_IMAGES,
        recovery=Recovery(days=35),
        encryption=Encryption(kind=EncryptionKind.AWS_OWNED),
        table_class=TableClass.STANDARD,
        deletion_protection=True,
        tags={"team": "checkout", "env": "dev"},
        replicas=(Replica(region="eu-west-1", recovery=True, deletion_protection=True),),
        contributor_insights=True,
        kinesis_stream="arn:aws:kinesis:...",
        resource_policy='{"Statement":[],"Version":"2012-10-17"}',
        triggers=(Trigger(function="order-processing", starting_position="LATEST", batch_size=100),),
        access=(Access(function="checkout-api", allow=("read", "write")),),
        backup_plan=BackupPlan(
            vault="orders-backups",
            rules=(BackupRule(name="daily", schedule="cron(0 2 * * ? *)", keep_days=30),),
        ),
        alarms=(
            Alarm(
                kind=AlarmKind.WRITE_THROTTLED,
                index="by_status",
                threshold=0,
                minutes=5,
                of_minutes=5,
                notify=("arn:aws:sns:eu-west-1:123456789012:oncall",),
            ),
        ),
        personal=("email", "address.street"),
        access_patterns=("orders of a customer by time", "orders by status"),
        suppress=(Suppression(code="DS012", reason="no personal data"),),
        consistency=Consistency.EVENTUAL,
        items=({"customer_id": "0", "order_id": "0", "status": "example"},),
    )


def test_the_document_uses_every_key_but_those_that_exclude_others() -> None:
    assert {key.name for key in TABLE.keys if f"{key.name}:" not in WHOLE} == {"on_demand_throughput", "witness_region"}


def test_everything_can_be_said_to_be_off() -> None:
    table = one(
        read(
            """
            tables:
              - name: orders
                attributes: [{name: id, type: S}]
                key_schema: [{attribute_name: id, key_type: HASH}]
                on_demand_throughput: {enabled: false}
                autoscaling: {enabled: false}
                global_secondary_indexes: []
                local_secondary_indexes: []
                time_to_live: {enabled: false, attribute: was}
                stream: {enabled: false}
                point_in_time_recovery: {enabled: false}
                deletion_protection: false
                tags: {}
                replicas: []
                contributor_insights: {enabled: false}
                kinesis_destination: {enabled: false}
                resource_policy: {enabled: false}
                backup_plan: {enabled: false}
                triggers: []
                alarms: []
            """,
            ParseOptions(),
        )
    )
    assert (table.indexes, table.local_indexes, table.replicas, table.triggers, table.tags) == ((), (), (), (), {})
    assert table.alarms == ()
    assert (table.autoscaling, table.contributor_insights, table.deletion_protection) == (
        Autoscaling(read=None, write=None),
        False,
        False,
    )
    off = (
        table.time_to_live,
        table.stream,
        table.recovery,
        table.kinesis_stream,
        table.resource_policy,
        table.backup_plan,
    )
    assert off == (None,) * 6
