"""Which proxy a call takes: none towards an endpoint, the machine's towards AWS."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from dynasmith.aws.control.session import Session
from dynasmith.aws.data.client_details import ClientKeys, address_of, proxy_of
from dynasmith.aws.data.service_endpoint import ServiceEndpoint
from dynasmith.errors import ProjectError
from dynasmith.local.processes import clean_environment
from dynasmith.ports.access import AccessOptions, AccessSection, resolve_access
from dynasmith.ports.proxies import without_proxies
from sentinel import Sentinel, sentinel_proxy

SERVICES = (
    "application-autoscaling", "backup", "cloudwatch", "dynamodb", "dynamodbstreams",
    "iam", "kms", "lambda", "s3", "sts",
)  # fmt: skip
KEYS = {"access_key": "AKIAEXAMPLE", "secret_key": "secret"}


@pytest.fixture
def sentinel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sentinel]:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with sentinel_proxy() as made:
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        yield made


def session_of(section: AccessSection, **variables: str) -> Session:
    return Session(resolve_access(AccessOptions(**KEYS, region="eu-west-1"), variables, section))


def proxies_of(session: Session, service: str) -> object:
    """The proxies that the HTTP session of a client was made with."""
    return session.client(service)._endpoint.http_session._proxy_config._proxies


@pytest.mark.parametrize("service", SERVICES)
def test_towards_aws_the_proxy_of_the_machine_is_used(sentinel: Sentinel, service: str) -> None:
    assert sentinel.url in proxies_of(session_of(AccessSection(name="aws")), service).values()  # type: ignore[attr-defined]


def test_towards_aws_the_items_go_through_it_too(sentinel: Sentinel) -> None:
    address = address_of(session_of(AccessSection(name="aws")).client("dynamodb"), "t")
    assert address.proxy == sentinel.url


def test_a_vpc_endpoint_is_aws(sentinel: Sentinel) -> None:
    vpc = "https://vpce-1.dynamodb.eu-west-1.vpce.amazonaws.com"
    address = address_of(session_of(AccessSection(name="vpc", endpoint=vpc)).client("dynamodb"), "t")
    assert (address.url.rstrip("/"), address.proxy) == (vpc, sentinel.url)


@pytest.mark.usefixtures("sentinel")
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_towards_an_endpoint_none_is(moto_endpoint: str, service: str, host: str) -> None:
    session = session_of(AccessSection(name="near", endpoint=moto_endpoint.replace("127.0.0.1", host)))
    assert proxies_of(session, service) == {}
    assert address_of(session.client("dynamodb"), "t").proxy is None


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS"])
def test_an_endpoint_that_botocore_finds_by_itself(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It is not known when the environment is resolved; no proxy is used for it, and the others keep theirs."""
    monkeypatch.setenv(name, "http://elsewhere.example:9000")
    session = session_of(AccessSection(name="aws"))  # resolved without that variable
    service = name.rpartition("_")[2].lower()
    assert session.endpoint_url(service) == "http://elsewhere.example:9000"
    assert proxies_of(session, service) == {}
    assert sentinel.url in proxies_of(session, "kms").values()  # type: ignore[attr-defined]
    monkeypatch.setenv(name, "http://me:S3CRET@elsewhere.example:9000")
    with pytest.raises(ProjectError, match=r"\*\*\*@elsewhere") as refused:
        session_of(AccessSection(name="aws")).client(service)
    assert "S3CRET" not in str(refused.value)


def test_none_is_not_the_same_as_nothing_said(sentinel: Sentinel) -> None:
    assert proxy_of(None, "https://dynamodb.eu-west-1.amazonaws.com") == sentinel.url
    assert proxy_of({}, "https://dynamodb.eu-west-1.amazonaws.com") is None
    assert proxy_of({"https": "http://other:1"}, "https://dynamodb.eu-west-1.amazonaws.com") == "http://other:1"


@pytest.mark.usefixtures("sentinel")
def test_the_second_transport_reads_no_variables(moto_endpoint: str) -> None:
    client = session_of(AccessSection(name="near", endpoint=moto_endpoint.replace("127.0.0.1", "0.0.0.0"))).client(
        "dynamodb"
    )

    async def opened() -> bool:
        exchange = ServiceEndpoint(address_of(client, "t"), ClientKeys(client), "aiohttp").exchange()
        try:
            return bool(exchange._session.trust_env)  # type: ignore[attr-defined]
        finally:
            await exchange.close()

    assert asyncio.run(opened()) is False


@pytest.mark.usefixtures("sentinel")
def test_children_have_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Http_Proxy", "http://odd:1")
    for variables in (clean_environment({}), without_proxies(os.environ)):
        left = {name: value for name, value in variables.items() if "proxy" in name.lower()}
        assert left == dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost,::1")
