"""Items that dynamodb-onetable writes are read by the classes made of its schema, and the other way round.

`onetable_items.json` is what the real library wrote (`python tests/bridges/record_onetable.py`), so that most of this
runs without node. Where node and the npm package are there (`make node_modules/.installed`), the library itself runs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridges.conftest import Load
from dynasmith import EncryptionKey, Project, UsageError, connect
from dynasmith.strict import StrictServer
from dynasmith.tables.document_of import document_of

pytestmark = pytest.mark.engine
HERE = Path(__file__).parent
RECORDED: dict[str, list[Any]] = json.loads((HERE / "onetable_items.json").read_text("utf-8"))
SCHEMAS = {"iso": HERE / "onetable_schema.mjs", "epoch": HERE / "onetable_epoch.mjs"}
NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
KEYS = {
    "main": EncryptionKey(material=bytes(32)),
    "primary": EncryptionKey(material=b"a password of the tests", format="onetable"),
}
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on the PATH")
needs_library = pytest.mark.skipif(
    shutil.which("node") is None or not (HERE.parents[1] / "node_modules/dynamodb-onetable").is_dir(),
    reason="dynamodb-onetable is not in node_modules: make node_modules/.installed",
)


def library(endpoint: StrictServer, table: str, schema: str, verb: str) -> Any:
    """What the real library answers."""
    command = ["node", str(HERE / "onetable_shop.mjs"), endpoint.endpoint, table, str(SCHEMAS[schema]), verb]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture
def shop(endpoint: StrictServer, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project with the keys that OneTable's texts need."""
    with connect(endpoint=endpoint.endpoint, region="us-east-1", clock=endpoint.clock, crypto=KEYS) as made:
        yield made


def table_name(request: pytest.FixtureRequest) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in request.node.name)


def classes(project: Project, schema: str, table: str, load: Load) -> Any:
    # JSON of the schema was recorded too, so that no node is needed.
    file = HERE / f"onetable_{schema}.json"
    return load(project.import_from(f"onetable:{file}", form="models", tables={"": table}).text)


def make_table(client: Any, project: Project, schema: str, table: str) -> None:
    imported = project.import_from(f"onetable:{HERE / f'onetable_{schema}.json'}", tables={"": table})
    where = project.where
    with connect(
        endpoint=where.endpoint, region="us-east-1", tables=imported.tables, clock=project._world.clock
    ) as defined:
        defined.ensure()


def put_recorded(client: Any, schema: str, table: str) -> None:
    for item in RECORDED[schema]:
        client.put_item(TableName=table, Item=binary(item))


def binary(value: Any) -> Any:
    """DynamoDB JSON as boto3 takes it."""
    import base64

    if isinstance(value, dict):
        return {name: base64.b64decode(each) if name == "B" else binary(each) for name, each in value.items()}
    return [binary(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("schema", SCHEMAS)
def test_recorded_items_are_read_and_written_again(
    shop: Project, client: Any, load: Load, schema: str, request: pytest.FixtureRequest
) -> None:
    table = table_name(request)
    make_table(client, shop, schema, table)
    put_recorded(client, schema, table)
    made = classes(shop, schema, table, load)
    db = shop.db()
    users = sorted(db.scan(made.User), key=lambda each: each.email)
    assert [each.email for each in users] == ["ann@example.com", "bob@example.com"]
    ann, bob = users
    assert (ann.id, ann.name, ann.status, ann.rank, ann.score) == (
        "01ARZ3NDEKTSV4RRFFQ69G5FAV", "Ann", "active", 7, 2.5,
    )  # fmt: skip
    assert ann.joined == NOW
    assert ann.expires == NOW.replace(second=6, microsecond=0), "OneTable rounds up"
    assert (ann.address.city, ann.address.zip, ann.address.moved) == ("Bern", 3000, NOW)
    assert [pet.name for pet in ann.pets] == ["Rex"]
    assert (ann.tags, ann.roles) == (["a", "b"], {"admin", "staff"})
    assert ann.data == {"deep": [1, "x", {"y": True}], "empty": ""}
    assert (ann.picture, ann.secret) == (b"\x00\xff", "plain text")
    assert (ann.packed.first, ann.packed.last) == ("Ann", "Lee")
    assert (ann.nick, ann.active, ann.code) == (None, True, "ABCDEF")
    assert (bob.rank, bob.roles, bob.data, bob.address) == (0, {Decimal(1), Decimal("2.5")}, {}, None)
    order = db.query(made.Order, made.Order.userId == "2").one()
    assert (order.placed, order.number, order.total) == (NOW, 12, 0.1)

    stored = {json.dumps(item["sk"]) + json.dumps(item["pk"]): item for item in RECORDED[schema]}
    for each in (ann, bob, order):
        key = {name: {"S": getattr(each, name)} for name in ("pk", "sk")}
        db.delete(each)
        db.create(type(each)(**{name: getattr(each, name) for name in type(each).model_fields}))
        written = client.get_item(TableName=table, Key=key)["Item"]
        before = binary(stored[json.dumps(key["sk"]) + json.dumps(key["pk"])])
        assert before.keys() - written.keys() <= {"nick"}
        for name in written.keys() - {"secret", "updated", "changed"}:
            assert sets_sorted(written[name]) == sets_sorted(before[name]), name


def sets_sorted(value: dict[str, Any]) -> Any:
    kind, content = next(iter(value.items()))
    return {kind: sorted(content)} if kind in ("SS", "NS") else value


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_option_is_taken_over_or_named(shop: Project, schema: str) -> None:
    imported = shop.import_from(f"onetable:{HERE / f'onetable_{schema}.json'}", form="models", tables={"": "app"})
    notes = "\n".join(imported.notes)
    for said in (
        "User.nick: hidden",
        "User.secret: crypt is encrypted=True",
        "User.first is packed in packed",
        "Order.key: unique",
        "Order.key: scope",
        "Order.userId: reference",
        "Index gs1: follow",
    ):
        assert said in notes
    assert ("Index gs2 does not hold kind" in notes) is (schema == "epoch")
    if schema == "iso":
        text = shop.import_from(f"onetable:{HERE / 'onetable_iso.json'}", tables={"": "app"}).text
        by_mail = document_of(imported.tables[0])["global_secondary_indexes"][1]
        assert set(by_mail["projection"]["attributes"]) == {"nm", "_type"}
        assert "time_to_live: {attribute: expires}" in text


@needs_node
@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_module_of_javascript_is_the_same_schema(shop: Project, schema: str) -> None:
    module = shop.import_from(f"onetable:{SCHEMAS[schema]}", form="models", tables={"": "app"})
    recorded = shop.import_from(f"onetable:{HERE / f'onetable_{schema}.json'}", form="models", tables={"": "app"})
    assert module.text.splitlines()[3:] == recorded.text.splitlines()[3:]
    assert module.notes == recorded.notes


@needs_library
@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_real_library_and_the_classes_share_a_table(
    shop: Project, endpoint: StrictServer, client: Any, load: Load, schema: str, request: pytest.FixtureRequest
) -> None:
    table = table_name(request)
    library(endpoint, table, schema, "create")
    imported = shop.import_from(f"onetable:{SCHEMAS[schema]}", tables={"": table})
    with connect(
        endpoint=endpoint.endpoint, region="us-east-1", tables=imported.tables, clock=endpoint.clock
    ) as defined:
        changes = [change for each in defined.plan().tables for change in each.changes]
        assert [type(change).__name__ for change in changes] == ["SetTimeToLive"], "which createTable does not set"
    endpoint.clock.sleep(30)  # until the table is active
    library(endpoint, table, schema, "write")
    made = classes(shop, schema, table, load)
    db = shop.db()
    ann = db.require(made.User, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    before = library(endpoint, table, schema, "read")
    assert [user["email"] for user in before["users"]] == [ann.email]
    values = {name: getattr(ann, name) for name in made.User.model_fields if name != "secret"}
    db.delete(ann)
    db.create(made.User(**values))
    db.create(made.Order(userId="2", placed=NOW, number=13))
    after = library(endpoint, table, schema, "read")
    for name in before["users"][0].keys() - {"updated", "changed", "secret", "nick"}:
        assert after["users"][0][name] == before["users"][0][name], name
    assert [order["number"] for order in after["orders"]] == [12, 13]


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("[]", "is not a OneTable schema"),
        ('{"indexes": {}}', "has no models"),
        ('{"models": {"A": {}}}', "has no indexes"),
        ('{"models": {"A": {}}, "indexes": {"gs1": {}}}', "no primary index"),
        ('{"models": {"A": {"pk": 1}}, "indexes": {"primary": {"hash": "pk"}}}', "is not a map of fields"),
        ('{"models": {}, "indexes": {"primary": {"hash": "pk"}}}', "has no model"),
        ('{"models": {"A": {"pk": {"type": "blob"}}}, "indexes": {"primary": {"hash": "pk"}}}', "has the type 'blob'"),
        ("{", "is neither JSON nor JSON5"),
    ],
)
def test_what_is_not_a_schema_is_refused(project: Project, tmp_path: Path, schema: str, message: str) -> None:
    file = tmp_path / "schema.json"
    file.write_text(schema, "utf-8")
    with pytest.raises(UsageError, match=message):
        project.import_from(f"onetable:{file}", form="models", tables={"": "app"})


def test_json5_needs_no_node(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    text = "// a comment\n{indexes: {primary: {hash: 'pk',},}, models: {A: {pk: {type: 'number'}}}}"
    (tmp_path / "schema.json5").write_text(text, "utf-8")
    (tmp_path / "schema.mjs").write_text(f"export default {text[13:]}", "utf-8")
    imported = project.import_from(f"onetable:{tmp_path / 'schema.json5'}", tables={"": "app"})
    assert document_of(imported.tables[0])["attributes"] == [{"name": "pk", "type": "N"}]
    with pytest.raises(UsageError, match="node is not on the PATH") as caught:
        project.import_from(f"onetable:{tmp_path / 'schema.mjs'}", tables={"": "app"})
    assert "JSON" in caught.value.hint


@needs_node
@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("common.js", "module.exports = SCHEMA", ""),
        ("module.js", "export default SCHEMA", ""),
        ("named.mjs", "export const schema = SCHEMA; export const other = {a: 1}", ""),
        ("cjs.cjs", "module.exports = {schema: SCHEMA}", ""),
        ("two.mjs", "export const a = SCHEMA; export const b = SCHEMA", "exports several schemas: a, b"),
        ("none.mjs", "export default {a: 1}", "exports no OneTable schema"),
        ("wrong.mjs", "throw new TypeError('bad luck')", "TypeError: bad luck"),
        ("syntax.js", "export default {", "SyntaxError"),
        ("exit.mjs", "process.exit(0)", "it ended the process"),
    ],
)
def test_modules_of_every_kind(project: Project, tmp_path: Path, name: str, text: str, message: str) -> None:
    schema = "{indexes: {primary: {hash: 'pk'}}, models: {A: {pk: {type: String}}}}"
    (tmp_path / name).write_text(text.replace("SCHEMA", schema), "utf-8")
    if message:
        with pytest.raises(UsageError, match=message):
            project.import_from(f"onetable:{tmp_path / name}", tables={"": "app"})
    else:
        assert project.import_from(f"onetable:{tmp_path / name}", tables={"": "app"}).tables[0].name == "app"


def test_the_name_of_the_table_is_asked_for(project: Project) -> None:
    source = f"onetable:{HERE / 'onetable_iso.json'}"
    with pytest.raises(UsageError, match="does not name its table"):
        project.import_from(source)
    with pytest.raises(UsageError, match="says its keys itself"):
        project.import_from(source, tables={"": "app"}, keys={"User": "pk"})
    with pytest.raises(UsageError, match="does not exist"):
        project.import_from("onetable:no-such-schema.json", tables={"": "app"})
