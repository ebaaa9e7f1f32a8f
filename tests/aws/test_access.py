"""Where access comes from: every source alone, and every pair of them."""

import itertools
from typing import Any

import msgspec
import pytest

from dynasmith.errors import ProjectError, UsageError
from dynasmith.ports.access import (
    BUILT_IN_SECTIONS,
    DUMMY_KEYS,
    ISOLATED_REGION,
    AccessKeys,
    AccessOptions,
    AccessSection,
    ResolvedAccess,
    Secret,
    resolve_access,
)

VARIABLE_KEYS = {"AWS_ACCESS_KEY_ID": "from-variables", "AWS_SECRET_ACCESS_KEY": "s2", "AWS_SESSION_TOKEN": "t2"}

# Every source of an identity, from the first that counts to the last, and who then calls.
IDENTITIES: list[tuple[str, dict[str, Any], str]] = [
    ("--aws-access-key", {"options": {"access_key": "from-options", "secret_key": "s1"}}, "key:from-options"),
    ("--profile", {"options": {"profile": "from-option"}}, "profile:from-option"),
    ("AWS_ACCESS_KEY_ID", {"variables": VARIABLE_KEYS}, "key:from-variables"),
    ("AWS_PROFILE", {"variables": {"AWS_PROFILE": "from-variable"}}, "profile:from-variable"),
    (
        "section keys",
        {"section": {"access_key_id": "from-section", "secret_access_key": "s3"}},
        "key:from-section",
    ),
    ("section profile", {"section": {"profile": "from-section"}}, "profile:from-section"),
]

REGIONS: list[tuple[str, dict[str, Any], str]] = [
    ("--region", {"options": {"region": "eu-west-1"}}, "eu-west-1"),
    ("AWS_REGION", {"variables": {"AWS_REGION": "eu-west-2"}}, "eu-west-2"),
    ("AWS_DEFAULT_REGION", {"variables": {"AWS_DEFAULT_REGION": "eu-west-3"}}, "eu-west-3"),
    ("environment prod", {"section": {"region": "eu-north-1"}}, "eu-north-1"),
]

ENDPOINTS: list[tuple[str, dict[str, Any], str]] = [
    ("--endpoint", {"options": {"endpoint": "http://a:1"}}, "http://a:1"),
    ("AWS_ENDPOINT_URL_DYNAMODB", {"variables": {"AWS_ENDPOINT_URL_DYNAMODB": "http://b:2"}}, "http://b:2"),
    ("environment prod", {"section": {"endpoint": "http://c:3/"}}, "http://c:3"),
]


def resolved(*said: dict[str, Any], name: str = "prod") -> ResolvedAccess:
    """What several sources say together."""
    options: dict[str, Any] = {}
    variables: dict[str, str] = {}
    section: dict[str, Any] = {}
    for one in said:
        options |= one.get("options", {})
        variables |= one.get("variables", {})
        section |= one.get("section", {})
    return resolve_access(AccessOptions(**options), variables, AccessSection(name=name, **section))


def identity(access: ResolvedAccess) -> str:
    """Who calls, in one word."""
    if access.credentials is not None:
        assert not access.profile, "keys and a profile are never used together"
        return f"key:{access.credentials.access_key}"
    return f"profile:{access.profile}" if access.profile else "chain"


@pytest.mark.parametrize(("source", "said", "who"), IDENTITIES, ids=[source for source, _, _ in IDENTITIES])
def test_each_identity_alone(source: str, said: dict[str, Any], who: str) -> None:
    access = resolved(said)
    assert identity(access) == who
    assert not access.notes
    told = f"{access.sources['credentials']} {access.sources.get('profile', '')}"
    assert (source if not source.startswith("section") else "environment prod") in told


PAIRS = [
    pytest.param(first, second, id=f"{first[0]} and {second[0]}")
    for first, second in itertools.combinations(IDENTITIES, 2)
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_each_pair_of_identities(
    first: tuple[str, dict[str, Any], str], second: tuple[str, dict[str, Any], str]
) -> None:
    """The first wins whole, and what is not used is said."""
    if {first[0], second[0]} == {"--aws-access-key", "--profile"}:
        with pytest.raises(UsageError, match="Both a profile and keys"):
            resolved(first[1], second[1])
        return
    access = resolved(first[1], second[1])
    assert identity(access) == first[2]
    assert len(access.notes) == 1
    assert "not used" in access.notes[0]


def test_keys_are_taken_whole_with_their_own_token() -> None:
    access = resolved(
        {"options": {"access_key": "a", "secret_key": "b"}},
        {"variables": VARIABLE_KEYS},
    )
    assert access.credentials == AccessKeys(access_key="a", secret_key=Secret("b"), session_token=Secret(""))


@pytest.mark.parametrize(("source", "said", "region"), REGIONS, ids=[source for source, _, _ in REGIONS])
def test_each_region_alone(source: str, said: dict[str, Any], region: str) -> None:
    access = resolved(said)
    assert (access.region, access.sources["region"]) == (region, source)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(REGIONS, 2)))
def test_each_pair_of_regions(first: tuple[str, dict[str, Any], str], second: tuple[str, dict[str, Any], str]) -> None:
    access = resolved(first[1], second[1])
    assert (access.region, access.sources["region"]) == (first[2], first[0])


@pytest.mark.parametrize(("source", "said", "endpoint"), ENDPOINTS, ids=[source for source, _, _ in ENDPOINTS])
def test_each_endpoint_alone(source: str, said: dict[str, Any], endpoint: str) -> None:
    access = resolved(said)
    assert (access.endpoint, access.sources["endpoint"], access.isolated) == (endpoint, source, True)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(ENDPOINTS, 2)))
def test_each_pair_of_endpoints(
    first: tuple[str, dict[str, Any], str], second: tuple[str, dict[str, Any], str]
) -> None:
    access = resolved(first[1], second[1])
    assert (access.endpoint, access.sources["endpoint"]) == (first[2], first[0])


def test_with_nothing_said_botocore_finds_everything() -> None:
    access = resolved(name="aws")
    assert (identity(access), access.region, access.endpoint, access.isolated) == ("chain", "", "", False)


@pytest.mark.parametrize(("source", "said", "who"), IDENTITIES, ids=[source for source, _, _ in IDENTITIES])
def test_with_an_endpoint_no_profile_counts_and_keys_that_are_set_do(
    source: str, said: dict[str, Any], who: str
) -> None:
    section = {"section": {"endpoint": "http://127.0.0.1:8000"}}
    if source == "--profile":
        with pytest.raises(UsageError, match=r"profile from-option cannot be used: the calls go to http://127\.0"):
            resolved(said, section)
        return
    access = resolved(said, section)
    assert access.profile == ""
    if who.startswith("key:"):
        assert identity(access) == who, source
    else:
        assert access.credentials == DUMMY_KEYS, source
        assert "never calls AWS" in access.notes[0]


def test_with_an_endpoint_there_is_always_a_region() -> None:
    assert resolved({"section": {"endpoint": "http://127.0.0.1:8000"}}).region == ISOLATED_REGION


def test_the_environments_that_need_no_declaration() -> None:
    local = resolve_access(AccessOptions(), {}, BUILT_IN_SECTIONS["local"])
    aws = resolve_access(AccessOptions(), {}, BUILT_IN_SECTIONS["aws"])
    assert (local.endpoint, local.isolated, local.credentials) == ("http://127.0.0.1:8000", True, DUMMY_KEYS)
    assert not aws.isolated


def test_an_endpoint_of_aws_itself_is_aws() -> None:
    """A VPC or FIPS endpoint wants real credentials, so it does not isolate."""
    url = "https://vpce-1-2.dynamodb.eu-west-1.vpce.amazonaws.com"
    access = resolved({"variables": {"AWS_ENDPOINT_URL_DYNAMODB": url}}, {"section": {"profile": "prod"}})
    assert (access.isolated, access.endpoint_of("dynamodb"), access.endpoint_of("kms")) == (False, url, "")
    assert access.profile == "prod"


def test_the_endpoint_of_one_service_isolates_the_environment() -> None:
    access = resolved({"section": {"endpoints": {"dynamodb": "http://127.0.0.1:8000"}, "profile": "prod"}})
    assert access.isolated
    assert (access.endpoint_of("dynamodb"), access.endpoint_of("sts")) == ("http://127.0.0.1:8000", "")
    assert access.profile == ""


@pytest.mark.parametrize(
    ("said", "error", "sentence"),
    [
        ({"options": {"access_key": "a"}}, UsageError, "--aws-access-key was given without --aws-secret-key"),
        ({"options": {"secret_key": "a"}}, UsageError, "--aws-secret-key was given without --aws-access-key"),
        ({"options": {"session_token": "a"}}, UsageError, "--aws-session-token was given without"),
        ({"variables": {"AWS_ACCESS_KEY_ID": "a"}}, ProjectError, "given without AWS_SECRET_ACCESS_KEY"),
        ({"section": {"access_key_id": "a"}}, ProjectError, "without secret_access_key of environment prod"),
        ({"section": {"local": True}}, ProjectError, "is local and has no endpoint"),
        ({"options": {"endpoint": "127.0.0.1:8000"}}, ProjectError, "is not a valid URL"),
        ({"options": {"endpoint": "http://x:port"}}, ProjectError, "is not a valid URL"),
        ({"section": {"endpoints": {"kms": "nowhere"}}}, ProjectError, "endpoints.kms"),
        (
            {"section": {"local": True, "endpoint": "https://dynamodb.eu-west-1.amazonaws.com"}},
            ProjectError,
            "is local, and its endpoint",
        ),
        (
            {
                "section": {"local": True, "endpoint": "http://127.0.0.1:8000"},
                "variables": {"AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb.eu-west-1.api.aws"},
            },
            ProjectError,
            "AWS_ENDPOINT_URL_DYNAMODB",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(said: dict[str, Any], error: type[UsageError], sentence: str) -> None:
    with pytest.raises(error, match=sentence) as raised:
        resolved(said)
    assert raised.value.hint
    assert type(raised.value) is error


def test_keys_of_one_source_do_not_complete_those_of_another() -> None:
    with pytest.raises(UsageError, match="--aws-access-key was given without --aws-secret-key"):
        resolved({"options": {"access_key": "a"}}, {"variables": VARIABLE_KEYS})


def test_a_secret_without_an_access_key_in_the_variables_means_nothing() -> None:
    assert identity(resolved({"variables": {"AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}})) == "chain"


def test_secrets_are_not_shown() -> None:
    said = {"options": {"access_key": "AKIA1234567890", "secret_key": "hidden1", "session_token": "hidden2"}}
    access = resolved(said)
    texts = [repr(access), repr(access.credentials), repr(AccessOptions(**said["options"])), str(access.sources)]
    texts += [repr(AccessSection(name="x", secret_access_key="hidden1", session_token="hidden2")), str(access.notes)]
    for text in texts:
        assert "hidden" not in text
        assert "AKIA1234567890" not in text
    with pytest.raises(TypeError, match="Secret"):
        msgspec.json.encode(access)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"variables": {"AWS_ENDPOINT_URL": "http://every:1"}}, "http://every:1"),
        ({"variables": {"AWS_ENDPOINT_URL": "http://every:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}}, ""),
        ({"variables": {"AWS_ENDPOINT_URL": "https://dynamodb.eu-west-1.api.aws"}}, ""),
        ({"variables": {"AWS_ENDPOINT_URL": "http://every:1"}, "section": {"endpoint": "http://c:3"}}, "http://c:3"),
    ],
)
def test_the_endpoint_of_every_service_comes_last(said: dict[str, Any], expected: str) -> None:
    access = resolved(said)
    assert access.endpoint == expected
    assert access.isolated == bool(expected)


@pytest.mark.parametrize("where", ["option", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "endpoint", "endpoints"])
@pytest.mark.parametrize(
    "url", ["http://u:S3CRET@h:1", "https://S3CRET@h", "http://u:S3/CR@S3CRET@h/x", "u:S3CRET@h:1"]
)
def test_userinfo_is_refused_and_not_shown(where: str, url: str) -> None:
    sections: dict[str, dict[str, Any]] = {
        "option": {"options": {"endpoint": url}},
        "endpoint": {"section": {"endpoint": url}},
        "endpoints": {"section": {"endpoints": {"s3": url}}},
    }
    said = sections.get(where, {"variables": {where: url}})
    with pytest.raises(ProjectError) as refused:
        resolved(said)
    assert "S3" not in f"{refused.value} {refused.value.hint} {refused.value!r}"
    assert "***@h" in refused.value.message
