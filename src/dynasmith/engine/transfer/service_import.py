"""populate by ImportTable: a new table from files in S3, waited for, its counts and errors looked at, its settings
completed."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.export_check import check_files, find_export, read_manifest
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.service_job import (
    begin_anew,
    begun_once,
    check_held,
    enter_service_job,
    run_service_job,
    same_job,
    unfinished,
    wait_until_over,
)
from dynasmith.errors import RunError, UsageError
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.report import Report
from dynasmith.jobs.service_transfer import ImportRequest, ImportState, ServiceResult, key_range, s3_place
from dynasmith.jobs.spec import ServiceImport
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.service_transfer import TransferObjects
from dynasmith.tables.table import Table, known

ERRORS_SHOWN = 5
_OF_EXPORT = {"DYNAMODB_JSON": "dynamodb", "ION": "ion"}


def check_importable(table: Table) -> None:
    """Raise UsageError for a table that an import cannot make."""
    local = [index.name for index in known(table.local_indexes, ())]
    if local:
        raise UsageError(
            f"An import makes no local secondary index, and {table.name} has {', '.join(local)}.",
            hint="use --by ours, which creates the table first",
        )


def files_to_import(
    objects: TransferObjects, place: str, request: ImportRequest, *, chosen: bool
) -> tuple[str, ImportRequest, int | None]:
    """The place whose keys are imported, how they are read, and how many items they hold where a manifest says so.

    Of an export of the service that is its folder of data, and the manifests are checked first; ``chosen`` says that a
    person said how the files are read. Raises UsageError where there is nothing, or an incremental export.
    """
    objects.check_bucket()
    named = s3_place(place)
    summary_key = find_export(objects, named)
    if summary_key is None:
        return _plain_files(objects, place), request, None
    manifest = read_manifest(objects, named.bucket, summary_key)
    if manifest.summary.incremental:
        raise UsageError(
            f"{place} is an incremental export, which holds changes, and an import makes a table of items.",
            hint="import the full export, then populate from the incremental one with --by ours",
        )
    check_files(objects, named.bucket, manifest)
    read = replace(request, format=_OF_EXPORT.get(manifest.summary.output_format, request.format), compression="gzip")
    if chosen and (read.format, read.compression) != (request.format, request.compression):
        raise UsageError(
            f"{place} is an export of the service in {read.format} with gzip, and other options were given.",
            hint="remove --format and --compress",
        )
    folder = summary_key.rpartition("/")[0]
    return f"s3://{named.bucket}/{folder}/data/", read, manifest.summary.item_count


def _plain_files(objects: TransferObjects, place: str) -> str:
    """The place as a folder where it is one. Raises UsageError where nothing is there."""
    found = key_range(place)
    folder = f"{found.prefix.rstrip('/')}/" if found.prefix else ""
    for prefix in dict.fromkeys((folder, found.prefix)):
        if next(objects.keys(prefix), None) is not None:
            return f"s3://{found.bucket}/{prefix}"
    raise UsageError(f"{place} holds no object.", hint="name the prefix of the files")


def begin_service_import(spec: ServiceImport, world: JobWorld) -> Claim:
    """Enter an import in the ledger, or go on with the one that was asked for in the same words and is not over."""
    return same_job(spec, world.ledger) or enter_service_job(spec, world.ledger, world.context)


def service_import(spec: ServiceImport, claim: Claim, world: JobWorld) -> Report:
    """Begin the import, or find the one that was begun, wait for it, look at its counts and errors, and apply the
    settings that an import leaves out.

    Raises RunError where the service failed before it wrote an item. Items that failed are counted as dead, and the
    report says where their errors are. Interrupted and errors leave a job that goes on with the same import.
    """
    table, imports, context = (
        world.service.defined(spec.target, spec.definition),
        world.service.imports(spec.target),
        world.context,
    )
    counts = [Counts()]

    def work(stop: StopRequest) -> ServiceResult:
        state = _begun(_spec_of(claim), table, claim, world)
        look: Callable[[], ImportState] = lambda: imports.describe(state.arn)  # noqa: E731
        state = wait_until_over(claim, context, table.name, f"Import {state.arn}", look, stop, world.service.waiting)
        if not state.over:
            later = f"The import is {state.status}; dynasmith jobs resume {claim.job.id} waits for it"
            return unfinished(_fields(state, ()), later, world.service.waiting)
        failed = imports.errors(state, ERRORS_SHOWN) if state.errors else ()
        if state.status != "COMPLETED" and not state.imported:
            begin_anew(claim, _spec_of(claim))
            raise _failure(state, table.name, failed)
        counts[0] = Counts(read=state.imported + state.errors, written=state.imported, dead=state.errors)
        check_held(claim)
        problems = [*_problems(spec, state), *failed, *world.service.settle(spec.target, spec.definition)]
        return ServiceResult(fields=_fields(state, failed), problems=tuple(problems))

    return run_service_job(claim, context, table.name, work, lambda: counts[0])


def _spec_of(claim: Claim) -> ServiceImport:
    spec = claim.job.spec
    assert isinstance(spec, ServiceImport)
    return spec


def _begun(spec: ServiceImport, table: Table, claim: Claim, world: JobWorld) -> ImportState:
    """The import of the job: the one it knows, the one that has its token, or a new one."""
    imports = world.service.imports(spec.target)
    return begun_once(
        claim,
        world.context,
        spec,
        describe=imports.describe,
        with_token=lambda: imports.with_token(spec.token),
        start=lambda: imports.start(table, key_range(spec.place), spec.request, spec.token),
    )


def _failure(state: ImportState, table: str, failed: tuple[str, ...]) -> RunError:
    first = f" The first error: {failed[0]}" if failed else ""
    return RunError(
        f"The import into {table} is {state.status} ({state.failure_code or 'no code'}): "
        f"{state.failure or 'the service gave no reason'}{first}",
        hint=f"look at the files, --format and --compress; delete {table} if the import made it, and import again"
        + (f"; all errors are in {state.log_group}" if state.errors else ""),
    )


def _problems(spec: ServiceImport, state: ImportState) -> list[str]:
    found = []
    if state.status != "COMPLETED":
        found.append(f"The import is {state.status} ({state.failure_code}): {state.failure}")
    if not state.imported:
        found.append("The import is COMPLETED and wrote no item.")
    elif spec.items is not None and state.imported != spec.items and not state.errors:
        found.append(f"The import wrote {state.imported:,} items, and the manifest of the export says {spec.items:,}.")
    return found


def _fields(state: ImportState, failed: tuple[str, ...]) -> dict[str, object]:
    """The JSON fields of the verb."""
    return {
        "import_arn": state.arn,
        "import_status": state.status,
        "processed_items": state.processed,
        "imported_items": state.imported,
        "error_count": state.errors,
        "errors_at": state.log_group or None if state.errors else None,
        "first_errors": list(failed),
    }
