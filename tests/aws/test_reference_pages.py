"""The pages about errors, permissions and environments say what the code does, and all of it."""

import inspect
import re
from pathlib import Path

import pytest

import dynasmith.errors
from cli.verb_names import leaves
from dynasmith.aws.control import actions, function_actions
from dynasmith.aws.control.function_actions import STEP_ACTIONS
from dynasmith.aws.control.migration_actions import MIGRATION_VERBS, STEPS
from dynasmith.aws.control.verb_actions import NO_ACTIONS, OF_ITS_JOB, VERB_ACTIONS
from dynasmith.aws.errors.policy_statement import bucket_statement, statement_for
from dynasmith.cli.main import cli
from dynasmith.errors import DynasmithError
from dynasmith.ports.access import AccessSection
from pages.permissions import PAGE, every_action, with_lists
from permissions.cases import CASES

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


def test_the_tables_of_permissions_are_those_of_the_code() -> None:
    assert with_lists(PAGE.read_text()) == PAGE.read_text(), "make docs"
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "`delete_all`" in line)
    assert set(re.findall(r"`(dynamodb:\w+)`", row)) <= set(STEP_ACTIONS["delete_all"])
    assert "`lambda:InvokeFunction`" in PAGE.read_text()


def test_every_verb_has_a_row_or_calls_no_service() -> None:
    rows = {verb.partition(", ")[0].partition(" --")[0] for verb in (*VERB_ACTIONS, *MIGRATION_VERBS)}
    verbs = {"diagnose" if verb.startswith("diagnose ") else verb for verb in rows}
    assert verbs & {*NO_ACTIONS} == {"migrate generate"}  # without --from-plan it calls nothing
    assert verbs | {*NO_ACTIONS, *OF_ITS_JOB} == {*leaves(cli)}


def test_every_row_has_a_command_that_a_role_runs() -> None:
    """But for what no engine here has, what is proven with the keys of definitions, and a run of several jobs."""
    unproven = {"populate --by bulk", "backup restore, of AWS Backup", "apply --prune"}
    assert {case.verb for case in CASES} | unproven == {*VERB_ACTIONS, *MIGRATION_VERBS}
    assert {step for case in CASES for step in case.steps} | {"backfill", "rename", "delete_where"} == {*STEPS}


def test_refusals_name_no_action_that_the_page_does_not_have() -> None:
    known = (value for value in vars(actions).values() if isinstance(value, tuple))
    listed = {each for value in known for each in value if isinstance(each, str)}
    listed |= {each for name in ("HISTORY_ACTIONS",) for each in getattr(function_actions, name)}
    listed |= {each for step in STEP_ACTIONS.values() for each in step}
    others = {*actions.ENCRYPTION, *actions.JOBS_IN_S3, "sts:GetCallerIdentity"}
    assert listed - every_action() - others == set()


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
