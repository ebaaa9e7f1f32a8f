"""Our signature equals botocore's, for any address, credentials, operation and body."""

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasmith.aws.data.signature import CONTENT_TYPE, Signer, SigningKeys, host_of

URLS = st.sampled_from(
    [
        "https://dynamodb.eu-west-1.amazonaws.com/",
        "https://dynamodb.eu-west-1.amazonaws.com",
        "https://123456789012.ddb.us-east-1.amazonaws.com/",
        "https://dynamodb-fips.us-gov-west-1.amazonaws.com/",
        "https://vpce-1.dynamodb.eu-central-1.vpce.amazonaws.com:443/",
        "http://127.0.0.1:8000/",
        "http://LOCALHOST:80/",
        "http://localhost:4566/a/../proxy path/x",
        "http://[::1]:8000/",
    ]
)
WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
TOKEN = st.one_of(st.just(""), WORD, st.just("two  spaces\tand a tab"))


@settings(deadline=None)
@given(
    url=URLS,
    region=st.sampled_from(["eu-west-1", "us-east-1", "local"]),
    access=WORD,
    secret=WORD,
    token=TOKEN,
    operation=st.sampled_from(["Scan", "BatchWriteItem", "BatchGetItem", "PutItem"]),
    body=st.binary(max_size=300),
)
def test_signature_equals_botocores(
    url: str, region: str, access: str, secret: str, token: str, operation: str, body: bytes
) -> None:
    target = f"DynamoDB_20120810.{operation}"
    request = AWSRequest(
        method="POST", url=url, data=body, headers={"Content-Type": CONTENT_TYPE, "X-Amz-Target": target}
    )
    SigV4Auth(Credentials(access, secret, token or None), "dynamodb", region).add_auth(request)

    signer = Signer(url, region, SigningKeys(access, secret, token))
    ours = signer.headers(target, body, request.headers["X-Amz-Date"])

    sent = signer.lines(target, body, request.headers["X-Amz-Date"])
    assert sent == "".join(f"{name}: {value}\r\n" for name, value in ours.items())
    assert ours["Authorization"] == request.headers["Authorization"]
    assert {name: ours[name] for name in ours if name != "Host"} == dict(request.headers.items())


def test_one_signer_serves_two_days() -> None:
    signer = Signer("http://127.0.0.1:8000/", "local", SigningKeys("a", "b"))
    days = [signer.headers("DynamoDB_20120810.Scan", b"{}", f"2026010{day}T000000Z") for day in (1, 2, 1)]
    assert days[0] == days[2]
    assert days[0]["Authorization"] != days[1]["Authorization"]


def test_host_has_no_default_port_and_no_user() -> None:
    assert host_of("https://User:pw@Example.com:443/x") == "example.com"
    assert host_of("http://example.com:443/x") == "example.com:443"
