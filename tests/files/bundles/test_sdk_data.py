"""Which services of botocore a bundle has: those that dynasmith calls, and those that code names."""

import re
from pathlib import Path

import dynasmith
from dynasmith.files.bundles.package_files import LEFT_OUT_PARTS
from dynasmith.files.bundles.sdk_data import SERVICES, services_in

NAME = r'"([a-z0-9-]+)"'
CALLED = re.compile(rf"\.(?:client|call|_client|_make)\(\s*{NAME}|\bservice={NAME}|\bSERVICE(?:: Final)? = {NAME}")
NOT_IN_A_FUNCTION = {"sqs", "ssm"}  # diagnose and replace ask them, which no function runs


def test_every_service_that_dynasmith_calls_is_among_them() -> None:
    folder = Path(next(iter(dynasmith.__path__)))
    called = set()
    for path in folder.rglob("*.py"):
        if path.relative_to(folder).parts[0] not in LEFT_OUT_PARTS:
            called |= {name for found in CALLED.findall(path.read_text("utf-8")) for name in found if name}
    assert called - NOT_IN_A_FUNCTION == set(SERVICES)


def test_services_are_found_in_calls() -> None:
    source = b"""
    boto3.client("sqs"); session.resource('sns')
    m.client(
        "events"
    )
    boto3.client(service_name="lambda")
    session.create_client("ec2", region_name="x")
    client(name); "s3"
    """
    assert services_in(source) == {"sqs", "sns", "events", "lambda", "ec2"}
