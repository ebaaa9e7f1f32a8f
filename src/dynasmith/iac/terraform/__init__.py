"""Terraform, with the AWS provider: one resource a table, what stands beside it, and import blocks.

What Terraform reads as a wish to reset when it is left out (class, protection, stream, tags, ceilings) is said where it
is managed, and left alone (`lifecycle.ignore_changes`) where it is not. Tried with version 5.100 of the provider; what
is written for version 6 is held against its schema, and never ran.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from dynasmith.iac import labels
from dynasmith.iac.hcl import HclBlock, HclExpression, document
from dynasmith.iac.terraform import capacity, indexes, keys, replicas, settings
from dynasmith.iac.terraform.access import access
from dynasmith.iac.terraform.alarms import alarms
from dynasmith.iac.terraform.backup_plan import backup_plan
from dynasmith.iac.terraform.part import ImportBlock, TerraformPart, TerraformSubject
from dynasmith.iac.terraform.triggers import triggers
from dynasmith.iac.unsaid import Unsaid
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table

FORMS: Final[dict[str, Callable[[TerraformSubject], TerraformPart]]] = {
    "billing": capacity.billing,
    "capacity": capacity.capacity,
    "key": keys.key,
    "table_class": settings.table_class,
    "deletion_protection": settings.deletion_protection,
    "stream": settings.stream,
    "attributes": keys.attributes,
    "indexes": indexes.indexes,
    "local_indexes": indexes.local_indexes,
    "on_demand_maximum": capacity.on_demand_maximum,
    "warm": capacity.warm,
    "time_to_live": settings.time_to_live,
    "recovery": settings.recovery,
    "encryption": settings.encryption,
    "replicas": replicas.replicas,
    "consistency": replicas.consistency,
    "witness_region": replicas.witness_region,
    "tags": settings.tags,
    "autoscaling": capacity.autoscaling,
    "contributor_insights": settings.contributor_insights,
    "kinesis_stream": settings.kinesis_stream,
    "resource_policy": settings.resource_policy,
    "backup_plan": backup_plan,
    "items": settings.items,
    "triggers": triggers,
    "access": access,
    "alarms": alarms,
}
"""What says each field of `Table`, in the order of the resource's body."""

REQUIRED: Final = {5: ">= 5.100, < 6.0", 6: ">= 6.44, < 7.0"}
"""The versions of the provider that each form is for. Keys of indexes with several attributes came with 6.29, an index
that is removed takes no other one along from 6.37 on, and a resource for an index is not experimental since 6.44 (its
change log)."""


class TerraformText(Struct, frozen=True, kw_only=True):
    """``versions`` is the block `terraform`, ``tables`` the resources, ``imports`` the import blocks, empty where
    nothing is there yet."""

    versions: str
    tables: str
    imports: str
    unsaid: tuple[Unsaid, ...] = ()


class TerraformResources(Struct, frozen=True, kw_only=True):
    """The blocks of tables and of what stands beside them, and the import blocks of what is there."""

    blocks: tuple[HclBlock, ...]
    imports: tuple[ImportBlock, ...]
    unsaid: tuple[Unsaid, ...]


def terraform_resources(
    tables: Sequence[Table], live: dict[str, TableDescription], *, provider: int = 5
) -> TerraformResources:
    """The resources of these tables; ``live`` has what is there by name. Raises UsageError for what the version of the
    provider refuses, and for two parts of a table that would have one name."""
    labelled = labels.terraform_labels(table.name for table in tables)
    blocks: list[HclBlock] = []
    imports: list[ImportBlock] = []
    unsaid: list[Unsaid] = []
    for table in tables:
        subject = TerraformSubject(
            table=table, live=live.get(table.name), label=labelled[table.name], provider=provider
        )
        said = [form(subject) for form in FORMS.values()]
        resource = _resource(subject, said)
        blocks += [resource, *(block for each in said for block in each.resources)]
        if subject.live is not None:
            imports.append(ImportBlock(to=resource.address, id=table.name))
        imports += [each for part in said for each in part.imports]
        unsaid += [each for part in said for each in part.unsaid]
    labels.refuse_repeated((each.address for each in blocks), "Terraform")
    return TerraformResources(blocks=tuple(blocks), imports=tuple(imports), unsaid=tuple(unsaid))


def terraform_text(tables: Sequence[Table], live: dict[str, TableDescription], *, provider: int = 5) -> TerraformText:
    """The configuration of these tables; see `terraform_resources`."""
    made = terraform_resources(tables, live, provider=provider)
    return TerraformText(
        versions=document([_versions(provider)]),
        tables=document(made.blocks),
        imports=document(
            [HclBlock(("import",), (("to", HclExpression(each.to)), ("id", each.id))) for each in made.imports]
        ),
        unsaid=made.unsaid,
    )


def _resource(subject: TerraformSubject, said: Sequence[TerraformPart]) -> HclBlock:
    body = [entry for each in said for entry in each.body]
    attributes = [entry for entry in body if not isinstance(entry, HclBlock)]
    ignored = list(dict.fromkeys(name for each in said for name in each.ignored))
    lifecycle = HclBlock(("lifecycle",), (("ignore_changes", [HclExpression(name) for name in ignored]),))
    return HclBlock(
        ("resource", "aws_dynamodb_table", subject.label),
        (
            ("name", subject.table.name),
            *attributes,
            *(entry for entry in body if isinstance(entry, HclBlock)),
            *([lifecycle] if ignored else []),
        ),
    )


def _versions(provider: int) -> HclBlock:
    aws = {"source": "hashicorp/aws", "version": REQUIRED[provider]}
    return HclBlock(
        ("terraform",),
        (("required_version", ">= 1.5"), HclBlock(("required_providers",), (("aws", aws),))),
    )
