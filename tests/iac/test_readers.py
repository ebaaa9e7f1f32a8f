"""Documents of other tools become definitions: what a form says is read back, and what is unknown is named."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.files.definitions import exported_table
from dynasmith.files.foreign_documents import _Template
from dynasmith.iac.cloudformation import cloudformation_text
from dynasmith.iac.readers.foreign_tables import ForeignTables
from dynasmith.iac.readers.formats import foreign_tables, form_of
from dynasmith.tables.table import (
    SAID_ONLY,
    Billing,
    Capacity,
    Encryption,
    EncryptionKind,
    Index,
    OnDemandMaximum,
    Replica,
    StreamView,
    Table,
    TableClass,
    known,
)
from strategies import tables

BY_ITSELF = ("alarms", "triggers", "access", "items", "witness_region", "backup_plan", *SAID_ONLY)
"""Not in the resource of a table."""


def read(text: str, form: str = "", parameters: dict[str, str] | None = None, **names: str) -> ForeignTables:
    document = yaml.load(text, Loader=_Template)
    kind = form or form_of(document)
    assert kind is not None
    return foreign_tables(document, "the file", kind, parameters or {}, names)  # type: ignore[arg-type]


def tables_of(found: ForeignTables) -> list[Table]:
    return [exported_table(each, "the file") for each in found.documents]


def _plain(table: Table) -> Table:
    """What CloudFormation says of a table: what is off is left out, and what has no mode has none."""
    table = replace(table, **dict.fromkeys(BY_ITSELF, UNSET), replicas=UNSET, consistency=UNSET)
    for name in ("stream", "time_to_live", "kinesis_stream", "resource_policy"):
        if getattr(table, name) is None:
            table = replace(table, **{name: UNSET})
    if known(table.tags, {}) == {}:
        table = replace(table, tags=UNSET)
    if not known(table.indexes, ()):
        table = replace(table, indexes=UNSET)
    if not known(table.local_indexes, ()):
        table = replace(table, local_indexes=UNSET)
    return table


@given(tables(name="orders"))
def test_a_template_reads_back_as_its_table(table: Table) -> None:
    wanted = _plain(table)
    template = cloudformation_text([wanted], {}, region="us-east-1").template
    found = read(template)
    assert found.unresolved == ()
    assert found.notes == ()
    (back,) = tables_of(found)
    assert _comparable(back) == _comparable(wanted)


@given(tables(name="orders"))
def test_a_global_table_reads_back_with_its_replicas(table: Table) -> None:
    replicas = (Replica(region="eu-west-1", recovery=True, table_class=TableClass.INFREQUENT_ACCESS),)
    wanted = replace(_plain(table), replicas=replicas, billing=Billing.ON_DEMAND, autoscaling=UNSET, capacity=UNSET)
    bare = tuple(
        replace(each, autoscaling=UNSET, capacity=UNSET, contributor_insights=UNSET)
        for each in known(wanted.indexes, ())
    )
    stream, encryption = StreamView.NEW_AND_OLD_IMAGES, Encryption(kind=EncryptionKind.AWS_MANAGED)
    wanted = replace(wanted, indexes=bare or UNSET, stream=stream, encryption=encryption)
    made = cloudformation_text([wanted], {}, region="us-east-1")
    assert made.unsaid == ()
    (back,) = tables_of(read(made.template, parameters={"AWS::Region": "us-east-1"}))
    assert _comparable(back) == _comparable(wanted)
    alone = read(made.template)
    assert [each.reference for each in alone.unresolved] == ["AWS::Region"]


def _comparable(table: Table) -> Table:
    """Billing is always said, units that are not are the least, and nothing said is no ceiling."""
    table = replace(table, billing=known(table.billing, Billing.ON_DEMAND))
    provisioned = table.billing is Billing.PROVISIONED

    def part(owner: Any) -> Any:
        ceiling = known(owner.on_demand_maximum, OnDemandMaximum())
        ceiling = OnDemandMaximum(read=known(ceiling.read, None), write=known(ceiling.write, None))
        warm = known(owner.warm, None)
        return replace(
            owner,
            capacity=UNSET,
            on_demand_maximum=UNSET if provisioned or ceiling == OnDemandMaximum() else ceiling,
            warm=UNSET if warm is None or (warm.read is UNSET and warm.write is UNSET) else warm,
            autoscaling=UNSET,
        )

    indexes = tuple(part(each) for each in known(table.indexes, ()))
    made: Table = replace(part(table), indexes=indexes or UNSET)
    return made


GLOBAL = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
  Team: {Type: String}
Mappings:
  Units: {dev: {Read: 2}, prod: {Read: 200}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "orders-${Stage}"
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: a, AttributeType: N}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      ProvisionedThroughput: {ReadCapacityUnits: !FindInMap [Units, !Ref Stage, Read], WriteCapacityUnits: 3}
      GlobalSecondaryIndexes:
        - IndexName: !Join ["_", [by, a]]
          KeySchema: [{AttributeName: a, KeyType: HASH}]
          Projection: {ProjectionType: KEYS_ONLY}
          ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}
      TimeToLiveSpecification: !If [IsProd, {AttributeName: ttl, Enabled: true}, !Ref AWS::NoValue]
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: !If [IsProd, true, false]}
      SSESpecification: {SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !GetAtt Key.Arn}
      Tags: [{Key: team, Value: !Ref Team}, {Key: stage, Value: !Ref Stage}]
  Scaled:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: dynamodb
      ScalableDimension: dynamodb:table:ReadCapacityUnits
      ResourceId: !Sub table/${Orders}
      MinCapacity: 2
      MaxCapacity: 20
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyType: TargetTrackingScaling
      PolicyName: any
      ScalingTargetId: !Ref Scaled
      TargetTrackingScalingPolicyConfiguration: {TargetValue: 55.0, ScaleInCooldown: 30}
  OnlyProd:
    Type: AWS::Serverless::SimpleTable
    Condition: IsProd
    Properties: {TableName: only}
  Key: {Type: AWS::KMS::Key}
"""


def test_functions_and_references_are_resolved() -> None:
    found = read(GLOBAL, parameters={"Stage": "prod", "Team": "shop", "Key.Arn": "arn:aws:kms:us-east-1:1:key/k"})
    assert found.unresolved == ()
    orders, only = tables_of(found)
    assert (orders.name, orders.capacity, orders.time_to_live) == ("orders-prod", Capacity(read=200, write=3), "ttl")
    assert orders.encryption == Encryption(kind=EncryptionKind.CUSTOMER, key="arn:aws:kms:us-east-1:1:key/k")
    assert orders.tags == {"team": "shop", "stage": "prod"}
    assert isinstance(orders.indexes, tuple)
    assert [each.name for each in orders.indexes] == ["by_a"]
    assert orders.autoscaling is not UNSET
    assert (only.name, only.key.partition[0].name, only.billing) == ("only", "id", Billing.ON_DEMAND)


def test_what_is_unknown_is_named_and_left_out() -> None:
    found = read(GLOBAL)
    unknown = {(each.path.removeprefix("Resources.Orders.Properties."), each.reference) for each in found.unresolved}
    assert unknown == {
        ("Tags[0].Value", "parameter Team"),
        ("SSESpecification.KMSMasterKeyId", "attribute Key.Arn"),
    }
    (orders,) = found.documents
    assert orders["name"] == "orders-dev"
    assert orders["tags"] == {"stage": "dev"}
    assert "time_to_live" not in orders
    assert "encryption" not in orders  # half of it would be another key
    assert "OnlyProd is left out: its condition IsProd is not met." in found.notes


def test_a_table_without_a_name_is_named_by_its_logical_id() -> None:
    text = """
    Resources:
      A:
        Type: AWS::DynamoDB::Table
        Properties:
          AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
          KeySchema: [{AttributeName: pk, KeyType: HASH}]
          BillingMode: PAY_PER_REQUEST
    """
    found = read(text)
    assert found.documents == ()
    assert [each.hint for each in found.unresolved] == ["--table A=NAME"]
    assert [each.name for each in tables_of(read(text, A="orders"))] == ["orders"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Transform: Mine\nResources: {}", "uses the macro Mine"),
        (
            "Resources: {A: {Type: AWS::DynamoDB::Table, Properties: {'Fn::Transform': x}}}",
            "uses Fn::Transform",
        ),
        ("Resources: {A: {Type: AWS::DynamoDB::Table, Condition: Gone, Properties: {}}}", "names the condition Gone"),
        ("{format_version: '3.0', values: {}}", "known version"),
        ("{terraform_version: '1.0', resources: []}", "terraform show -json"),
        ("{DataModel: [{TableName: x}]}", "no name or no key"),
        ("{dms_version: '0.1', models: [{name: A}]}", "no table name"),
        ("{TableName: x, KeySchema: [{AttributeName: pk}]}", "has no 'KeyType'"),
        (
            "{DataModel: [&a {TableName: x, KeyAttributes: {PartitionKey: {AttributeName: p, AttributeType: S}}}, *a]}",
            "two tables of the name x",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read(text)


def test_a_described_table() -> None:
    found = read(
        "{Table: {TableName: tab, TableStatus: ACTIVE, ItemCount: 3, VectorIndexes: [], "
        "KeySchema: [{AttributeName: pk, KeyType: HASH}], "
        "AttributeDefinitions: [{AttributeName: pk, AttributeType: S}], BillingModeSummary: "
        "{BillingMode: PAY_PER_REQUEST}, ProvisionedThroughput: {ReadCapacityUnits: 0, WriteCapacityUnits: 0}, "
        "WarmThroughput: {Status: ACTIVE, ReadUnitsPerSecond: 12000}}}"
    )
    (table,) = tables_of(found)
    assert (table.billing, table.capacity, table.warm) == (Billing.ON_DEMAND, UNSET, UNSET)
    assert found.notes == ("tab: VectorIndexes is not in this definition.",)


def test_a_state_and_what_stands_beside_its_tables() -> None:
    def of(kind: str, **values: Any) -> dict[str, Any]:
        return {"address": f"{kind}.x", "type": kind, "mode": "managed", "values": values}

    table = of(
        "aws_dynamodb_table",
        name="orders",
        hash_key="pk",
        billing_mode="PROVISIONED",
        read_capacity=2,
        write_capacity=2,
        attribute=[{"name": "pk", "type": "S"}],
        ttl=[{"attribute_name": "", "enabled": False}],
        tags=None,
    )
    scaling = {"resource_id": "table/orders", "scalable_dimension": "dynamodb:table:ReadCapacityUnits"}
    child = [
        of("aws_appautoscaling_target", service_namespace="dynamodb", min_capacity=2, max_capacity=9, **scaling),
        of(
            "aws_appautoscaling_policy",
            target_tracking_scaling_policy_configuration=[{"target_value": 60, "scale_in_cooldown": 5}],
            **scaling,
        ),
        of("aws_dynamodb_table_item", table_name="orders"),
    ]
    root = {"resources": [table], "child_modules": [{"resources": child}]}
    document = {"format_version": "1.2", "terraform_version": "1.11.4", "values": {"root_module": root}}
    found = foreign_tables(document, "the file", "terraform", {}, {})
    (made,) = tables_of(found)
    assert made.capacity == Capacity(read=2, write=2)
    assert made.time_to_live is None
    assert found.documents[0]["autoscaling"] == {
        "read": {"min": 2, "max": 9, "target": 60, "scale_in_cooldown_seconds": 5}
    }
    assert found.notes == ("aws_dynamodb_table_item.x is an aws_dynamodb_table_item, which is not read.",)


WORKBENCH = """
ModelName: m
DataModel:
  - TableName: music
    BillingMode: PAY_PER_REQUEST
    KeyAttributes:
      PartitionKey: {AttributeName: pk, AttributeType: S}
      SortKey: {AttributeName: sk, AttributeType: N}
    GlobalSecondaryIndexes:
      - IndexName: gsi
        KeyAttributes: {PartitionKey: {AttributeName: b, AttributeType: B}}
        Projection: {ProjectionType: INCLUDE, NonKeyAttributes: [z]}
    TableData: [{pk: {S: a}, sk: {N: '1'}}]
"""
DMS = """
dms_version: '0.1'
models:
  - name: A
    table: {name: tab}
    keys: {partition: {attribute: PK, type: S}}
    attributes: [{attribute: PK, type: S}, {attribute: t, type: N, roles: [ttl]}]
  - name: B
    table: {name: tab}
    keys: {partition: {attribute: PK, type: S}}
    indexes: [{name: by_x, type: GSI, partition: {attribute: x, type: N}}]
"""


def test_workbench_and_dms() -> None:
    (music,) = tables_of(read(WORKBENCH))
    assert music.key.names == ("pk", "sk")
    assert isinstance(music.indexes, tuple)
    assert isinstance(music.indexes[0], Index)
    assert music.items == ({"pk": {"S": "a"}, "sk": {"N": "1"}},)
    (table,) = tables_of(read(DMS))
    assert table.time_to_live == "t"
    assert isinstance(table.indexes, tuple)
    assert [each.name for each in table.indexes] == ["by_x"]
