"""Which items of a table a class sees: those of its entity that are not deleted. This is the one place that says so.

The claims of unique values (`unique_claim`) are items of no class. An item is deleted where the attribute of its
``deleted_at()`` field has a value; NULL counts as none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynasmith.items.claims import CLAIM_OWNER
from dynasmith.models.condition import Comparison, Junction, ModelCondition
from dynasmith.models.operand import ExprPath, StoredValue
from dynasmith.models.schema import ModelSchema


def is_visible(schema: ModelSchema, tree: Mapping[str, Any], *, deleted: bool = False) -> bool:
    """Whether an item is one of the class: of its entity, and not deleted unless ``deleted``."""
    if schema.entity:
        if tree.get(schema.entity_attribute) != {"S": schema.entity}:
            return False
    elif CLAIM_OWNER in tree:
        return False
    return deleted or not is_deleted(schema, tree)


def visibility(schema: ModelSchema, *, deleted: bool = False) -> list[ModelCondition]:
    """The conditions that hold for just these items; none where the class sees every item of its table."""
    found: list[ModelCondition] = []
    if schema.entity:
        path = ExprPath(schema.model, (schema.entity_attribute,))
        found.append(Comparison(path, "=", (StoredValue({"S": schema.entity}),)))
    if schema.deleted and not deleted:
        found.append(not_deleted(schema))
    return found


def is_deleted(schema: ModelSchema, tree: Mapping[str, Any]) -> bool:
    """Whether an item was deleted and is still in the table."""
    stored = tree.get(schema.deleted.attribute) if schema.deleted else None
    return stored is not None and "NULL" not in stored


def not_deleted(schema: ModelSchema) -> ModelCondition:
    """The condition that an item is not deleted, for a class that has a time of deletion."""
    assert schema.deleted is not None
    path = ExprPath(schema.model, (schema.deleted.attribute,))
    is_null = Comparison(path, "=", (StoredValue({"NULL": True}),))
    return Junction("OR", (Comparison(path, "attribute_not_exists", ()), is_null))
