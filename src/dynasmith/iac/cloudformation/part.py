"""What CloudFormation says of one table, and what is told to say it."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct

from dynasmith.iac.unsaid import Unsaid
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table, known

Properties: TypeAlias = dict[str, Any]


class StackSubject(Struct, frozen=True, kw_only=True):
    """The table to be said: what is wanted, what is there (None where there is nothing, or nobody looked), its logical
    id, and the Region of the stack."""

    table: Table
    live: TableDescription | None
    logical_id: str
    region: str

    @property
    def is_global(self) -> bool:
        """Whether it is an `AWS::DynamoDB::GlobalTable`: it has replicas, which a `Table` cannot have."""
        return bool(known(self.table.replicas, ()))

    @property
    def reference(self) -> Properties:
        """The name of the table."""
        return {"Ref": self.logical_id}

    def attribute(self, name: str) -> Properties:
        """An attribute of the resource of the table: `Arn`, `StreamArn`."""
        return {"Fn::GetAtt": [self.logical_id, name]}

    def unsaid(self, path: str, why: str) -> Unsaid:
        """Something of this table that CloudFormation cannot say."""
        return Unsaid(table=self.table.name, path=path, why=why)


class StackResource(Struct, frozen=True, kw_only=True):
    """A resource of a template. ``identifier`` is by what an import finds it; empty where it is not there."""

    id: str
    type: str
    properties: Properties
    identifier: dict[str, str] = {}


class StackPart(Struct, frozen=True, kw_only=True):
    """``properties`` belong into the resource of the table; ``resources`` stand beside it."""

    properties: Properties = {}
    resources: tuple[StackResource, ...] = ()
    unsaid: tuple[Unsaid, ...] = ()
