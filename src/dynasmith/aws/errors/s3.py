"""What S3 refuses, as our errors: no such bucket, no right, another Region; the rest is as for every service."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dynasmith.aws.errors.codes import meaning_of
from dynasmith.aws.errors.policy_statement import actions_of, bucket_statement
from dynasmith.aws.errors.refusal import denied
from dynasmith.aws.errors.translation import translate
from dynasmith.errors import AccessDenied, DynasmithError, ServiceError
from dynasmith.ports.access import ResolvedAccess

# "Error responses", Amazon S3 API Reference. botocore follows the first three by itself where it can.
ELSEWHERE = ("PermanentRedirect", "AuthorizationHeaderMalformed", "TemporaryRedirect", "301", "307")


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
            f"Bucket {bucket} does not exist.",
            hint=f"aws s3 mb s3://{bucket}{at} makes it (dynasmith never does), or name another one under [jobs]",
            service_code=code,
            operation=f"s3:{operation}",
        )
    if meaning_of(code).kind is AccessDenied:
        actions = actions_of(f"s3:{operation}", message)
        statement = bucket_statement(actions, bucket, prefix, region=access.region)
        return denied(actions[0], f" on {place}", message, statement)
    if code in ELSEWHERE:
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        region = told.get("Region") or headers.get("x-amz-bucket-region") or "another Region"
        return ServiceError(
            f"The bucket {bucket} is in {region}, and this environment calls {access.region or 'another Region'}.",
            hint="name a bucket of the environment's Region under [jobs], or set the bucket's Region",
            service_code=code,
            operation=f"s3:{operation}",
        )
    refused = translate(error, f"s3:{operation}", place, access=access)
    refused.hint = refused.hint or "look at the bucket's policy, its key and its Object Lock; then resume the job"
    return refused
