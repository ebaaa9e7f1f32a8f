"""Where keys come from: variables, files, AWS KMS (moto's), passwords of dynamodb-onetable."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from db.vault import Patient
from dynasmith import Db, DecryptionFailed, EncryptionKey, Project, connect
from dynasmith.errors import AccessDenied, DynasmithError, ItemInvalid, NotOffered, ProjectError, UsageError
from dynasmith.files.key_material import key_material
from dynasmith.models import key, tables_of
from dynasmith.project.project import world_of
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def project(endpoint: StrictServer) -> Iterator[Project]:
    """The table."""
    made = connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables_of(Patient), clock=endpoint.clock)
    with made as project:
        project.ensure()
        yield project


def client_of(service: str, endpoint: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def in_file(folder: Path, endpoint: StrictServer, crypto: str, more: str = "", **variables: str) -> Project:
    """A project of a project file with that section."""
    (folder / "dynasmith.toml").write_text(
        f'default_environment = "x"\n[crypto]\n{crypto}\n'
        f'[environments.x]\nendpoint = "{endpoint.endpoint}"\nregion = "us-east-1"\n{more}\n'
    )
    return Project.load(folder / "dynasmith.toml", variables=variables, clock=endpoint.clock)


# --- variables and files


@pytest.mark.parametrize(
    "held",
    [
        base64.b64encode(KEY),
        base64.urlsafe_b64encode(b"\xff" * 32),
        KEY.hex().encode(),
        KEY.hex().upper().encode(),
        b" " + base64.b64encode(KEY) + b"\n",
    ],
)
def test_a_variable_and_a_file_hold_a_key_as_base64_or_hex(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "a.key").write_bytes(held)
    in_variable = key_material("a", EncryptionKey(variable="A"), ".", {"A": held.decode()})
    assert in_variable == key_material("a", EncryptionKey(file="a.key"), str(tmp_path), {})
    assert len(in_variable) == 32


def test_a_file_holds_the_bytes_themselves_too(tmp_path: Path) -> None:
    (tmp_path / "a.key").write_bytes(KEY)
    assert key_material("a", EncryptionKey(file="a.key"), str(tmp_path), {}) == KEY


@pytest.mark.parametrize("held", ["swordfish", "", base64.b64encode(KEY[:16]).decode(), KEY.hex()[:-2], "=" * 44])
def test_what_is_not_a_key_is_refused_and_not_shown(tmp_path: Path, held: str) -> None:
    (tmp_path / "a.key").write_text(held)
    for source in (EncryptionKey(variable="A"), EncryptionKey(file="a.key")):
        with pytest.raises(ProjectError) as raised:
            key_material("pii", source, str(tmp_path), {"A": held})
        assert "the key pii" in raised.value.message
        assert not held or held not in "".join(traceback.format_exception(raised.value))


def test_a_file_that_is_not_there_or_is_another_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"none\.key, which has the key pii, cannot be read: No such file"):
        key_material("pii", EncryptionKey(file="none.key"), str(tmp_path), {})
    (tmp_path / "large").write_bytes(b"x" * 5000)
    with pytest.raises(ProjectError, match="does not hold the key pii"):
        key_material("pii", EncryptionKey(file="large"), str(tmp_path), {})


def test_keys_of_the_project_file_serve_the_db(
    project: Project, endpoint: StrictServer, tmp_path: Path, name: str
) -> None:
    (tmp_path / "second.key").write_bytes(b"2" * 32)
    crypto = 'one = {variable = "ONE"}\ntwo = {file = "second.key"}'
    with in_file(tmp_path, endpoint, crypto, ONE=KEY.hex()) as made:
        made.db().create(Patient(id=name, ssn="a"))
    with in_file(tmp_path, endpoint, "\n".join(reversed(crypto.splitlines())), ONE=KEY.hex()) as made:
        read = made.db().require(Patient, name)
        assert read.ssn == "a"
        made.db().update(read, Patient.age.set(3))
    item = client_of("dynamodb", endpoint.endpoint).get_item(TableName="clinic", Key={"id": {"S": name}})["Item"]
    assert (item["social"]["M"]["key"]["S"], item["age"]["M"]["key"]["S"]) == ("one", "two")


def test_a_key_is_read_when_it_is_first_used(project: Project, endpoint: StrictServer, tmp_path: Path) -> None:
    with in_file(tmp_path, endpoint, 'one = {variable = "NOT_SET"}') as made:
        assert made.db().get(Patient, "none") is None
        with pytest.raises(ProjectError, match="The variable NOT_SET, which has the key one, is not set"):
            made.db().create(Patient(id="none"))


SECRET = base64.b64encode(b"s" * 32).decode()


@pytest.mark.parametrize(
    "entry",
    [
        f'pii = "{SECRET}"',
        f'pii = {{variable = "{SECRET}"}}',
        f'pii = {{variable = "{KEY.hex()}"}}',
        f'pii = {{file = "{SECRET}"}}',
        f'pii = {{kms = "{SECRET}"}}',
        f'pii = {{material = "{SECRET}"}}',
        f'pii = {{password = "{SECRET}"}}',
        f'pii = {{variable = "A", format = "{SECRET}"}}',
        f'pii = {{variable = ["{SECRET}"]}}',
        'pii = {variable = "${PII}"}',
        'pii = {variable = "A", file = "b"}',
        "pii = {}",
        'pii = {variable = "A", format = "other"}',
        'pii = {kms = "alias/a", format = "onetable"}',
        '"a b" = {variable = "A"}',
        "pii = [1]",
    ],
)
def test_a_broken_section_is_named_and_shows_no_key(endpoint: StrictServer, tmp_path: Path, entry: str) -> None:
    with pytest.raises(ProjectError) as raised:
        in_file(tmp_path, endpoint, entry, PII=SECRET)
    assert "dynasmith.toml:3" in raised.value.message
    assert "crypto" in raised.value.message
    for shown in (raised.value.message, raised.value.hint, "".join(traceback.format_exception(raised.value))):
        assert SECRET not in shown
        assert KEY.hex() not in shown


def test_a_key_in_python_has_one_source() -> None:
    wrongs: tuple[dict[str, Any], ...] = (
        {},
        {"variable": "A", "file": "b"},
        {"material": b"short"},
        {"kms": "a", "format": "onetable"},
    )
    for wrong in wrongs:
        with pytest.raises(UsageError):
            EncryptionKey(**wrong)
    with pytest.raises(UsageError, match="'a b' cannot be the name of a key"):
        connect(crypto={"a b": EncryptionKey(material=KEY)})


# --- AWS KMS


@pytest.fixture(scope="module")
def kms(moto_endpoint: str) -> Iterator[Any]:
    """KMS, with the aliases ``alias/one`` and ``alias/two``."""
    client = client_of("kms", moto_endpoint)
    for alias in ("alias/one", "alias/two"):
        client.create_alias(AliasName=alias, TargetKeyId=client.create_key()["KeyMetadata"]["KeyId"])
    yield client
    client.close()


def with_kms(folder: Path, endpoint: StrictServer, moto: str, crypto: str = 'cards = {kms = "alias/one"}') -> Project:
    return in_file(folder, endpoint, crypto, f'endpoints = {{kms = "{moto}"}}')


def calls_of(project: Project) -> list[str]:
    """The calls of KMS from now on, by name."""
    seen: list[str] = []
    events = world_of(project).session.client("kms").meta.events
    events.register("before-call.kms.*", lambda model, **_: seen.append(model.name))
    return seen


def test_kms_makes_one_data_key_for_many_values_and_decrypts_it_once(
    project: Project, endpoint: StrictServer, tmp_path: Path, moto_endpoint: str, kms: Any, name: str
) -> None:
    with with_kms(tmp_path, endpoint, moto_endpoint) as made:
        seen = calls_of(made)
        for number in range(20):
            made.db().create(Patient(id=f"{name}-{number}", name=name, ssn=str(number)))
        assert seen == ["GenerateDataKey"]
        assert len(list(made.db().query(Patient, Patient.name == name))) == 20
        assert seen == ["GenerateDataKey"]
    item = client_of("dynamodb", endpoint.endpoint).get_item(TableName="clinic", Key={"id": {"S": f"{name}-1"}})
    members = item["Item"]["social"]["M"]
    assert members.keys() == {"dynasmith", "key", "nonce", "data", "wrapped"}
    assert members["key"] == {"S": "cards"}
    with with_kms(tmp_path, endpoint, moto_endpoint) as made:
        seen = calls_of(made)
        found = sorted(int(str(each.ssn)) for each in made.db().query(Patient, Patient.name == name))
        assert found == list(range(20))
        assert seen == ["Decrypt"]


def test_data_keys_are_given_up_after_five_minutes(
    project: Project, endpoint: StrictServer, tmp_path: Path, moto_endpoint: str, kms: Any, name: str
) -> None:
    with with_kms(tmp_path, endpoint, moto_endpoint) as made:
        seen = calls_of(made)
        made.db().create(Patient(id=name, ssn="a"))
        endpoint.clock.advance(minutes=6)
        made.db().create(Patient(id=f"{name}-2", ssn="a"))
        assert seen == ["GenerateDataKey", "GenerateDataKey"]
        made.db().require(Patient, name)
        assert seen[2:] == ["Decrypt"]


def test_a_dry_db_decrypts(
    project: Project, endpoint: StrictServer, tmp_path: Path, moto_endpoint: str, kms: Any, name: str
) -> None:
    with with_kms(tmp_path, endpoint, moto_endpoint) as made:
        made.db().create(Patient(id=name, ssn="a"))
        assert made.db(dry=True).require(Patient, name).ssn == "a"


@pytest.mark.parametrize("crypto", ['cards = {variable = "A"}', 'other = {kms = "alias/one"}'])
def test_a_key_that_is_not_that_of_kms_decrypts_nothing(
    project: Project, endpoint: StrictServer, tmp_path: Path, moto_endpoint: str, kms: Any, name: str, crypto: str
) -> None:
    with with_kms(tmp_path, endpoint, moto_endpoint) as made:
        made.db().create(Patient(id=name, ssn="078-05-1120"))
    with with_kms(tmp_path, endpoint, moto_endpoint, crypto) as made, pytest.raises(DecryptionFailed) as raised:
        made.db().get(Patient, name)
    assert (raised.value.key_name, raised.value.attribute) == ("cards", "social")


def test_another_key_of_kms_gives_no_item(
    project: Project, endpoint: StrictServer, tmp_path: Path, moto_endpoint: str, kms: Any, name: str
) -> None:
    with with_kms(tmp_path, endpoint, moto_endpoint) as made:
        made.db().create(Patient(id=name, ssn="078-05-1120"))
    with (
        with_kms(tmp_path, endpoint, moto_endpoint, 'cards = {kms = "alias/two"}') as made,
        pytest.raises((DecryptionFailed, AccessDenied)),  # KMS says IncorrectKeyException, moto AccessDeniedException
    ):
        made.db().get(Patient, name)


def test_a_wrapped_key_that_was_changed_decrypts_nothing(
    project: Project, endpoint: StrictServer, tmp_path: Path, moto_endpoint: str, kms: Any, name: str
) -> None:
    boto = client_of("dynamodb", endpoint.endpoint)
    with with_kms(tmp_path, endpoint, moto_endpoint) as made:
        made.db().create(Patient(id=name, ssn="a"))
        item = boto.get_item(TableName="clinic", Key={"id": {"S": name}})["Item"]
        wrapped = item["social"]["M"]["wrapped"]["B"]
        item["social"]["M"]["wrapped"] = {"B": wrapped[:-1] + bytes([wrapped[-1] ^ 1])}
        boto.put_item(TableName="clinic", Item=item)
        with pytest.raises(DynasmithError) as raised:
            made.db().get(Patient, name)
        assert isinstance(raised.value, DecryptionFailed)


def test_no_log_holds_a_data_key(
    project: Project,
    endpoint: StrictServer,
    tmp_path: Path,
    moto_endpoint: str,
    kms: Any,
    name: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made_keys: list[bytes] = []
    with caplog.at_level(logging.DEBUG):
        for _ in range(2):
            with with_kms(tmp_path, endpoint, moto_endpoint) as made:
                events = world_of(made).session.client("kms").meta.events
                events.register("after-call.kms.*", lambda parsed, **_: made_keys.append(parsed["Plaintext"]))
                made.db().create(Patient(id=f"{name}-{len(made_keys)}", ssn="078-05-1120"))
                assert made.db().get(Patient, f"{name}-0") is not None
    assert len(made_keys) == 3
    assert "GenerateDataKey" in caplog.text
    for each in made_keys:
        assert base64.b64encode(each).decode() not in caplog.text
        assert repr(each)[2:-1] not in caplog.text
    assert "078-05" not in caplog.text


def test_an_arn_names_its_region(
    project: Project, endpoint: StrictServer, tmp_path: Path, moto_endpoint: str, name: str
) -> None:
    make: Any = boto3.client
    there = make(
        "kms",
        endpoint_url=moto_endpoint,
        region_name="eu-west-1",
        aws_access_key_id="dynasmith",
        aws_secret_access_key="dynasmith",
    )
    arn = there.create_key()["KeyMetadata"]["Arn"]
    there.close()
    with with_kms(tmp_path, endpoint, moto_endpoint, f'cards = {{kms = "{arn}"}}') as made:
        made.db().create(Patient(id=name, ssn="a"))
    with with_kms(tmp_path, endpoint, moto_endpoint, f'cards = {{kms = "{arn}"}}') as made:
        assert made.db().require(Patient, name).ssn == "a"


def test_an_environment_with_an_endpoint_never_asks_kms_of_aws(
    project: Project, endpoint: StrictServer, tmp_path: Path, name: str
) -> None:
    crypto = 'cards = {kms = "alias/one"}'
    with in_file(tmp_path, endpoint, crypto) as made, pytest.raises(DynasmithError) as raised:
        made.db().create(Patient(id=name, ssn="a"))
    assert "Key alias/one not found" in str(raised.value)  # so says the endpoint
    (tmp_path / "dynasmith.toml").write_text(
        f'default_environment = "x"\n[crypto]\n{crypto}\n[environments.x]\nregion = "us-east-1"\n'
        f'endpoints = {{dynamodb = "{endpoint.endpoint}"}}\n'
    )
    with (
        Project.load(tmp_path / "dynasmith.toml", variables={}) as made,
        pytest.raises(NotOffered, match="The environment x has no endpoint for kms"),
    ):
        made.db().create(Patient(id=name, ssn="a"))


def test_a_key_that_kms_does_not_have_is_named(
    project: Project, endpoint: StrictServer, tmp_path: Path, moto_endpoint: str, kms: Any, name: str
) -> None:
    with (
        with_kms(tmp_path, endpoint, moto_endpoint, 'cards = {kms = "alias/none"}') as made,
        pytest.raises(DynasmithError, match="alias/none"),
    ):
        made.db().create(Patient(id=name, ssn="a"))


# --- dynamodb-onetable

ONETABLE = {
    "primary": EncryptionKey(material=b"correct horse", format="onetable"),
    "old2": EncryptionKey(material="pässwörd".encode(), format="onetable"),
}
VECTORS = [
    ("078-05-1120", "primary:STS6AkReH5P/A2YGdzVBOg==:b375d9b445a3f9c3d3132743580be495:xhRoBs+MU0+nbrU="),
    (
        'élève 🎓\n"quoted": {x}',
        "primary:6sVke+67mAqm0nlPzHsKvA==:2c6087824f7905ac3c0d03d96682f847:PnuNAqP3n6WOg/bpkt0ulHWL7Ah3IwlIqSM=",
    ),
    (
        "2026-01-02T03:04:05.678Z",
        "old2:o1oW1ML+AD1ETxpcbLym+A==:294643d53c08085f0ab381282347fd1f:8HpEQbPfihpvcwGwDvpLtWCnfHzeO19X",
    ),
]
"""Text, and what ``table.encrypt`` of dynamodb-onetable 2.7.7 made of it with these passwords, on Node 20."""


@pytest.fixture
def moving_in(project: Project, endpoint: StrictServer) -> Iterator[Db]:
    """A db with a key of its own and the passwords of OneTable."""
    keys = {**ONETABLE, "main": EncryptionKey(material=KEY)}
    with connect(endpoint=endpoint.endpoint, region="us-east-1", clock=endpoint.clock, crypto=keys) as made:
        yield made.db()


@pytest.mark.parametrize(("text", "stored"), VECTORS)
def test_what_onetable_encrypted_is_read_and_written_in_our_form(
    moving_in: Db, endpoint: StrictServer, name: str, text: str, stored: str
) -> None:
    boto = client_of("dynamodb", endpoint.endpoint)
    boto.put_item(TableName="clinic", Item={"id": {"S": name}, "social": {"S": stored}})
    read = moving_in.require(Patient, name)
    assert read.ssn == text
    moving_in.save(read)
    assert boto.get_item(TableName="clinic", Key={"id": {"S": name}})["Item"]["social"] == {"S": stored}
    moving_in.put(read)
    assert boto.get_item(TableName="clinic", Key={"id": {"S": name}})["Item"]["social"]["M"]["key"] == {"S": "main"}
    assert moving_in.require(Patient, name).ssn == text


def test_a_date_that_onetable_encrypted_is_read(moving_in: Db, endpoint: StrictServer, name: str) -> None:
    boto = client_of("dynamodb", endpoint.endpoint)
    boto.put_item(TableName="clinic", Item={"id": {"S": name}, "born": {"S": VECTORS[2][1]}})
    assert moving_in.require(Patient, name).born == datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


@pytest.mark.parametrize("how", ["tag", "text", "iv", "password", "short tag"])
def test_what_onetable_encrypted_and_was_changed_is_refused(
    moving_in: Db, endpoint: StrictServer, name: str, how: str
) -> None:
    key_name, tag, iv, data = VECTORS[0][1].split(":")
    match how:
        case "tag":
            tag = base64.b64encode(b"x" * 16).decode()
        case "text":
            data = base64.b64encode(b"x" * 11).decode()
        case "iv":
            iv = "0" * 32
        case "password":
            key_name = "old2"
        case "short tag":
            tag = base64.b64encode(base64.b64decode(tag)[:4]).decode()
    stored = {"S": ":".join((key_name, tag, iv, data))}
    client_of("dynamodb", endpoint.endpoint).put_item(TableName="clinic", Item={"id": {"S": name}, "social": stored})
    with pytest.raises(DecryptionFailed) as raised:
        moving_in.get(Patient, name)
    assert raised.value.key_name == key_name


def test_a_password_of_onetable_encrypts_nothing(project: Project, endpoint: StrictServer, name: str) -> None:
    boto = client_of("dynamodb", endpoint.endpoint)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", crypto=ONETABLE) as made:
        with pytest.raises(UsageError, match="is encrypted, and there is no key"):
            made.db().create(Patient(id=name, ssn="a"))
        stored = {"S": f"other:AA==:{'0' * 32}:AA=="}
        boto.put_item(TableName="clinic", Item={"id": {"S": name}, "social": stored})
        with pytest.raises(ItemInvalid, match="social: It is not encrypted"):
            made.db().get(Patient, name)
        assert made.db().delete(key(Patient, name))
