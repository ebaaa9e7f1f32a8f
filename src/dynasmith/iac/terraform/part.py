"""What Terraform says of one part of a table, and what a part is told to say it."""

from __future__ import annotations

from msgspec import Struct

from dynasmith.iac.hcl import HclBlock, HclExpression, Value
from dynasmith.iac.unsaid import Unsaid
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Billing, Table, known


class TerraformSubject(Struct, frozen=True, kw_only=True):
    """The table to be said: what is wanted, what is there (None where there is nothing, or nobody looked), the label of
    its resource and the major version of the AWS provider."""

    table: Table
    live: TableDescription | None
    label: str
    provider: int

    @property
    def billing(self) -> Billing:
        """The mode of billing that is wanted, or that is there; on demand where neither is known."""
        there = Billing.ON_DEMAND if self.live is None else known(self.live.table.billing, Billing.ON_DEMAND)
        return known(self.table.billing, there)

    def reference(self, attribute: str) -> HclExpression:
        """An attribute of the resource of the table."""
        return HclExpression(f"aws_dynamodb_table.{self.label}.{attribute}")

    def unsaid(self, path: str, why: str) -> Unsaid:
        """Something of this table that Terraform cannot say."""
        return Unsaid(table=self.table.name, path=path, why=why)


class ImportBlock(Struct, frozen=True, kw_only=True):
    """A resource that is there, and the id by which Terraform imports it."""

    to: str
    id: str


class TerraformPart(Struct, frozen=True, kw_only=True):
    """``body`` and ``ignored`` (changes that Terraform is to leave alone) belong into the resource of the table;
    ``resources`` stand beside it."""

    body: tuple[tuple[str, Value] | HclBlock, ...] = ()
    ignored: tuple[str, ...] = ()
    resources: tuple[HclBlock, ...] = ()
    imports: tuple[ImportBlock, ...] = ()
    unsaid: tuple[Unsaid, ...] = ()
