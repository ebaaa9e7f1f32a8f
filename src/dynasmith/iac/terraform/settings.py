"""The settings of a table that are one value each."""

from __future__ import annotations

import json
from typing import Any, Final

from msgspec import UnsetType

from dynasmith.iac.hcl import HclBlock, HclExpression, HclJson, Value, expression
from dynasmith.iac.terraform.part import ImportBlock, TerraformPart, TerraformSubject
from dynasmith.tables.kms_key import is_alias
from dynasmith.tables.policy import STREAM_ARN, TABLE_ARN
from dynasmith.tables.table import EncryptionKind, Insights, KinesisDestination, known

_OFF: Final[tuple[str, Value]] = ("enabled", False)


def stream(subject: TerraformSubject) -> TerraformPart:
    """`stream_enabled`, and `stream_view_type` where it is on: with the stream off it would differ for ever."""
    view = subject.table.stream
    if isinstance(view, UnsetType):
        return TerraformPart(ignored=("stream_enabled", "stream_view_type"))
    if view is None:
        return TerraformPart(body=(("stream_enabled", False),))
    return TerraformPart(body=(("stream_enabled", True), ("stream_view_type", str(view))))


def recovery(subject: TerraformSubject) -> TerraformPart:
    """The `point_in_time_recovery` block."""
    wanted = subject.table.recovery
    if isinstance(wanted, UnsetType):
        return TerraformPart(ignored=("point_in_time_recovery",))
    if wanted is None:
        return TerraformPart(body=(HclBlock(("point_in_time_recovery",), (_OFF,)),))
    days: tuple[tuple[str, Value], ...] = ()
    if not isinstance(wanted.days, UnsetType):
        days = (("recovery_period_in_days", wanted.days),)
    return TerraformPart(body=(HclBlock(("point_in_time_recovery",), (("enabled", True), *days)),))


def encryption(subject: TerraformSubject) -> TerraformPart:
    """The `server_side_encryption` block; the key as an ARN, since an alias would differ for ever."""
    wanted = subject.table.encryption
    if isinstance(wanted, UnsetType):
        return TerraformPart(ignored=("server_side_encryption",))
    if wanted.kind is EncryptionKind.AWS_OWNED:
        return TerraformPart(body=(HclBlock(("server_side_encryption",), (_OFF,)),))
    if wanted.kind is EncryptionKind.AWS_MANAGED:
        return TerraformPart(body=(HclBlock(("server_side_encryption",), (("enabled", True),)),))
    key, looked_up = _key_arn(subject, known(wanted.key, ""))
    body = (HclBlock(("server_side_encryption",), (("enabled", True), ("kms_key_arn", key))),)
    return TerraformPart(body=body, resources=looked_up)


def _key_arn(subject: TerraformSubject, key: str) -> tuple[Value, tuple[HclBlock, ...]]:
    there = None if subject.live is None else known(subject.live.table.encryption, None)
    if key.startswith("arn:") and not is_alias(key):
        return key, ()
    if there is not None and not isinstance(there.key, UnsetType) and there.key.startswith("arn:"):
        return there.key, ()
    data = HclBlock(("data", "aws_kms_key", subject.label), (("key_id", key),))
    return HclExpression(f"data.aws_kms_key.{subject.label}.arn"), (data,)


def table_class(subject: TerraformSubject) -> TerraformPart:
    """`table_class`."""
    wanted = subject.table.table_class
    return (
        TerraformPart(ignored=("table_class",))
        if isinstance(wanted, UnsetType)
        else TerraformPart(body=(("table_class", str(wanted)),))
    )


def deletion_protection(subject: TerraformSubject) -> TerraformPart:
    """`deletion_protection_enabled`."""
    wanted = subject.table.deletion_protection
    if isinstance(wanted, UnsetType):
        return TerraformPart(ignored=("deletion_protection_enabled",))
    return TerraformPart(body=(("deletion_protection_enabled", wanted),))


def time_to_live(subject: TerraformSubject) -> TerraformPart:
    """The `ttl` block."""
    wanted = subject.table.time_to_live
    if isinstance(wanted, UnsetType):
        return TerraformPart(ignored=("ttl",))
    if wanted is None:
        return TerraformPart(body=(HclBlock(("ttl",), (_OFF,)),))
    return TerraformPart(body=(HclBlock(("ttl",), (("attribute_name", wanted), ("enabled", True))),))


def tags(subject: TerraformSubject) -> TerraformPart:
    """`tags`; one that is there and not in the definition is left alone."""
    wanted = subject.table.tags
    if isinstance(wanted, UnsetType):
        return TerraformPart(ignored=("tags", "tags_all"))
    there = {} if subject.live is None else known(subject.live.table.tags, {})
    others = [expression(key) for key in sorted(there) if key not in wanted]
    ignored = tuple(f"{name}[{key}]" for key in others for name in ("tags", "tags_all"))
    return TerraformPart(body=(("tags", dict(wanted)),), ignored=ignored)


def contributor_insights(subject: TerraformSubject) -> TerraformPart:
    """An `aws_dynamodb_contributor_insights` for the table and each index that has them on."""
    table, live = subject.table, subject.live
    parts: list[tuple[str | None, bool | Insights | UnsetType]] = [(None, table.contributor_insights)]
    parts += [(index.name, index.contributor_insights) for index in known(table.indexes, ())]
    resources, imports, unsaid = [], [], []
    for index, wanted in parts:
        if isinstance(wanted, UnsetType) or wanted is False:
            continue
        label = subject.label if index is None else f"{subject.label}_{index.replace('.', '_')}"
        body: list[tuple[str, Value]] = [("table_name", subject.reference("name"))]
        body += [] if index is None else [("index_name", index)]
        mode = (("mode", str(wanted.mode)),) if isinstance(wanted, Insights) and subject.provider >= 6 else ()
        resources.append(HclBlock(("resource", "aws_dynamodb_contributor_insights", label), (*body, *mode)))
        if isinstance(wanted, Insights) and not mode:
            path = (
                "contributor_insights.mode"
                if index is None
                else f"global_secondary_indexes.{index}.contributor_insights.mode"
            )
            unsaid.append(subject.unsaid(path, "version 5 of the provider knows no mode"))
        if live is not None and _insights_there(subject, index):
            account = live.arn.split(":")[4]
            at = f"name:{table.name}/index:{index or ''}/{account}"
            imports.append(ImportBlock(to=resources[-1].address, id=at))
    return TerraformPart(resources=tuple(resources), imports=tuple(imports), unsaid=tuple(unsaid))


def _insights_there(subject: TerraformSubject, index: str | None) -> bool:
    assert subject.live is not None
    if index is None:
        return known(subject.live.table.contributor_insights, False) is not False
    there = subject.live.table.index(index)
    return there is not None and known(there.contributor_insights, False) is not False


def kinesis_stream(subject: TerraformSubject) -> TerraformPart:
    """An `aws_dynamodb_kinesis_streaming_destination`."""
    wanted = known(subject.table.kinesis_stream, None)
    if wanted is None:
        return TerraformPart()
    destination = wanted if isinstance(wanted, KinesisDestination) else None
    stream = wanted if isinstance(wanted, str) else wanted.stream
    body: list[tuple[str, Value]] = [("table_name", subject.reference("name")), ("stream_arn", stream)]
    if destination is not None:
        body.append(("approximate_creation_date_time_precision", str(destination.precision)))
    block = HclBlock(("resource", "aws_dynamodb_kinesis_streaming_destination", subject.label), tuple(body))
    there = None if subject.live is None else known(subject.live.table.kinesis_stream, None)
    imports = (ImportBlock(to=block.address, id=f"{subject.table.name},{stream}"),) if there is not None else ()
    return TerraformPart(resources=(block,), imports=imports)


def resource_policy(subject: TerraformSubject) -> TerraformPart:
    """An `aws_dynamodb_resource_policy`."""
    wanted = known(subject.table.resource_policy, None)
    if wanted is None:
        return TerraformPart()
    block = HclBlock(
        ("resource", "aws_dynamodb_resource_policy", subject.label),
        (
            ("resource_arn", subject.reference("arn")),
            ("policy", HclJson(_with_references(subject, json.loads(wanted)))),
        ),
    )
    there = None if subject.live is None else known(subject.live.table.resource_policy, None)
    imports = (ImportBlock(to=block.address, id=subject.live.arn),) if subject.live is not None and there else ()
    return TerraformPart(resources=(block,), imports=imports)


def _with_references(subject: TerraformSubject, value: Any) -> Any:
    """A part of a policy, where words for the table's own ARNs are references to its resource."""
    match value:
        case dict():
            return {name: _with_references(subject, each) for name, each in value.items()}
        case list():
            return [_with_references(subject, each) for each in value]
        case str() if TABLE_ARN in value or STREAM_ARN in value:
            text = expression(value)
            for word, attribute in ((TABLE_ARN, "arn"), (STREAM_ARN, "stream_arn")):
                text = text.replace(word, f"${{{subject.reference(attribute).text}}}")
            return HclExpression(text)
        case _:
            return value


def items(subject: TerraformSubject) -> TerraformPart:
    """Nothing: items are no setting of a table."""
    if not known(subject.table.items, ()):
        return TerraformPart()
    return TerraformPart(
        unsaid=(subject.unsaid("items", "items of a table are not part of it there; dynasmith writes them"),)
    )
