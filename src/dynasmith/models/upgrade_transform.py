"""A transform for a backfill that brings every item of a class to its newest shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.models.changes import upgrade_changes
from dynasmith.models.collection_codec import AnyCodec
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.operand import StoredValue
from dynasmith.models.upgrades import UpgradedItem
from dynasmith.models.visibility import is_visible
from dynasmith.models.write_stamps import next_version

_ANY: Final = AnyCodec()
ItemUpgrade = Callable[[Mapping[str, Any], Any], Mapping[str, Any] | None]
"""A transform: a function of an item in plain Python, by stored names, and of the context of the job."""


def upgrade_transform(model: type[Model]) -> ItemUpgrade:
    """The transform that writes what ``db.save`` writes of an item of an older shape, for ``project.backfill``.

    It leaves other entities of the table alone, and items that have the newest shape, so that it can run twice. The
    version is raised, the time of the last write stays. Deleted items that stayed are upgraded too. Costs no call.
    Raises DefinitionError for a class without a table, UsageError for one with encrypted or unique ones; the transform
    raises ItemInvalid as reading the item does.
    """
    schema = schema_of(model)
    if schema.encrypted or schema.unique:
        kind = "encrypted attributes, which a transform cannot decrypt" if schema.encrypted else ""
        raise UsageError(
            f"{model.__name__} has {kind or 'unique attributes, whose claims a transform cannot write'}.",
            hint=f"read and save the items: for item in db.scan({model.__name__}): db.save(item)",
        )

    def upgrade(item: Mapping[str, Any], ctx: Any) -> Mapping[str, Any] | None:
        del ctx
        codec = codec_of(model)
        tree = {name: _ANY.encode(value) for name, value in item.items()}
        if not is_visible(codec.schema, tree, deleted=True):
            return None
        current = codec.upgraded(tree)
        if not isinstance(current, UpgradedItem):
            return None
        instance = codec.read(tree)
        written = codec.write(codec.copy_with(instance, next_version(codec, instance)))
        made = dict(item)
        for change in upgrade_changes(codec, current, written):
            name = str(change.path.parts[0])
            made.pop(name, None)
            for operand in change.operands:
                assert isinstance(operand, StoredValue)
                made[name] = _ANY.decode(operand.tree)
        return made

    upgrade.takes_items = True  # type: ignore[attr-defined]  # also where a backfill is given the class
    return upgrade
