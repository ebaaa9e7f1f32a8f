"""Specs: the JSON that a ledger keeps of them, and what is done with one that cannot be read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import CheckpointError
from dynasmith.jobs.erasure_recipe import ErasedTable, ErasureTable
from dynasmith.jobs.file_facts import CsvFields, Decision, Field, Fingerprint
from dynasmith.jobs.job import Job, decode_job, describe_job, encode_job, moved, readable
from dynasmith.jobs.options import (
    Database,
    ExportOptions,
    FirstRunLimits,
    Mode,
    ReadOptions,
    TransferOptions,
)
from dynasmith.jobs.refresh_recipe import RefreshPart
from dynasmith.jobs.replacement_progress import ReplacementProgress
from dynasmith.jobs.service_transfer import BulkRequest, ExportRequest, ImportRequest
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import (
    Apply,
    Backfill,
    BulkPut,
    Copy,
    DeleteItems,
    Erase,
    Export,
    FunctionExport,
    PopulateDatabase,
    PopulateFiles,
    PopulateItems,
    Refresh,
    Replace,
    Restore,
    RollBack,
    ServiceExport,
    ServiceImport,
    Spec,
    TableProgress,
    TransformRef,
    Undo,
    UnreadableSpec,
    sides_of,
    transform_of,
)
from dynasmith.jobs.table_identity import TableIdentities, TableIdentity

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HERE, THERE = Side(table="users"), Side(table="users", env="prod", role_arn="arn:aws:iam::1:role/r")
TABLES = TableIdentities(target=TableIdentity(name="users", where="http://x us-east-1", arn="arn", table_id="id"))
OPTIONS = TransferOptions(segments=3, max_write_units=7.5, batch_size=2, mode=Mode("newer", "at"), on_error="dead")
MOVES = TransformRef(name="moves:by_mail", digest="aa")
SHAPE = TransformRef(name="shapes:users", digest="ab12")
SPECS: tuple[Spec, ...] = (
    Copy(source=HERE, target=THERE, transform=SHAPE, tables=TABLES, options=OPTIONS),
    Copy(source=HERE, target=THERE, options=OPTIONS),
    Export(source=HERE, dest="/out", how=ExportOptions(style="csv", compression="gz", export="1a2b"), options=OPTIONS),
    FunctionExport(source=HERE, options=OPTIONS),
    PopulateFiles(
        target=THERE,
        key="pk (S)",
        files=("/a.csv", "-"),
        how=ReadOptions(types={"n": "N"}, map={"id": "user-{id}"}),
        fingerprints={"/a.csv": Fingerprint(12, "cd", 34)},
        csv_fields=(CsvFields("/a.csv", (Field("n", "N"),)),),
        formats=(Decision("/a.csv", "csv", records=2),),
        options=OPTIONS,
    ),
    PopulateDatabase(
        target=HERE,
        transform=TransformRef(name="a.yaml"),
        database=Database(url="sqlite:///s", table="t"),
        options=OPTIONS,
    ),
    PopulateItems(target=HERE, options=OPTIONS),
    Backfill(
        target=HERE, journal=False, transform=SHAPE, careful=FirstRunLimits(limit=5), canary_items=9, options=OPTIONS
    ),
    ServiceExport(
        source=HERE,
        place="s3://bucket/daily",
        request=ExportRequest(format="ion", since=NOW, until=NOW, condition="n = 1", kms_key="k", bucket_owner="1"),
        token="ab",
        arn="arn:aws:dynamodb:us-east-1:1:table/users/export/1",
    ),
    ServiceImport(
        target=HERE,
        place="s3://bucket/daily/",
        definition='{"name": "users"}',
        request=ImportRequest(format="csv", compression="zstd", delimiter=";", headers=("pk", "n")),
        items=7,
        token="ab",
    ),
    BulkPut(
        target=HERE,
        place="s3://bucket/daily/",
        request=BulkRequest(format="ion", compression="gzip", errors_bucket="e", errors_prefix="f", write_units=1024),
        token="ab",
        tables=TABLES,
    ),
    Restore(target=HERE, table="users", at=NOW, before={"name": "users"}, without_indexes=True, options=OPTIONS),
    RollBack(target=HERE, source="kept", files="/kept", parts=2, tables=TABLES, options=OPTIONS),
    DeleteItems(target=HERE, journal=True, tables=TABLES, options=OPTIONS),
    Apply(
        target=HERE,
        plan="{}",
        tables_before="{}",
        consent="somebody: --yes",
        deadline=NOW,
        progress={
            "users": TableProgress(
                steps=3,
                place=1,
                since=NOW,
                seen="index a is CREATING",
                percent=40.0,
                eta=NOW,
                next_look=NOW,
                table_id="t",
            ),
            "orders": TableProgress(steps=2, place=2, done=True, failed=""),
        },
    ),
    Refresh(
        source=HERE,
        target=HERE,
        environment="staging",
        recipe="staging",
        parts=(RefreshPart(do="empty", table="users", state="done"), RefreshPart(do="run", command="true", found=1)),
        tables=TABLES,
        options=OPTIONS,
    ),
    Erase(
        target=HERE,
        recipe="customer",
        argument="customer_id",
        fingerprint="ab",
        erased=(ErasedTable(table="users", by=ErasureTable(key="USER#{id}"), keys=("aa",), more=2, left=1),),
        tables=TABLES,
        options=OPTIONS,
    ),
    Replace(
        source=HERE,
        target=HERE,
        definition="{}",
        transform=MOVES,
        owners={"id": "old_id"},
        until="following",
        began=NOW,
        progress=ReplacementProgress(state="copying", streams=("users",), copy_job="copy-1", verified_at=NOW),
        tables=TABLES,
        options=OPTIONS,
    ),
    Undo(target=HERE, of="backfill-20261129T120000-abcdef", tables=TABLES, options=OPTIONS),
)


UNSHOWN = {"plan", "tables_before"}
"""Documents of a detached apply, which no person reads there."""
DOCUMENTS = {"Restore.before"}
"""Parameters that are a definition as it is written in a file, which the parser of definitions reads."""


def job(spec: Spec | UnreadableSpec, **more: Any) -> Job:
    return Job(id="x-20261129T120000-abcdef", spec=spec, started_at=NOW, changed_at=NOW, **more)


def test_every_spec_is_tried() -> None:
    assert {type(spec) for spec in SPECS} == set(get_args(Spec))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
@given(only_new=st.booleans(), ran_seconds=st.floats(0, 1e6), estimated=st.none() | st.integers(0, 10**12))
def test_a_job_is_read_as_it_was_written(spec: Spec, only_new: bool, ran_seconds: float, estimated: int | None) -> None:
    before = job(spec, only_new=only_new, ran_seconds=ran_seconds, estimated_items=estimated)
    after = decode_job(encode_job(before))
    assert after == before
    assert encode_job(after) == encode_job(before)
    kept = msgspec.json.decode(encode_job(before))["parameters"]
    assert describe_job(after)["parameters"] == {name: kept[name] for name in kept if name not in UNSHOWN}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_no_parameter_is_untyped(spec: Spec) -> None:
    assert set(_untyped(type(spec))) <= DOCUMENTS


def _untyped(kind: type[Any]) -> Iterator[str]:
    """The fields of a type, and of the types in it, that may hold anything."""
    for field in msgspec.structs.fields(kind):
        for part in (field.type, *_parts(field.type)):
            if part in (Any, object, dict, list):
                yield f"{kind.__name__}.{field.name}"
            elif isinstance(part, type) and issubclass(part, msgspec.Struct):
                yield from _untyped(part)


def _parts(kind: Any) -> Iterator[Any]:
    for each in get_args(kind):
        yield each
        yield from _parts(each)


def test_sides_and_transforms_are_found() -> None:
    assert [sorted(sides_of(spec)) for spec in SPECS[:5]] == [["source", "target"]] * 2 + [["source"]] * 2 + [
        ["target"]
    ]
    assert [transform_of(spec) for spec in SPECS if transform_of(spec)] == [
        SHAPE,
        TransformRef(name="a.yaml"),
        SHAPE,
        MOVES,
    ]


def written(verb: str, parameters: Any) -> bytes:
    common = {"id": "x", "verb": verb, "started_at": "2026-11-29T12:00:00Z", "changed_at": "2026-11-29T12:00:00Z"}
    return msgspec.json.encode({**common, "parameters": parameters, "format": 1})


@pytest.mark.parametrize(
    ("verb", "parameters", "reason"),
    [
        ("copy", {"source": {"table": "a"}, "flow": {}}, "target"),
        ("copy", {"source": {"table": "a"}, "target": {"table": "b"}, "flow": {"segments": "three"}}, "segments"),
        ("export", {"source": {"table": "a"}, "dest": 5, "how": {}, "flow": {}}, "dest"),
        ("backfill", {"target": {"table": "a"}, "flow": {}}, "careful"),
        ("populate", {"target": {"table": "a"}, "flow": {}, "ran_seconds": "long"}, "float"),
        ("rollback", {"target": {"table": "a"}}, "no verb rollback"),
    ],
)
def test_parameters_that_cannot_be_read_do_not_hide_the_job(verb: str, parameters: Any, reason: str) -> None:
    found = decode_job(written(verb, parameters))
    assert (found.verb, describe_job(found)["parameters"]) == (verb, parameters)
    cancelled = msgspec.json.decode(encode_job(moved(found, "cancelled", NOW)))
    assert (cancelled["verb"], cancelled["parameters"], cancelled["state"]) == (verb, parameters, "cancelled")
    with pytest.raises(CheckpointError, match=reason) as raised:
        readable(found)
    assert "start a new job" in raised.value.hint


def test_what_an_earlier_version_did_not_keep_has_the_value_it_had() -> None:
    careful = {"limit": None, "canary": None}
    old = {"target": {"table": "a"}, "where": "http://x us-east-1", "careful": careful, "canary_items": 0, "flow": {}}
    spec = decode_job(written("backfill", old)).spec
    assert isinstance(spec, Backfill)
    assert (spec.journal, spec.where, spec.tables) == (True, "http://x us-east-1", TableIdentities())
    files = decode_job(written("populate", {"target": {"table": "a"}, "files": ["/a"], "how": {}, "flow": {}})).spec
    assert isinstance(files, PopulateFiles)
    assert (files.fingerprints, files.key, files.transform) == ({}, "", None)
