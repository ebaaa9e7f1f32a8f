"""What CloudTrail and AWS Backup say of a live table, and the thirteen points of the checklist."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws_backup_calls import make_role
from backups.test_schedules import client
from cli.story import table
from dynasmith import Project, checklist
from dynasmith.aws.control.actions import READS, VALIDATES
from dynasmith.tables.own_tags import RESTORE_TAG
from dynasmith.validate.checklist import CHECKLIST
from item_stories.kit import ItemStory

pytestmark = pytest.mark.engine
POINTS = {"DS015", "DS025", "DS026", "DS027"}
DATA = {"Field": "eventCategory", "Equals": ["Data"]}
TABLES = {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]}


@pytest.fixture
def shop(story: ItemStory) -> ItemStory:
    """A project with one table in production."""
    story.define(table("orders", tags={"env": "prod"}, point_in_time_recovery={"enabled": True}))
    assert story("ensure").code == 0
    return story


def points(shop: ItemStory, *words: str) -> dict[str, dict[str, Any]]:
    """The findings of the points that other services know, by code."""
    answer = shop("validate", "orders", "--json", *words)
    return {each["code"]: each for each in answer.json if each["code"] in POINTS}


def checked(shop: ItemStory, *words: str) -> dict[int, dict[str, Any]]:
    answer = shop("validate", "orders", "--checklist", "--json", *words)
    return {each["point"]: each for each in answer.json}


def test_a_trail_that_covers_the_table_and_one_that_does_not(shop: ItemStory) -> None:
    trails, buckets = client(shop, "cloudtrail"), client(shop, "s3")
    found = points(shop)["DS015"]
    assert (found["severity"], found["why"].split(".")[0]) == (
        "warning",
        "No trail of CloudTrail logs the data events of the table",
    )
    bucket = f"trail-{shop.account}"
    buckets.create_bucket(Bucket=bucket)
    trails.create_trail(Name="audit", S3BucketName=bucket, IsMultiRegionTrail=True)
    trails.put_event_selectors(TrailName="audit", AdvancedEventSelectors=[{"FieldSelectors": [DATA, TABLES]}])
    assert "trail audit does not log" in points(shop)["DS015"]["why"]
    trails.start_logging(Name="audit")
    assert "DS015" not in points(shop)
    arn = shop.direct.describe_table(TableName="orders")["Table"]["TableArn"]
    for values, covered in (([arn], True), ([f"{arn}-of-others"], False), (["arn:aws:dynamodb"], True)):
        data = [{"Type": "AWS::DynamoDB::Table", "Values": values}]
        trails.put_event_selectors(TrailName="audit", EventSelectors=[{"ReadWriteType": "All", "DataResources": data}])
        assert ("DS015" not in points(shop)) is covered, values


def test_a_selection_and_the_jobs_of_its_plan(shop: ItemStory) -> None:
    found = points(shop)
    assert found["DS025"]["severity"] == "warning"
    assert "DS026" not in found
    assert shop("backup", "schedule", "orders", "--daily", "--yes").code == 0
    assert not {"DS025", "DS026"} & points(shop).keys()
    iam = client(shop, "iam")
    attached = iam.list_attached_role_policies(RoleName="dynasmith-backup")["AttachedPolicies"]
    for each in attached:
        iam.detach_role_policy(RoleName="dynasmith-backup", PolicyArn=each["PolicyArn"])
    arn = shop.direct.describe_table(TableName="orders")["Table"]["TableArn"]
    role = iam.get_role(RoleName="dynasmith-backup")["Role"]["Arn"]
    backup = client(shop, "backup")
    backup.start_backup_job(BackupVaultName="orders-backup-vault", ResourceArn=arn, IamRoleArn=role)
    ended(shop)
    failed = points(shop)["DS026"]
    assert (failed["severity"], "is FAILED" in failed["why"]) == ("critical", True)
    for each in attached:
        iam.attach_role_policy(RoleName="dynasmith-backup", PolicyArn=each["PolicyArn"])
    backup.start_backup_job(BackupVaultName="orders-backup-vault", ResourceArn=arn, IamRoleArn=role)
    ended(shop)
    assert "DS026" not in points(shop)


def ended(shop: ItemStory) -> None:
    """Look until no backup job is under way: each look moves the clock on."""
    while any(each["state"] in ("CREATED", "PENDING", "RUNNING") for each in shop("backup", "jobs", "--json").json):
        pass


class Later:
    """The machine's clock, so many days ahead."""

    def __init__(self, days: int) -> None:
        self.ahead = timedelta(days=days)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


@pytest.mark.parametrize(("days", "late"), [(0, False), (3, True)])
def test_a_backup_that_is_late(shop: ItemStory, days: int, late: bool) -> None:
    assert shop("backup", "schedule", "orders", "--daily", "--yes").code == 0
    with Project.load(clock=Later(days)) as project:
        found = [each.why for each in project.validate(["orders"]).findings if each.code == "DS026"]
    assert bool(found) is late
    assert not late or "Rule daily of plan dynasmith-orders was due at" in found[0]


def test_a_verified_restore_is_written_on_the_table_and_left_alone(shop: ItemStory) -> None:
    assert points(shop)["DS027"]["severity"] == "warning"
    shop.people("staff", 0)
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    answer = shop("backup", "restore", "kept", "--target", "tried", "--yes", "--json")
    assert answer.json["verified"] == "counted"
    assert "DS027" not in points(shop)

    def written() -> dict[str, str]:
        arn = shop.direct.describe_table(TableName="orders")["Table"]["TableArn"]
        return {each["Key"]: each["Value"] for each in shop.direct.list_tags_of_resource(ResourceArn=arn)["Tags"]}

    before = written()
    assert before["env"] == "prod"
    assert before[RESTORE_TAG].endswith("Z counted")
    assert shop("check", "orders").code == 0
    assert "No changes" in shop("plan", "orders", "--prune").out
    assert shop("apply", "--prune", "--yes").code == 0
    assert written() == before
    assert RESTORE_TAG not in shop("import", "orders").out
    assert not any(each["code"] == "DS005" for each in shop("validate", "orders", "--json").json)
    shop.define(table("orders", tags={"env": "prod", RESTORE_TAG: "never"}))
    refused = shop("plan")
    assert (refused.code, "is the tag that a verified restore writes" in refused.err) == (2, True)


def test_a_restore_that_may_not_tag_is_done_all_the_same(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    shop.served.fault("TagResource", kind="access-denied", times=None)
    answer = shop("backup", "restore", "kept", "--target", "tried", "--no-settings", "--yes")
    assert answer.code == 0
    assert "The verified restore is not written on orders" in answer.err
    assert "DS027" in points(shop)


@pytest.mark.parametrize(
    ("operation", "service", "code"),
    [("DescribeTrails", "", "DS015"), ("ListBackupPlans", "", "DS025"), ("ListBackupJobs", "", "DS026")],
)
def test_one_service_that_denies_is_said_and_the_rest_goes_on(
    shop: ItemStory, operation: str, service: str, code: str
) -> None:
    usual = points(shop)
    shop.served.fault(operation, kind="access-denied", times=None)
    found = points(shop)
    assert found[code]["severity"] == "notice"
    assert found[code]["why"].startswith("Cannot be known here: ")
    assert "is not allowed" in found[code]["why"]
    assert {name: each for name, each in found.items() if name != code} == {
        name: each for name, each in usual.items() if name != code
    }


def test_the_thirteen_points(shop: ItemStory) -> None:
    found = checked(shop)
    assert [each["practice"] for each in found.values()] == [each.text for each in CHECKLIST]
    assert {each["state"] for each in found.values()} == {"passed", "finding", "cannot be known here"}
    assert (found[2]["state"], found[2]["found"], found[2]["why"]) == ("passed", [], "")
    assert (found[5]["state"], found[5]["found"]) == ("finding", ["DS022"])
    assert found[10]["found"] == ["DS015"]
    shop.served.fault("DescribeTrails", kind="access-denied", times=None)
    denied = checked(shop)[10]
    assert (denied["state"], denied["found"]) == ("cannot be known here", [])
    assert "is not allowed" in denied["why"]
    page = shop("validate", "orders", "--checklist")
    assert page.code == 3  # DS022 is critical in production
    assert " 10 cannot be known here Enable CloudTrail for audit logging" in page.out
    assert "  5 finding" in page.out
    with Project.load() as project:
        assert [each.to_json() for each in checklist(project.validate(["orders"]))] == [
            each | {"codes": tuple(each["codes"]), "found": tuple(each["found"])} for each in checked(shop).values()
        ]


def test_offline_nothing_that_only_the_live_table_knows_has_passed(shop: ItemStory) -> None:
    found = checked(shop, "--offline")
    assert (found[10]["state"], found[8]["state"]) == ("cannot be known here", "cannot be known here")
    assert found[11]["state"] == "finding"  # documented: the definition has no description
    assert found[5]["state"] == "finding"


ROLE_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


def as_role(shop: ItemStory, *actions: str) -> dict[str, str]:
    """What a role that may do exactly these actions is told it is not allowed, by code."""
    iam = client(shop, "iam")
    try:
        arn = iam.get_role(RoleName="validator")["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        arn = make_role(iam, "validator", ROLE_TRUST, managed=False)
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="validator", PolicyName="own", PolicyDocument=policy)
    shop.write(
        "dynasmith.toml",
        f"""
        definitions = ["tables_config.json"]

        [environments.judged]
        endpoint = "{shop.endpoint}"
        region = "us-east-1"
        role_arn = "{arn}"
        """,
    )
    answer = shop("validate", "orders", "--items", "--env", "judged", "--json")
    assert answer.code in (0, 3), answer.err
    return {each["code"]: each["why"] for each in answer.json if "is not allowed" in each["why"]}


def test_the_actions_of_the_page_are_enough_and_each_is_needed(shop: ItemStory) -> None:
    actions = (*READS, *VALIDATES, "dynamodb:Scan")
    assert as_role(shop, *actions) == {}
    trails = client(shop, "cloudtrail")
    client(shop, "s3").create_bucket(Bucket=f"role-{shop.account}")
    trails.create_trail(Name="audit", S3BucketName=f"role-{shop.account}")
    needed = {
        "cloudtrail:DescribeTrails": "DS015",
        "cloudtrail:GetEventSelectors": "DS015",
        "cloudtrail:GetTrailStatus": "DS015",
        "backup:ListBackupJobs": "DS026",
        "cloudwatch:GetMetricData": "DS035",
        "dynamodb:Scan": "DS094",
    }
    for action, code in needed.items():
        found = as_role(shop, *(each for each in actions if each != action))
        assert code in found, action
        assert all(action in why for why in found.values()), found
