"""What S3 refuses, as our errors: no such bucket, no right, another Region; the rest is as for every service."""

import json
import re
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dynasmith.aws.control.permissions import bucket_statement
from dynasmith.aws.errors.codes import DENIED
from dynasmith.aws.errors.translation import translate
from dynasmith.errors import AccessDenied, DynasmithError, ServiceError
from dynasmith.ports.access import ResolvedAccess

# "Error responses", Amazon S3 API Reference. botocore follows the first three by itself where it can.
ELSEWHERE = ("PermanentRedirect", "AuthorizationHeaderMalformed", "TemporaryRedirect", "301", "307")
_PERFORM = re.compile(r"perform: (s3:\w+)")
# The action that an operation needs, where it has another name.
_ACTIONS = {"ListObjectsV2": "ListBucket", "DeleteObjects": "DeleteObject"}


def s3_refused(
    error: ClientError | BotoCoreError, operation: str, bucket: str, prefix: str, access: ResolvedAccess
) -> DynasmithError:
    """Our error for what botocore raised while doing ``operation`` below ``prefix`` of a bucket. Never raises."""
    answer: dict[str, Any] = dict(getattr(error, "response", None) or {})
    told = answer.get("Error", {})
    code, message = str(told.get("Code", "")), str(told.get("Message", "")).strip()
    place = f"s3://{bucket}/{prefix}"
    if code == "NoSuchBucket":
        at = f" --endpoint-url {access.endpoint_of('s3')}" if access.isolated else ""
        return ServiceError(
            f"There is no bucket {bucket}.",
            hint=f"aws s3 mb s3://{bucket}{at} makes it (dynasmith never does), or name another one under [jobs]",
            service_code=code,
            operation=f"s3:{operation}",
        )
    if code in DENIED:
        found = _PERFORM.search(message)
        action = found[1] if found else f"s3:{_ACTIONS.get(operation, operation)}"
        statement = bucket_statement([action], bucket, prefix, region=access.region)
        return AccessDenied(
            f"{action} on {place} is not allowed: {message or 'the service gave no reason'}",
            hint=f"this statement in the caller's policy allows it: {json.dumps(statement)}",
            action=action,
            statement=statement,
        )
    if code in ELSEWHERE:
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        region = told.get("Region") or headers.get("x-amz-bucket-region") or "another Region"
        return ServiceError(
            f"The bucket {bucket} is in {region}, and this environment calls {access.region or 'another Region'}.",
            hint="name a bucket of the environment's Region under [jobs], or say the bucket's Region",
            service_code=code,
            operation=f"s3:{operation}",
        )
    refused = translate(error, f"s3:{operation}", place, access=access)
    refused.hint = refused.hint or "look at the bucket's policy, its key and its Object Lock; then resume the job"
    return refused
