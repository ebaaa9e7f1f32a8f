"""One call of AWS Backup on its way, and what its operations share."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.state.aws_backup import AwsBackup
from dynasmith.strict.state.state import Account
from dynasmith.strict.wire.credentials import credentials_of
from dynasmith.strict.wire.messages import WireRequest
from dynasmith.strict.wire.rest_json import RestModel

PAGE_MAX = 1_000


@lru_cache(maxsize=1)
def backup_model() -> RestModel:
    """botocore's model of AWS Backup; about 50 ms the first time."""
    return RestModel("backup")


@dataclass(slots=True)
class BackupCall:
    """A call that was read: its operation and members, whose it is, and when."""

    operation: str
    body: Mapping[str, Any]
    account: Account
    now: float

    @property
    def held(self) -> AwsBackup:
        """What AWS Backup has there."""
        return self.account.aws_backup

    def arn(self, kind: str, name: str) -> str:
        """An ARN of AWS Backup in this account and Region."""
        return f"arn:aws:backup:{self.account.key[1]}:{self.account.number}:{kind}:{name}"


Answer = Mapping[str, Any]
BackupHandler = Callable[[StrictWorld, BackupCall], Awaitable[Answer]]


def new_id() -> str:
    """An id as AWS Backup gives them: upper case for jobs, lower case elsewhere."""
    return str(uuid.uuid4())


def own_call(world: StrictWorld, account: Account, operation: str, body: dict[str, Any]) -> IncomingCall:
    """A call to DynamoDB that AWS Backup makes in an account."""
    headers = {
        **credentials_of(account.key),
        b"content-type": b"application/x-amz-json-1.0",
        b"x-amz-target": f"DynamoDB_20120810.{operation}".encode(),
    }
    request = WireRequest(b"POST", b"/", headers, msgspec.json.encode(body))
    return IncomingCall(request, operation, body, account, world.clock.time())


def page(call: BackupCall, member: str, found: list[dict[str, Any]]) -> Answer:
    """One page of a list, with the token of the next."""
    start = int(call.body.get("NextToken") or 0)
    end = start + int(call.body.get("MaxResults") or PAGE_MAX)
    more = {"NextToken": str(end)} if end < len(found) else {}
    return {member: found[start:end], **more}
