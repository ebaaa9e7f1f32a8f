"""What differs and is left alone: said, so that nobody wonders, and never a drift."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.plans.change import Note
from dynasmith.tables.description import OF_INDEXES, TableDescription
from dynasmith.tables.kms_key import is_alias, same_key
from dynasmith.tables.settings import SETTINGS, AnySetting
from dynasmith.tables.settings.encryption import unknown_key
from dynasmith.tables.table import UNMANAGED_YET, EncryptionKind, Replica, Table, known

# The field names of `Table` in the words of a definition, where they differ.
DEFINITION_WORDS = {
    "key": "key_schema",
    "billing": "billing_mode",
    "capacity": "provisioned_throughput",
    "on_demand_maximum": "on_demand_throughput",
    "warm": "warm_throughput",
    "indexes": "global_secondary_indexes",
    "local_indexes": "local_secondary_indexes",
    "consistency": "multi_region_consistency",
    OF_INDEXES: "contributor_insights of indexes",
    **{setting.field: setting.key.name for setting in SETTINGS},
}


def notes(
    desired: Table, description: TableDescription | None, *, unoffered: Mapping[str, str], prune: bool
) -> tuple[Note, ...]:
    """The notes of one table. ``unoffered`` maps a setting that the engine lacks to the reason."""
    found = list(_unmanaged(desired))
    missing, unread = dict(unoffered), frozenset[str]()
    if description is not None:
        missing |= description.unread
        unread = frozenset(description.unread) - unoffered.keys()
        if not prune:
            found += _undefined(desired, description.table)
        found += _left_alone(desired, description.table)
        found += [Note(kind="reported", path="", text=text) for text in description.notices]
        found += _unknown_keys(desired, description.table)
    found += _unoffered(desired, missing, unread)
    return tuple(found)


def _unmanaged(desired: Table) -> Iterator[Note]:
    for name in UNMANAGED_YET:
        if not isinstance(getattr(desired, name), UnsetType):
            yield Note(kind="not-managed-yet", path=name, text=f"{name} is read and not managed yet by this version")


def _undefined(desired: Table, current: Table) -> Iterator[Note]:
    if not isinstance(desired.indexes, UnsetType):
        wanted = {index.name for index in desired.indexes}
        for index in known(current.indexes, ()):
            if index.name not in wanted:
                path = f"global_secondary_indexes.{index.name}"
                yield Note(kind="undefined", path=path, text=f"index {index.name} is not defined; --prune removes it")
    if not isinstance(desired.replicas, UnsetType):
        regions = {replica.region for replica in desired.replicas}
        for replica in known(current.replicas, ()):
            if replica.region not in regions:
                path = f"replicas.{replica.region}"
                text = f"replica {replica.region} is not defined; --prune removes it"
                yield Note(kind="undefined", path=path, text=text)
        yield from _undefined_tags(desired, current)
    if not isinstance(desired.tags, UnsetType):
        for tag in sorted(known(current.tags, {}).keys() - desired.tags.keys()):
            yield Note(kind="undefined", path=f"tags.{tag}", text=f"tag {tag} is not defined; --prune removes it")
    for setting, wanted, there in _both(desired, current):
        for path, thing in setting.undefined(wanted, there):
            yield Note(kind="undefined", path=path, text=f"{thing} is not defined; --prune removes it")


def _undefined_tags(desired: Table, current: Table) -> Iterator[Note]:
    """Tags of replicas."""
    live = {replica.region: known(replica.tags, {}) for replica in known(current.replicas, ())}
    for replica in known(desired.replicas, ()):
        if isinstance(replica.tags, UnsetType):
            continue
        for tag in sorted(live.get(replica.region, {}).keys() - replica.tags.keys()):
            path = f"replicas.{replica.region}.tags.{tag}"
            text = f"tag {tag} of the replica in {replica.region} is not defined; --prune removes it"
            yield Note(kind="undefined", path=path, text=text)


def _left_alone(desired: Table, current: Table) -> Iterator[Note]:
    for setting, wanted, there in _both(desired, current):
        for path, text in setting.left_alone(wanted, there):
            yield Note(kind="reported", path=path, text=text)


def _both(desired: Table, current: Table) -> Iterator[tuple[AnySetting, Any, Any]]:
    """The settings that are managed and were read, with both values."""
    for setting in SETTINGS:
        wanted, there = setting.of(desired), setting.of(current)
        if not isinstance(wanted, UnsetType) and not isinstance(there, UnsetType):
            yield setting, wanted, there


def _unknown_keys(desired: Table, current: Table) -> Iterator[Note]:
    """Keys of which nothing here can say whether they are the ones that encrypt."""
    wanted, there = desired.encryption, current.encryption
    if not isinstance(wanted, UnsetType) and wanted.kind is EncryptionKind.CUSTOMER and is_alias(known(wanted.key, "")):
        text = f"KMS does not say which key {wanted.key} is: it has no such alias here, or may not be asked"
        if not isinstance(there, UnsetType) and unknown_key(wanted, there):
            text += f"; whether it is {there.key}, which encrypts the table, cannot be known, and it is left alone"
        yield Note(kind="unknown", path="encryption", text=text)
    live = {replica.region: replica for replica in known(current.replicas, ())}
    for replica in known(desired.replicas, ()):
        if isinstance(replica.key, UnsetType) or replica.region not in live:
            continue
        key = live[replica.region].key
        if isinstance(key, UnsetType) or same_key(replica.key, key) is None:
            said = "does not say its key" if isinstance(key, UnsetType) else f"says the key {key}"
            text = (
                f"whether replica {replica.region} is encrypted with {replica.key} cannot be known: the service {said}"
            )
            yield Note(kind="unknown", path=f"replicas.{replica.region}.key", text=text)


def _unoffered(desired: Table, missing: Mapping[str, str], unread: Collection[str]) -> Iterator[Note]:
    """Only what the definition asks for: autoscaling that nobody wants needs no service. That something is off is true
    of an engine that does not have it, and not known where it could not be read (``unread``)."""
    for setting, reason in sorted(missing.items()):
        asked = not isinstance(getattr(desired, setting, None), UnsetType)
        if setting == OF_INDEXES:
            asked = any(not isinstance(i.contributor_insights, UnsetType) for i in known(desired.indexes, ()))
        if setting == "autoscaling":
            asked = asked or any(not isinstance(i.autoscaling, UnsetType) for i in known(desired.indexes, ()))
        if asked and (setting == OF_INDEXES or setting in unread or getattr(desired, setting, None) is not None):
            word = DEFINITION_WORDS.get(setting, setting)
            yield Note(kind="not-offered", path=word, text=f"{word} is left alone: {reason}")
    for replica in known(desired.replicas, ()):
        settings = replace(replica, region="", key=UNSET, tags=UNSET)
        whole, tags = f"replicas.{replica.region}", f"replicas.{replica.region}.tags"
        if whole in missing and (settings != Replica(region="") or replica.tags is not UNSET):
            yield Note(kind="not-offered", path=whole, text=f"{whole} is left alone: {missing[whole]}")
        elif tags in missing and replica.tags is not UNSET:
            yield Note(kind="not-offered", path=tags, text=f"{tags} is left alone: {missing[tags]}")
