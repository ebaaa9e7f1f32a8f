"""The pages about errors, permissions and environments say what the code does, and all of it."""

import inspect
import re
from pathlib import Path

import pytest

import dynasmith.errors
from cli.verb_names import leaves
from dynasmith.aws.control import actions
from dynasmith.aws.control.function_actions import STEP_ACTIONS
from dynasmith.aws.control.verb_actions import VERB_ACTIONS
from dynasmith.aws.errors.policy_statement import bucket_statement, statement_for
from dynasmith.cli.main import cli
from dynasmith.errors import DynasmithError
from dynasmith.ports.access import AccessSection
from pages.permissions import PAGE, with_lists

DOCS = Path(__file__).parents[2] / "docs"
ERRORS = [
    error
    for _, error in inspect.getmembers(dynasmith.errors, inspect.isclass)
    if issubclass(error, DynasmithError) and error is not DynasmithError
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_its_line(error: type[DynasmithError]) -> None:
    page = (DOCS / "reference/errors.md").read_text()
    assert f"`{error.__name__}` | `{error.code}` | {error.exit} |" in page


def test_every_action_is_on_the_page() -> None:
    """`make docs` writes the lists."""
    page = (DOCS / "reference/permissions.md").read_text()
    names = (
        "READS",
        "REPLICAS",
        "WRITES",
        "MOVES",
        "BACKFILL",
        "BACKUPS",
        "VAULTED",
        "RESTORES",
        "ROLLBACKS",
        "POINT_RESTORES",
        "ENCRYPTION",
        "JOBS_IN_S3",
        "EXPORT_TO_S3",
        "POPULATE_FROM_S3",
        "IMPORT_FROM_S3",
        "BULK_FROM_S3",
    )
    for name in names:
        found = re.search(rf"<!-- {name} -->\n\n(.*?)\n<!-- end -->", page, re.DOTALL)
        assert found is not None, name
        assert found[1].splitlines() == [f"- `{action}`" for action in getattr(actions, name)]


def test_every_verb_that_calls_a_service_has_its_row() -> None:
    """Those without one have a section of their own on the page, or call no service."""
    rows = {verb.partition(", ")[0].partition(" --")[0] for verb in VERB_ACTIONS}
    page = PAGE.read_text()
    for verb in {*leaves(cli)} - rows:
        group = verb.split()[0]
        assert f"`{verb}`" in page or f"`{group}`" in page or f"`{group} " in page, verb


def test_the_actions_of_migrations_are_on_the_page() -> None:
    assert with_lists(PAGE.read_text()) == PAGE.read_text(), "make docs"
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "`delete_all`" in line)
    assert set(re.findall(r"`(dynamodb:\w+)`", row)) == set(STEP_ACTIONS["delete_all"])
    assert "`lambda:InvokeFunction`" in PAGE.read_text()


def test_every_key_of_an_environment_that_decides_access_is_named() -> None:
    page = (DOCS / "guide/environments.md").read_text()
    unsaid = {"name", "use_fips", "use_dualstack", "ca_bundle"}
    for key in set(AccessSection.__struct_fields__) - unsaid:
        assert f"`{key}`" in page or f"{key} =" in page, key


def test_a_statement_is_as_narrow_as_it_can_be() -> None:
    arn = "arn:aws:dynamodb:*:*:table/orders"
    narrow = statement_for(["dynamodb:UpdateTable", "dynamodb:DescribeTable"], "orders")
    assert narrow["Resource"] == [arn, f"{arn}/index/*"]
    assert narrow["Action"] == ["dynamodb:DescribeTable", "dynamodb:UpdateTable"]
    assert statement_for(["dynamodb:ListTables"], "")["Resource"] == "*"


def test_a_statement_of_s3_names_the_bucket_and_what_is_below_the_prefix() -> None:
    listing = bucket_statement(["s3:ListBucket"], "jobs", "some/")
    assert listing["Resource"] == "arn:aws:s3:::jobs"
    reading = bucket_statement(["s3:GetObject"], "jobs", "some/", region="cn-north-1")
    assert reading == {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws-cn:s3:::jobs/some/*"}
    assert bucket_statement(["s3:GetObject", "s3:ListBucket"], "jobs", "")["Resource"] == [
        "arn:aws:s3:::jobs",
        "arn:aws:s3:::jobs/*",
    ]


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-iso-east-1", "aws-iso")],
)
def test_a_statement_names_the_partition(region: str, partition: str) -> None:
    statement = statement_for(["dynamodb:Scan"], "orders", region=region, account="111122223333")
    assert statement["Resource"][0] == f"arn:{partition}:dynamodb:{region}:111122223333:table/orders"
