"""The variables that a test sees: whatever asks them where AWS is finds the endpoint of the test, and dummy keys."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

ACCESS_KEY: Final = "test"
SECRET_KEY: Final = "test"  # noqa: S105  # engines check no signature
NO_ENDPOINT: Final = "http://127.0.0.1:1"
"""An address that refuses connections, for tests that need no engine."""
_REMOVED: Final = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_CA_BUNDLE",
)
"""Where botocore (configprovider.py, credentials.py) finds an identity or an address beside those that are set."""


@contextmanager
def isolated_variables(endpoint: str = NO_ENDPOINT, region: str = "us-east-1") -> Iterator[None]:
    """Variables of this process under which no client of botocore that is made meanwhile finds AWS: every service is at
    ``endpoint``, with dummy keys, without profile and proxy. They are as before at the end."""
    wanted = _variables(endpoint, region)
    touched = {*_REMOVED, *wanted, *(each for each in os.environ if each.startswith("AWS_ENDPOINT_URL"))}
    before = {name: os.environ.pop(name) for name in touched if name in os.environ}
    os.environ.update(wanted)
    session = _exchange_default_session(None)
    try:
        yield
    finally:
        _exchange_default_session(session)
        for name in touched:
            os.environ.pop(name, None)
        os.environ.update(before)


def _exchange_default_session(session: object) -> object:
    """Give boto3, where it is loaded, another default session; the one that it had. It keeps the credentials that it
    found first, and would sign for whom they are."""
    boto3 = sys.modules.get("boto3")
    if boto3 is None:
        return None
    before: object = vars(boto3).get("DEFAULT_SESSION")
    vars(boto3)["DEFAULT_SESSION"] = session
    return before


def _variables(endpoint: str, region: str) -> dict[str, str]:
    direct = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1,localhost")))
    return {
        # DynamoDB's own goes over the endpoint of a section of a project file, as the other one does not.
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
