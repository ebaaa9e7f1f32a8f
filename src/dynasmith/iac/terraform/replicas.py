"""The replicas of a table in other Regions."""

from __future__ import annotations

from typing import Final

from msgspec import UnsetType

from dynasmith.iac.hcl import HclBlock, HclExpression, Value
from dynasmith.iac.labels import part_label
from dynasmith.iac.terraform.part import TerraformPart, TerraformSubject
from dynasmith.tables.kms_key import is_alias, is_managed_alias
from dynasmith.tables.table import Consistency, Replica, known

_OLDER: Final = "version 5 of the provider has no word for it in a replica block"


def replicas(subject: TerraformSubject) -> TerraformPart:
    """`replica` blocks. What is not managed of a replica is what is there: a block cannot leave it alone."""
    wanted = subject.table.replicas
    if isinstance(wanted, UnsetType):
        return TerraformPart(ignored=("replica",))
    there = {} if subject.live is None else {each.region: each for each in known(subject.live.table.replicas, ())}
    parts = [_replica(subject, each, there.get(each.region)) for each in wanted]
    others = sorted(set(there) - {each.region for each in wanted})
    why = "it is there and not in the definition: replicas are left alone, because Terraform would delete it"
    return TerraformPart(
        body=tuple(entry for part in parts for entry in part.body),
        ignored=("replica",) if others else (),
        resources=tuple(block for part in parts for block in part.resources),
        unsaid=(
            *(each for part in parts for each in part.unsaid),
            *(subject.unsaid(f"replicas.{region}", why) for region in others),
        ),
    )


def _replica(subject: TerraformSubject, wanted: Replica, there: Replica | None) -> TerraformPart:
    body: list[tuple[str, Value]] = [("region_name", wanted.region)]
    unsaid = []

    def said(name: str) -> Value | UnsetType:
        value: Value | UnsetType = getattr(wanted, name)
        return getattr(there, name) if isinstance(value, UnsetType) and there is not None else value

    if not isinstance(recovery := said("recovery"), UnsetType):
        body.append(("point_in_time_recovery", recovery))
    if subject.provider >= 6:
        if not isinstance(protection := said("deletion_protection"), UnsetType):
            body.append(("deletion_protection_enabled", protection))
        if _consistency(subject) is Consistency.STRONG:
            body.append(("consistency_mode", "STRONG"))
    elif not isinstance(wanted.deletion_protection, UnsetType):
        unsaid.append(subject.unsaid(f"replicas.{wanted.region}.deletion_protection", _OLDER))
    if not isinstance(wanted.table_class, UnsetType):
        why = "a replica block of the provider has no word for it"
        unsaid.append(subject.unsaid(f"replicas.{wanted.region}.table_class", why))
    if known(wanted.tags, {}) and wanted.tags == subject.table.tags:
        body.append(("propagate_tags", True))
    elif known(wanted.tags, {}):
        why = "a replica block says only whether it has the tags of the table (propagate_tags)"
        unsaid.append(subject.unsaid(f"replicas.{wanted.region}.tags", why))
    key, looked_up = _key(subject, wanted, there)
    if key is None and not isinstance(wanted.key, UnsetType) and not is_managed_alias(wanted.key):
        why = "version 5 of the provider takes the ARN of a key in another Region only"
        unsaid.append(subject.unsaid(f"replicas.{wanted.region}.key", why))
    body += [] if key is None else [("kms_key_arn", key)]
    return TerraformPart(body=(HclBlock(("replica",), tuple(body)),), resources=looked_up, unsaid=tuple(unsaid))


def _key(
    subject: TerraformSubject, wanted: Replica, there: Replica | None
) -> tuple[Value | None, tuple[HclBlock, ...]]:
    """The ARN of a replica's key. None for the key that AWS manages, which is said by no key: with its ARN the
    provider would recreate the replica for ever."""
    key = known(wanted.key, "" if there is None else known(there.key, ""))
    if not key or is_managed_alias(key):
        return None, ()
    if key.startswith("arn:") and not is_alias(key):
        return key, ()
    live = "" if there is None else known(there.key, "")
    if live.startswith("arn:") and not is_alias(live):
        return live, ()
    if subject.provider < 6:
        return None, ()
    label = part_label(subject.label, wanted.region)
    data = HclBlock(("data", "aws_kms_key", label), (("region", wanted.region), ("key_id", key)))
    return HclExpression(f"data.aws_kms_key.{label}.arn"), (data,)


def _consistency(subject: TerraformSubject) -> Consistency:
    """How replicas agree: as is wanted, or as it is."""
    live = subject.table if subject.live is None else subject.live.table
    return known(subject.table.consistency, known(live.consistency, Consistency.EVENTUAL))


def consistency(subject: TerraformSubject) -> TerraformPart:
    """Nothing: from version 6 on each replica says it, and version 5 has no word for it."""
    if subject.provider >= 6 or known(subject.table.consistency, Consistency.EVENTUAL) is Consistency.EVENTUAL:
        return TerraformPart()
    why = "version 5 of the provider makes replicas that agree eventually"
    return TerraformPart(unsaid=(subject.unsaid("multi_region_consistency", why),))


def witness_region(subject: TerraformSubject) -> TerraformPart:
    """The `global_table_witness` block, from version 6 on."""
    wanted = subject.table.witness_region
    if subject.provider < 6:
        unsaid = subject.unsaid("witness_region", "version 5 of the provider knows no witness")
        return TerraformPart(unsaid=() if isinstance(wanted, UnsetType) else (unsaid,))
    if isinstance(wanted, UnsetType):
        return TerraformPart(ignored=("global_table_witness",))
    return TerraformPart(body=(HclBlock(("global_table_witness",), (("region_name", wanted),)),))
