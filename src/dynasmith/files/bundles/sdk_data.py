"""botocore's data of services: which of it a bundle needs. All of it is more than half of a bundle."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

SERVICES: Final = (
    *("application-autoscaling", "backup", "cloudtrail", "cloudwatch", "dynamodb", "iam", "kms", "lambda", "logs"),
    *("s3", "sts"),
)
"""The services that dynasmith itself calls in a function."""

_DATA: Final = re.compile(r"(botocore|boto3)/data/([^/]+)/")
_CALL: Final = re.compile(rb"""\b(?:client|resource|create_client)\(\s*(?:service_name\s*=\s*)?["']([a-z0-9-]+)["']""")


def services_in(source: bytes) -> frozenset[str]:
    """The services that a Python source names in a call of ``client``, ``resource`` or ``create_client``."""
    return frozenset(name.decode() for name in _CALL.findall(source))


def service_of(name: str) -> str:
    """The service whose data a file of a bundle is; empty for every other file."""
    match = _DATA.match(name)
    return match[2] if match else ""


def known_services(names: Iterable[str]) -> frozenset[str]:
    """The services that the botocore of a bundle knows, by the names of its files."""
    return frozenset(match[2] for name in names if (match := _DATA.match(name)) and match[1] == "botocore")
