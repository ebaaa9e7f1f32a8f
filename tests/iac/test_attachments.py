"""What stands beside tables in a form of another tool is read with them, or named."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from msgspec import UNSET, convert
from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.files.definitions import exported_table
from dynasmith.files.foreign_documents import _Template
from dynasmith.iac.cloudformation import cloudformation_text
from dynasmith.iac.readers.foreign_tables import ForeignTables
from dynasmith.iac.readers.formats import foreign_tables, form_of
from dynasmith.tables.access_policy import TablePlace, canonical, policy_name, statements_of
from dynasmith.tables.backup_names import ROLE
from dynasmith.tables.settings.trigger_parts import filters_of
from dynasmith.tables.table import Access, Alarm, AlarmKind, BackupPlan, Table, Trigger, known
from strategies import tables

TABLE = """
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
"""
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"


def read(resources: str, head: str = "", **parameters: str) -> ForeignTables:
    text = f"{head}\nResources:{TABLE}{resources}"
    document = yaml.load(text, Loader=_Template)
    return foreign_tables(document, "the file", "cloudformation", parameters, {})


def orders(found: ForeignTables) -> Table:
    (document,) = found.documents
    return exported_table(document, "the file")


@given(tables(name="orders"))
def test_triggers_alarms_and_backups_read_back_from_a_template(table: Table) -> None:
    made = cloudformation_text([replace(table, access=UNSET)], {}, region="us-east-1")
    document = yaml.load(made.template, Loader=_Template)
    parameters = {"AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}
    (back,) = foreign_tables(document, "the file", "cloudformation", parameters, {}).documents
    again = exported_table(back, "the file")
    assert known(again.alarms, ()) == known(table.alarms, ())
    assert tuple(map(_options, known(again.triggers, ()))) == tuple(map(_options, known(table.triggers, ())))
    assert _plan(again.backup_plan) == _plan(table.backup_plan)


def _options(trigger: Trigger) -> Trigger:
    """Without the position, which a template always says; filters in one form."""
    return replace(trigger, starting_position=UNSET, filter_pattern=UNSET, filters=filters_of(trigger) or UNSET)


def _plan(plan: Any) -> Any:
    """A role that is not named is one that the template makes."""
    if not isinstance(plan, BackupPlan):
        return None
    role = "" if plan.role is UNSET or ROLE in str(plan.role) else plan.role
    return replace(plan, role=role)


@pytest.mark.parametrize(
    "entry",
    [
        Access(function="ship", allow=("read", "stream")),
        Access(role="app", allow=("read", "dynamodb:PutItem"), indexes=("by_day",)),
        Access(role="app", allow=("read", "describe"), indexes=()),
        Access(role="app", allow=("dynamodb:GetItem", "dynamodb:Query"), leading_keys=("open-*",)),
        Access(role="app", allow=("write",)),
    ],
)
def test_a_policy_that_dynasmith_wrote_reads_back_as_its_entry(entry: Access) -> None:
    policy = {"Version": "2012-10-17", "Statement": statements_of(entry, TablePlace(arn=ARN))}
    resource = {
        "Type": "AWS::IAM::RolePolicy",
        "Properties": {"PolicyName": policy_name("orders"), "RoleName": "app", "PolicyDocument": policy},
    }
    found = read(f"  Policy: {json.dumps(resource)}")
    (document,) = found.documents
    (back,) = document["access"]
    made = convert(back, Access)
    assert (canonical(made), found.notes) == (canonical(entry), ())


SAM = """
  Ship:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: ship
      AutoPublishAlias: live
      Policies:
        - AWSLambdaBasicExecutionRole
        - DynamoDBCrudPolicy: {TableName: !Ref Orders}
        - Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: TRIM_HORIZON
            BatchSize: !Ref Size
            FunctionResponseTypes: [ReportBatchItemFailures]
            FilterCriteria: {Filters: [{Pattern: '{"eventName": ["INSERT"]}'}]}
            DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failed.Arn}}
        Call: {Type: Api, Properties: {Path: /, Method: get}}
  Failed: {Type: AWS::SQS::Queue, Properties: {QueueName: failed}}
  Queued:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Failed.Arn, FunctionName: !Ref Ship}
"""


def test_events_and_policies_of_sam() -> None:
    head = "Transform: AWS::Serverless-2016-10-31\nParameters: {Size: {Type: Number, Default: '10'}}"
    found = read(SAM, head, **{"AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012"})
    assert found.unresolved == ()
    (trigger,) = known(orders(found).triggers, ())
    assert trigger == Trigger(
        function="ship:live",
        starting_position="TRIM_HORIZON",
        batch_size=10,
        report_batch_item_failures=True,
        filters=('{"eventName":["INSERT"]}',),
        on_failure_destination="arn:aws:sqs:eu-west-1:123456789012:failed",
    )
    (entry,) = known(orders(found).access, ())
    assert (entry.function, "dynamodb:PutItem" in entry.allow, entry.indexes) == ("ship", True, UNSET)
    assert any("apply puts the policy dynasmith-orders beside it" in note for note in found.notes)
    alone = read(SAM, head)
    assert {each.reference for each in alone.unresolved} == {"AWS::Region", "AWS::AccountId"}
    assert orders(alone).triggers is UNSET  # half of a trigger would be another one


def test_a_function_without_a_name_is_named_by_its_logical_id() -> None:
    found = read(SAM.replace("      FunctionName: ship\n", ""), "Parameters: {Size: {Type: Number, Default: 10}}")
    assert "--param Ship=VALUE" in {each.hint for each in found.unresolved}
    named = read(SAM, "Parameters: {Size: {Type: Number}}", Ship="ship", **{"Failed.Arn": "arn:aws:sqs:r:a:failed"})
    assert [each.reference for each in named.unresolved] == ["parameter Size"]


ALARMS = """
  Throttled:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: team-throttled
      Namespace: AWS/DynamoDB
      MetricName: WriteThrottleEvents
      Dimensions: [{Name: TableName, Value: !Ref Orders}]
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 5
      Threshold: "0"
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [!Ref Topic]
  Rate:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: rate
      Metrics:
        - Id: m
          MetricStat: {Metric: {Namespace: AWS/DynamoDB, MetricName: X, Dimensions: [{Name: TableName, Value: orders}]}}
  Other:
    Type: AWS::CloudWatch::Alarm
    Properties: {Namespace: AWS/SQS, MetricName: X, Dimensions: [{Name: QueueName, Value: !GetAtt Gone.QueueName}]}
  Topic: {Type: AWS::SNS::Topic}
"""


def test_alarms() -> None:
    found = read(ALARMS, Topic="arn:aws:sns:eu-west-1:123456789012:oncall")
    (alarm,) = known(orders(found).alarms, ())
    assert alarm == Alarm(
        kind=AlarmKind.WRITE_THROTTLED,
        threshold=0.0,
        minutes=5,
        of_minutes=5,
        notify=("arn:aws:sns:eu-west-1:123456789012:oncall",),
        name="team-throttled",
    )
    assert found.unresolved == ()
    assert found.notes == ("Resources.Rate watches orders in a way that no kind of alarm has; it is left out.",)
    alone = read(ALARMS)
    assert [each.hint for each in alone.unresolved] == ["--param Topic=VALUE"]
    assert [each.notify for each in known(orders(alone).alarms, ())] == [UNSET]


BACKUPS = """
  Vault: {Type: AWS::Backup::BackupVault, Properties: {BackupVaultName: safe}}
  Plan:
    Type: AWS::Backup::BackupPlan
    Properties:
      BackupPlan:
        BackupPlanName: nightly
        BackupPlanRule:
          - RuleName: daily
            TargetBackupVault: !Ref Vault
            ScheduleExpression: cron(0 2 * * ? *)
            Lifecycle: {DeleteAfterDays: 30}
            CopyActions: [{DestinationBackupVaultArn: x}]
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: backups}}
  Selection:
    Type: AWS::Backup::BackupSelection
    Properties:
      BackupPlanId: !Ref Plan
      BackupSelection: {SelectionName: s, IamRoleArn: !GetAtt Role.Arn, Resources: [!GetAtt Orders.Arn]}
"""


def test_a_backup_plan() -> None:
    found = read(BACKUPS)
    plan = orders(found).backup_plan
    assert isinstance(plan, BackupPlan)
    assert (plan.vault, plan.role, plan.rules[0].keep_days) == ("safe", "backups", 30)
    assert [note.partition(":")[0] for note in found.notes] == ["orders", "orders"]
    assert "CopyActions of the backup rule daily" in found.notes[0]
    assert "its backup plan is called nightly" in found.notes[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[!GetAtt Orders.Arn]", "['*']"), "selects what it backs up by *"),
        (("Resources: [!GetAtt", "ListOfTags: [x], Resources: [!GetAtt"), "selects orders with ListOfTags"),
        (("!Ref Vault", "!Ref Gone"), "a part of it is not known here"),
        (("            ScheduleExpression: cron(0 2 * * ? *)\n", ""), "or no schedule"),
    ],
)
def test_a_backup_plan_that_is_left_out_is_named(change: tuple[str, str], said: str) -> None:
    found = read(BACKUPS.replace(*change))
    assert orders(found).backup_plan is UNSET
    assert any(said in note for note in found.notes), found.notes


def policy(statement: str, kind: str = "RoleName: app") -> str:
    return f"""
  Policy:
    Type: AWS::IAM::RolePolicy
    Properties: {{PolicyName: own, {kind}, PolicyDocument: {{Statement: [{statement}]}}}}
"""


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("{Effect: Allow, Action: 'dynamodb:*', Resource: !GetAtt Orders.Arn}", "it allows dynamodb:*"),
        ("{Effect: Deny, Action: 'dynamodb:GetItem', Resource: !GetAtt Orders.Arn}", "it denies"),
        ("{Effect: Allow, Action: 'dynamodb:GetItem', Resource: '*'}", "on every resource"),
        (
            "{Effect: Allow, Action: 'dynamodb:Query', Resource: !Sub '${Orders.Arn}/index/x'}",
            "other actions on an index",
        ),
        (
            "{Effect: Allow, Action: 'dynamodb:GetItem', Resource: !GetAtt Orders.Arn, Condition: {Bool: {x: true}}}",
            "it has a condition",
        ),
        ("{Effect: Allow, Action: 'dynamodb:GetItem', Resource: !Sub '${Orders.Arn}*'}", "a pattern"),
    ],
)
def test_a_policy_that_access_cannot_say_is_named(statement: str, said: str) -> None:
    found = read(policy(statement))
    assert orders(found).access is UNSET
    assert any(said in note for note in found.notes), found.notes


def test_a_policy_for_other_resources_is_none_of_the_table() -> None:
    found = read(
        policy("{Effect: Allow, Action: 's3:*', Resource: !GetAtt Gone.Arn}, {Effect: Allow, Action: 'sqs:*'}")
    )
    assert (orders(found).access, found.notes, found.unresolved) == (UNSET, (), ())


# --- Terraform


def state(*resources: dict[str, Any], **more: Any) -> ForeignTables:
    table = of(
        "aws_dynamodb_table",
        name="orders",
        hash_key="pk",
        billing_mode="PAY_PER_REQUEST",
        attribute=[{"name": "pk", "type": "S"}],
        stream_enabled=True,
        stream_view_type="NEW_AND_OLD_IMAGES",
        arn=ARN,
    )
    values = {"root_module": {"resources": [table, *resources]}}
    document = {"format_version": "1.2", "terraform_version": "1.11.4", "values": values, **more}
    assert form_of(document) == "terraform"
    return foreign_tables(document, "the file", "terraform", {}, {})


def of(kind: str, **values: Any) -> dict[str, Any]:
    return {"address": f"{kind}.x", "type": kind, "mode": "managed", "values": values}


ROLE_POLICY = {
    "Statement": {
        "Effect": "Allow",
        "Action": ["dynamodb:GetItem", "dynamodb:Query"],
        "Resource": [ARN, f"{ARN}/index/*"],
    }
}


def test_a_state_says_what_stands_beside_its_tables() -> None:
    found = state(
        of(
            "aws_lambda_event_source_mapping",
            event_source_arn=f"{ARN}/stream/2026-01-01T00:00:00.000",
            function_name="arn:aws:lambda:eu-west-1:123456789012:function:ship",
            starting_position="LATEST",
            batch_size=50,
            filter_criteria=[{"filter": [{"pattern": '{"eventName": ["INSERT"]}'}]}],
            destination_config=[{"on_failure": [{"destination_arn": "arn:aws:sqs:eu-west-1:123456789012:failed"}]}],
        ),
        of(
            "aws_cloudwatch_metric_alarm",
            alarm_name="orders-read_throttled",
            namespace="AWS/DynamoDB",
            metric_name="ReadThrottleEvents",
            dimensions={"TableName": "orders"},
            statistic="Sum",
            period=60,
            evaluation_periods=15,
            datapoints_to_alarm=5,
            threshold=1,
            comparison_operator="GreaterThanThreshold",
            alarm_actions=[],
        ),
        of("aws_backup_vault", name="safe", kms_key_arn="arn:aws:kms:eu-west-1:123456789012:key/1"),
        of(
            "aws_backup_plan",
            id="p1",
            name="dynasmith-orders",
            rule=[
                {"rule_name": "daily", "target_vault_name": "safe", "schedule": "cron(0 2 * * ? *)", "start_window": 60}
            ],
        ),
        of(
            "aws_backup_selection",
            plan_id="p1",
            name="s",
            iam_role_arn="arn:aws:iam::123456789012:role/backups",
            resources=[ARN],
            condition=[],
        ),
        of("aws_iam_role_policy", name="own", role="app", policy=json.dumps(ROLE_POLICY)),
        of("aws_dynamodb_table_replica", arn=ARN.replace("eu-west-1", "us-east-1"), global_table_arn=ARN),
        of("aws_dynamodb_tag", resource_arn=ARN, key="team", value="shop"),
        of("aws_dynamodb_contributor_insights", table_name="orders", mode="THROTTLED_KEYS"),
    )
    assert found.unresolved == ()
    (document,) = found.documents
    assert document["triggers"][0] == {
        "function": "ship",
        "starting_position": "LATEST",
        "batch_size": 50,
        "filters": [{"eventName": ["INSERT"]}],
        "on_failure_destination": "arn:aws:sqs:eu-west-1:123456789012:failed",
    }
    assert document["alarms"] == [{"kind": "read_throttled", "threshold": 1, "minutes": 5, "of_minutes": 15}]
    assert document["backup_plan"] == {
        "rules": [{"name": "daily", "schedule": "cron(0 2 * * ? *)", "start_window_minutes": 60}],
        "vault": "safe",
        "kms_key": "arn:aws:kms:eu-west-1:123456789012:key/1",
        "role": "arn:aws:iam::123456789012:role/backups",
    }
    assert document["access"] == [{"role": "app", "allow": ["dynamodb:GetItem", "dynamodb:Query"]}]
    assert document["replicas"] == [{"region": "us-east-1"}]
    assert (document["tags"], document["contributor_insights"]["mode"]) == ({"team": "shop"}, "THROTTLED_KEYS")
    orders(found)


def plan(attribute: str, **unknown: Any) -> ForeignTables:
    """A plan in a module with for_each, of which some values are known after apply."""
    address = 'module.shop.aws_dynamodb_table.all["orders"]'
    values: dict[str, Any] = {
        "name": "orders",
        "hash_key": "pk",
        "billing_mode": "PAY_PER_REQUEST",
        "attribute": [{"name": "pk", "type": "S"}],
        "server_side_encryption": [{"enabled": True}],
        "tags": {"team": "shop"},
        "stream_enabled": True,
        "stream_view_type": "NEW_IMAGE",
    }
    values.pop(attribute, None)
    table = {"address": address, "type": "aws_dynamodb_table", "mode": "managed", "values": values}
    mapping = of("aws_lambda_event_source_mapping", function_name="ship", starting_position="LATEST")
    mapping["address"] = "module.shop.aws_lambda_event_source_mapping.x"
    expressions = {
        "server_side_encryption": [{"enabled": {"constant_value": True}, "kms_key_arn": {"references": ["x"]}}]
    }
    source = {"references": ['aws_dynamodb_table.all["orders"].stream_arn', "aws_dynamodb_table.all"]}
    configured = [
        {"address": "aws_dynamodb_table.all", "expressions": expressions},
        {"address": "aws_lambda_event_source_mapping.x", "expressions": {"event_source_arn": source}},
    ]
    document = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"child_modules": [{"resources": [table, mapping]}]}},
        "resource_changes": [{"address": address, "change": {"after_unknown": unknown}}],
        "configuration": {"root_module": {"module_calls": {"shop": {"module": {"resources": configured}}}}},
    }
    return foreign_tables(document, "the file", "terraform", {}, {})


@pytest.mark.parametrize(
    ("attribute", "unknown", "key", "left"),
    [
        ("name", {"name": True}, "name", False),
        ("hash_key", {"hash_key": True}, "hash_key", False),
        ("billing_mode", {"billing_mode": True}, "billing_mode", False),
        ("", {"server_side_encryption": [{"kms_key_arn": True}]}, "server_side_encryption[0].kms_key_arn", True),
        ("tags", {"tags": True}, "tags", True),
    ],
)
def test_what_is_known_after_apply_is_named(attribute: str, unknown: dict[str, Any], key: str, left: bool) -> None:
    found = plan(attribute, **unknown)
    address = 'module.shop.aws_dynamodb_table.all["orders"]'
    assert [each.path for each in found.unresolved] == [f"{address}.{key}"]
    assert len(found.documents) == left
    if left:
        assert key.partition("[")[0] not in found.documents[0]


def test_a_plan_finds_the_table_that_a_mapping_refers_to() -> None:
    (document,) = plan("").documents
    assert document["triggers"] == [{"function": "ship", "starting_position": "LATEST"}]
    assert document["encryption"] == {"type": "AWS_MANAGED"}


# --- what cannot be known


@pytest.mark.parametrize(
    ("properties", "reference"),
    [
        ("TableClass: '{{resolve:ssm:/shop/class}}'", "{{resolve:ssm:/shop/class}}"),
        ("TableClass: !Ref OfSsm", "parameter OfSsm"),
        ("TableClass: !ImportValue other-class", 'Fn::ImportValue "other-class"'),
    ],
)
def test_a_value_that_only_the_account_knows_is_named(properties: str, reference: str) -> None:
    head = "Parameters: {OfSsm: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/class}}"
    text = f"{head}\nResources:{TABLE}      {properties}\n"
    document = yaml.load(text, Loader=_Template)
    found = foreign_tables(document, "the file", "cloudformation", {}, {})
    assert [each.reference for each in found.unresolved] == [reference]
    assert "table_class" not in found.documents[0]


def test_an_index_with_a_key_of_which_a_part_is_unknown_is_left_out() -> None:
    index = "[{AttributeName: pk, KeyType: HASH}, {AttributeName: !Ref Sort, KeyType: RANGE}]"
    more = f"      GlobalSecondaryIndexes: [{{IndexName: i, KeySchema: {index}, Projection: {{ProjectionType: ALL}}}}]"
    document = yaml.load(f"Parameters: {{Sort: {{Type: String}}}}\nResources:{TABLE}{more}\n", Loader=_Template)
    found = foreign_tables(document, "the file", "cloudformation", {}, {})
    assert ("global_secondary_indexes" not in found.documents[0], len(found.unresolved)) == (True, 1)


NESTED = """
  More: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: x}}
  Away: {Type: Custom::DynamoDBReplica, Properties: {ServiceToken: x, TableName: !Ref Orders, Region: us-east-1}}
"""


def test_nested_stacks_and_replicas_that_a_function_makes() -> None:
    found = read(NESTED)
    assert [each.path for each in found.unresolved] == ["Resources.More"]
    assert found.documents[0]["replicas"] == [{"region": "us-east-1"}]


def test_a_name_that_nothing_has_is_refused() -> None:
    with pytest.raises(UsageError, match="has no parameter and no resource Stag"):
        read("", "Parameters: {Stage: {Type: String, Default: dev}}", Stag="prod")
    with pytest.raises(UsageError, match="does not allow test"):
        read("", "Parameters: {Stage: {Type: String, AllowedValues: [dev]}}", Stage="test")
    document = yaml.load(f"Resources:{TABLE}", Loader=_Template)
    with pytest.raises(UsageError, match="has no resource Order"):
        foreign_tables(document, "the file", "cloudformation", {}, {"Order": "x"})
    values = {"root_module": {"resources": [of("aws_dynamodb_table", name="orders", hash_key="pk")]}}
    state_document = {"format_version": "1.0", "values": values}
    with pytest.raises(UsageError, match=r"has no resource aws_dynamodb_table\.y"):
        foreign_tables(state_document, "the file", "terraform", {"aws_dynamodb_table.y.name": "x"}, {})


GLOBAL = """
Resources:
  Orders:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      TableName: orders
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      BillingMode: PROVISIONED
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      WriteProvisionedThroughputSettings:
        WriteCapacityAutoScalingSettings:
          {MinCapacity: 2, MaxCapacity: 20, TargetTrackingScalingPolicyConfiguration: {TargetValue: 60}}
      Replicas:
        - Region: eu-west-1
          ReadProvisionedThroughputSettings:
            ReadCapacityAutoScalingSettings:
              {MinCapacity: 3, MaxCapacity: 30, TargetTrackingScalingPolicyConfiguration: {TargetValue: 50}}
          ReplicaStreamSpecification: {ResourcePolicy: {PolicyDocument: {}}}
        - {Region: us-east-1, ContributorInsightsSpecification: {Enabled: true}}
"""


def test_a_provisioned_global_table() -> None:
    document = yaml.load(GLOBAL, Loader=_Template)
    found = foreign_tables(document, "the file", "cloudformation", {"AWS::Region": "eu-west-1"}, {})
    (made,) = found.documents
    assert made["autoscaling"] == {
        "read": {"min": 3, "max": 30, "target": 50},
        "write": {"min": 2, "max": 20, "target": 60},
    }
    assert made["replicas"] == [{"region": "us-east-1"}]
    assert found.notes == (
        "orders: ReplicaStreamSpecification is not in this definition.",
        "orders: Replicas.us-east-1.ContributorInsightsSpecification is not in this definition.",
    )
    exported_table(made, "the file")
    alone = foreign_tables(document, "the file", "cloudformation", {}, {})
    assert ("replicas" in alone.documents[0], [each.reference for each in alone.unresolved]) == (False, ["AWS::Region"])
