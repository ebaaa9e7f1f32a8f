"""What a plan of Terraform says of a table only after it is applied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dynasmith.iac.readers.foreign_tables import UnresolvedValue
from dynasmith.iac.readers.terraform_resources import StateResources, Values, one_block

_WHOLE: Final = ("range_key", "billing_mode", "attribute")
"""Without these a table is another one."""
_PLAIN: Final = ("stream_enabled", "table_class", "deletion_protection_enabled")
_COMPUTED: Final = ("read_capacity", "write_capacity", "stream_view_type")
"""Arguments that the provider fills in where the configuration has none."""
_BLOCKS: Final = ("ttl", "global_secondary_index", "local_secondary_index", "on_demand_throughput")


def missing_parts(resources: StateResources, address: str, values: Values) -> list[str]:
    """The arguments without which a table cannot be read, and that are not known."""
    unknown = [name for name in _WHOLE if not values.get(name) and resources.is_unknown(address, name)]
    return [name for name in ("name", "hash_key") if not values.get(name)] + unknown


def without_unknown(
    resources: StateResources, address: str, values: Values
) -> tuple[Values, tuple[UnresolvedValue, ...]]:
    """The values of a table without the settings of which a part is unknown, and those that were left out."""
    left_out = tuple(dict.fromkeys(_unknown(resources, address, values)))
    gone = {each.partition("[")[0].partition(".")[0] for each in left_out}
    known = {name: each for name, each in values.items() if name not in gone}
    if "tags" in gone:
        known["tags"] = {name: each for name, each in (values.get("tags") or {}).items() if each is not None} or None
    return known, tuple(resources.unresolved(address, each) for each in left_out)


def _unknown(resources: StateResources, address: str, values: Values) -> Iterator[str]:
    for name in _PLAIN:
        if not values.get(name) and resources.is_unknown(address, name):
            yield name
    for name in _COMPUTED:
        if not values.get(name) and resources.is_unknown(address, name) and resources.is_said(address, name):
            yield name
    tags = values.get("tags") or {}
    if resources.is_unknown(address, "tags") and not tags:
        yield "tags"
    yield from (f"tags.{name}" for name in tags if resources.is_unknown(address, "tags", name))
    encryption = one_block(values, "server_side_encryption")
    if encryption.get("enabled") and not encryption.get("kms_key_arn"):
        at = ("server_side_encryption", 0, "kms_key_arn")
        if resources.is_unknown(address, *at) and resources.is_said(address, *at) is not False:
            yield "server_side_encryption[0].kms_key_arn"
    for place, replica in enumerate(values.get("replica") or ()):
        for name in ("region_name", "kms_key_arn"):
            at = ("replica", place, name)
            if not replica.get(name) and resources.is_unknown(address, *at) and resources.is_said(address, *at):
                yield f"replica[{place}].{name}"
    for block in _BLOCKS:
        for place, each in enumerate(values.get(block) or ()):
            for name in ("name", "hash_key", "range_key", "attribute_name", "projection_type"):
                if not each.get(name) and resources.is_unknown(address, block, place, name):
                    yield f"{block}[{place}].{name}"
