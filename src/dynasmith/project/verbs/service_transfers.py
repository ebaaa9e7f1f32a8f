"""The service's exports and imports, wired: the ports of a side, and the settings that an import leaves out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import to_builtins

from dynasmith.aws.control.bulk_puts import AwsBulkPuts
from dynasmith.aws.control.exports import AwsExports
from dynasmith.aws.control.imports import AwsImports
from dynasmith.aws.stores.s3.transfer_objects import AwsTransferObjects
from dynasmith.engine.apply import apply_plan
from dynasmith.engine.transfer.service_job import WaitLimit
from dynasmith.errors import UsageError
from dynasmith.files.definitions import exported_table
from dynasmith.jobs.service_transfer import BulkState, ExportState, ImportState
from dynasmith.jobs.side import Side
from dynasmith.ports.listener import Listener
from dynasmith.ports.service_transfer import BulkPuts, Exports, Imports, TransferObjects
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.plan import make_plan
from dynasmith.tables.table import Table


def exports_of(items: ItemWorld, side: Side) -> AwsExports:
    """The exports of the table of a side."""
    at = items.at(side)
    return AwsExports(at.session, at.physical(side.table))


def imports_of(items: ItemWorld, side: Side) -> AwsImports:
    """The imports into the table of a side."""
    at = items.at(side)
    return AwsImports(at.session, at.physical(side.table))


def bulk_puts_of(items: ItemWorld, side: Side) -> AwsBulkPuts:
    """The bulk writes into the table of a side."""
    at = items.at(side)
    return AwsBulkPuts(at.session, at.physical(side.table))


def objects_of(items: ItemWorld, side: Side, bucket: str, owner: str) -> AwsTransferObjects:
    """A bucket with the access of a side."""
    session = items.at(side).session
    return AwsTransferObjects(session.client("s3"), bucket, owner, access=session.access)


def described_by_arn(items: ItemWorld, arn: str) -> Mapping[str, Any]:
    """An export or import by its ARN. Raises UsageError for another ARN."""
    name, _, rest = arn.partition(":table/")[2].partition("/")
    kind = rest.partition("/")[0]
    side = Side(table=name, region="" if items.world.session.access.isolated else arn.split(":")[3])
    state: ExportState | ImportState | BulkState
    match kind:
        case "export":
            state = exports_of(items, side).describe(arn)
        case "import":
            state = imports_of(items, side).describe(arn)
        case "bulk-operation":
            state = bulk_puts_of(items, side).describe(arn)
        case _:
            raise UsageError(
                f"{arn} is not the ARN of an export or import.",
                hint="arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/export/ID",
            )
    described: dict[str, Any] = to_builtins(state)
    return {"kind": kind, **described}


def kept_table(items: ItemWorld, side: Side, definition: str) -> Table:
    """The table of a definition that a job keeps."""
    return exported_table(
        json.loads(definition), "the definition that the job keeps", quotas=items.at(side).settings.quotas
    )


def settled(items: ItemWorld, side: Side, definition: str, listener: Listener) -> Sequence[str]:
    """Apply the settings of a definition that its new table does not have; a sentence for each that is not as defined.

    Never raises for a setting that is refused: the items are there, and the report says what is missing.
    """
    at, table = items.at(side), kept_table(items, side, definition)
    plan = make_plan(at, [table])
    report = apply_plan(plan, at.control, at.clock, listener=listener, tables_at_once=1)
    failures = [*((each.table, each.message) for each in plan.failures)]
    failures += [(name, error.message) for name, error in report.failures.items()]
    return [f"The settings of {name} are not all as defined: {message}" for name, message in failures]


class ProjectServiceWorld:
    """Keeps `dynasmith.engine.transfer.job_world.ServiceWorld`."""

    def __init__(self, items: ItemWorld, listener: Listener, waiting: WaitLimit) -> None:
        self._items = items
        self._listener = listener
        self.waiting = waiting

    def exports(self, side: Side) -> Exports:
        """The service's exports of the table of a side."""
        return exports_of(self._items, side)

    def imports(self, side: Side) -> Imports:
        """The service's imports into the table of a side."""
        return imports_of(self._items, side)

    def bulk_puts(self, side: Side) -> BulkPuts:
        """The service's bulk writes into the table of a side."""
        return bulk_puts_of(self._items, side)

    def objects(self, side: Side, bucket: str, owner: str) -> TransferObjects:
        """A bucket with the access of a side; ``owner`` is the account that must own it, empty for any."""
        return objects_of(self._items, side, bucket, owner)

    def defined(self, side: Side, definition: str) -> Table:
        """The table of a definition that a spec keeps. Raises DefinitionError."""
        return kept_table(self._items, side, definition)

    def settle(self, side: Side, definition: str) -> Sequence[str]:
        """Apply the settings of a definition that its table does not have."""
        return settled(self._items, side, definition, self._listener)
