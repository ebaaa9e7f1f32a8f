"""What the endpoint answers itself of S3: a request for a bucket of another account, which engines let pass."""

from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.wire.messages import WireReply, WireRequest

OWNER = b"x-amz-expected-bucket-owner"
ENGINE_ACCOUNT = "000000000000"


def another_owner(world: StrictWorld, request: WireRequest) -> WireReply | None:
    """403 where the request expects another owner of the bucket than its caller (API_HeadBucket.html,
    x-amz-expected-bucket-owner); in an engine a bucket is the caller's."""
    expected = request.headers.get(OWNER)
    if expected is None or request.scope[2] != "s3":
        return None
    account = world.account_of(request).key[0] or ENGINE_ACCOUNT
    if expected.decode("latin-1") == account:
        return None
    body = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    return WireReply(403, {b"content-type": b"application/xml"}, b"" if request.method == b"HEAD" else body)
