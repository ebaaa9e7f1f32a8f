"""Attributes encrypted, and encrypted again with another key, by a backfill; and copies of ciphertext."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from dynasmith import Consent, DecryptionFailed, EncryptionKey, Event, Project, connect
from dynasmith.cli.main import run
from dynasmith.errors import Interrupted, ItemInvalid, TransformError, UsageError
from dynasmith.items.encryption_envelope import Envelope
from dynasmith.models import Attr, Model, Partition, attr, tables_of
from dynasmith.operations import Decrypt, Encrypt, Operations
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
OLD, NEW = EncryptionKey(material=b"o" * 32), EncryptionKey(variable="NEW_KEY")
YES = Consent(yes=True)
ITEMS = 30


class Contact(Model, table="contacts"):
    """After the backfill."""

    id: Partition[str]
    email: Attr[str | None] = attr(default=None, encrypted=True)
    number: Attr[int] = attr(default=0)


class PlainContact(Model, table="contacts"):
    """Before it."""

    id: Partition[str]
    email: Attr[str | None] = attr(default=None)
    number: Attr[int] = attr(default=0)


class Copied(Contact, table="contacts_copy"):
    """Where it is copied to."""


def opened(endpoint: StrictServer, folder: Path, **crypto: EncryptionKey) -> Project:
    tables = tables_of(Contact, Copied)
    return connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, folder=folder, crypto=crypto)


@pytest.fixture(scope="module")
def endpoint(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint on the real clock: jobs keep a pace."""
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as server:
        yield server


@pytest.fixture(scope="module")
def client(endpoint: StrictServer) -> Iterator[Any]:
    """Another program."""
    made = boto3.client(
        "dynamodb",
        endpoint_url=endpoint.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield made
    made.close()


@pytest.fixture(autouse=True)
def variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW_KEY", (b"n" * 32).hex())


@pytest.fixture
def project(endpoint: StrictServer, tmp_path: Path) -> Iterator[Project]:
    """A project with one key and a table of plain items."""
    with opened(endpoint, tmp_path, old=OLD) as project:
        project.ensure()
        db = project.db()
        for number in range(ITEMS):
            db.put(PlainContact(id=str(number), email=f"{number}@example.com", number=number))
        yield project


def emails(project: Project, model: type[Contact] = Contact) -> set[str | None]:
    return {each.email for each in project.db().scan(model)}


def emails_plain(project: Project) -> set[str | None]:
    return {each.email for each in project.db().scan(PlainContact)}


EXPECTED = {f"{number}@example.com" for number in range(ITEMS)}


def names(client: Any, table: str = "contacts") -> set[str]:
    """The names of the keys in the table."""
    return {item["email"]["M"]["key"]["S"] for item in client.scan(TableName=table)["Items"]}


def test_a_backfill_encrypts_and_changes_the_key_and_undoes(
    project: Project, endpoint: StrictServer, client: Any, tmp_path: Path
) -> None:
    with pytest.raises(ItemInvalid):
        emails(project)
    dry = project.dry_run.backfill("contacts", Encrypt("email"))
    assert (dry.changed, emails_plain(project)) == (ITEMS, EXPECTED)
    report = project.backfill("contacts", Encrypt("email"), consent=YES)
    assert (report.counts.written, report.counts.unchanged) == (ITEMS, 0)
    assert (emails(project), names(client)) == (EXPECTED, {"old"})
    before = client.scan(TableName="contacts")["Items"]
    again = project.backfill("contacts", Encrypt("email"), consent=YES)
    assert (again.counts.written, again.counts.unchanged) == (0, ITEMS)

    with opened(endpoint, tmp_path, new=NEW, old=OLD) as both:
        assert project.check_backfill("contacts", Encrypt("email")).changed == 0
        assert both.check_backfill("contacts", Encrypt("email")).changed == ITEMS
        rotated = both.backfill("contacts", Operations(Encrypt("email"), where="number >= 0"), consent=YES)
        assert rotated.counts.written == ITEMS
        assert both.check_backfill("contacts", Encrypt("email")).changed == 0
    with opened(endpoint, tmp_path, new=NEW) as only_new:
        assert (emails(only_new), names(client)) == (EXPECTED, {"new"})
    with pytest.raises(DecryptionFailed):
        emails(project)

    project.jobs.undo(rotated.job.id, consent=YES)
    order = {item["id"]["S"]: item for item in before}
    assert {item["id"]["S"]: item for item in client.scan(TableName="contacts")["Items"]} == order
    project.backfill("contacts", [Decrypt("email")], consent=YES)
    assert emails_plain(project) == EXPECTED


class Card(Model, table="wallets", entity="card"):
    """One of two entities in a table."""

    id: Partition[str]
    code: Attr[str | None] = attr(default=None, encrypted=True)


class Receipt(Model, table="wallets", entity="receipt"):
    """The other one."""

    id: Partition[str]
    code: Attr[str | None] = attr(default=None)


def test_a_backfill_of_a_class_leaves_other_entities_alone(endpoint: StrictServer, tmp_path: Path, client: Any) -> None:
    models = [Card, Receipt]
    with connect(
        endpoint=endpoint.endpoint, region="us-east-1", models=models, folder=tmp_path, crypto={"old": OLD}
    ) as made:
        made.ensure()
        db = made.db()
        db.put(Receipt(id="r", code="1"))
        client.put_item(TableName="wallets", Item={"id": {"S": "c"}, "_type": {"S": "card"}, "code": {"S": "2"}})
        assert made.dry_run.backfill(Card, Encrypt("code")).changed == 1
        assert made.backfill(Card, Encrypt("code"), consent=YES).counts.written == 1
        assert (db.require(Card, "c").code, db.require(Receipt, "r").code) == ("2", "1")
        with pytest.raises(UsageError, match="encrypted attributes"):
            made.backfill(Card, lambda card: card, consent=YES)


def test_neither_a_job_nor_its_journal_holds_a_key(project: Project, tmp_path: Path, client: Any) -> None:
    project.backfill("contacts", Encrypt("email"), consent=YES)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        held = path.read_bytes()
        assert b"o" * 32 not in held
        assert b"b29v" * 5 not in held  # as base64
        assert b"6f6f6f6f" not in held  # as hex


def test_an_item_of_a_lost_key_is_a_dead_letter(project: Project, client: Any) -> None:
    lost = from_json(Envelope("lost", b"n" * 12, b"d" * 20).tree())
    client.put_item(TableName="contacts", Item={"id": {"S": "lost"}, "email": lost})
    with pytest.raises(TransformError, match="encrypted with the key lost, which is not known here"):
        project.backfill("contacts", Encrypt("email"), consent=YES)
    report = project.backfill("contacts", Encrypt("email"), consent=YES, on_error="dead")
    assert (report.counts.dead, report.counts.written) == (1, ITEMS)
    client.delete_item(TableName="contacts", Key={"id": {"S": "lost"}})
    assert emails(project) == EXPECTED


def test_a_job_that_was_interrupted_goes_on_with_the_keys_of_the_project(
    project: Project, endpoint: StrictServer, tmp_path: Path, client: Any
) -> None:
    def stop(_: Event) -> None:
        raise Interrupted("Stopped by the test.")

    with pytest.raises(Interrupted):
        project.backfill("contacts", Encrypt("email"), consent=YES, segments=1, batch_size=10, listener=stop)
    with opened(endpoint, tmp_path) as without_keys, pytest.raises(UsageError, match="there is no key"):
        without_keys.jobs.resume("last")
    project.jobs.resume("last")
    assert (emails(project), names(client)) == (EXPECTED, {"old"})


def from_json(tree: dict[str, Any]) -> dict[str, Any]:
    """A map as boto3 takes it."""
    return {"M": {name: {"B": b64decode(each["B"])} if "B" in each else each for name, each in tree["M"].items()}}


def test_a_copy_keeps_ciphertext_and_needs_no_key(
    project: Project, endpoint: StrictServer, client: Any, tmp_path: Path
) -> None:
    project.backfill("contacts", Encrypt("email"), consent=YES)
    with opened(endpoint, tmp_path) as without_keys:
        without_keys.copy("contacts", "contacts_copy", consent=YES)
        assert without_keys.verify("contacts", "contacts_copy").equal
        without_keys.export("contacts", tmp_path / "exported")
        for number in range(ITEMS):
            client.delete_item(TableName="contacts_copy", Key={"id": {"S": str(number)}})
        without_keys.populate("contacts_copy", tmp_path / "exported", consent=YES)
    assert emails(project, Copied) == EXPECTED


def test_ciphertext_is_made_in_place_only(project: Project, tmp_path: Path, endpoint: StrictServer) -> None:
    scans = len(endpoint.journal.of("Scan"))
    transforms: list[Any] = [Encrypt("email"), [Decrypt("email")], [lambda item: item, Encrypt("email")]]
    for transform in transforms:
        with pytest.raises(UsageError, match="email changes items in place, in a backfill"):
            project.copy("contacts", "contacts_copy", transform=transform, consent=YES)
    with pytest.raises(UsageError, match="encrypt email changes items in place"):
        project.dry_run.copy("contacts", "contacts_copy", transform=Encrypt("email"))
    assert len(endpoint.journal.of("Scan")) == scans


def test_a_key_that_is_not_there_is_said_before_there_is_a_job(project: Project) -> None:
    with pytest.raises(UsageError, match="email is encrypted with the key none, which is not known here"):
        project.backfill("contacts", Encrypt("email", "none"), consent=YES)
    assert project.jobs.list() == []


def test_operations_and_code_of_the_users_run_together_but_not_in_a_dry_run(project: Project, tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text("def up(item):\n    item['number'] = 7\n")
    report = project.backfill("contacts", ["counting:up", Encrypt("email")], consent=YES)
    assert report.counts.written == ITEMS
    assert {each.number for each in project.db().scan(Contact)} == {7}
    with pytest.raises(UsageError, match="encrypt email cannot be combined with your own code in a dry run"):
        project.dry_run.backfill("contacts", ["counting:up", Encrypt("email")])


def test_the_command_line_takes_keys(
    project: Project, endpoint: StrictServer, client: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "encrypt.yaml").write_text("version: 1\noperations:\n- {encrypt: email}\n")
    where = ["--endpoint", endpoint.endpoint, "--region", "us-east-1", "--directory", str(tmp_path)]
    command = ["backfill", "contacts", "--transform", str(tmp_path / "encrypt.yaml"), *where]
    assert run([*command, "--yes"]) == 2
    assert "email is encrypted, and there is no key" in capsys.readouterr().err
    keys = ["--crypto", "new:variable:NEW_KEY"]
    assert run([*command, *keys, "--dry-run"]) == 0
    assert run([*command, *keys, "--yes"]) == 0
    assert names(client) == {"new"}
    shown = "".join(capsys.readouterr())
    assert (b"n" * 32).hex() not in shown
    assert run(["scan", "contacts", "--json", *where]) == 0
    assert '"dynasmith"' in capsys.readouterr().out
