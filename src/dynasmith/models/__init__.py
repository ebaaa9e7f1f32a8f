"""Models: one class is a table, its items and its keys. Needs the extra ``models`` (pydantic 2.11 or newer).

Pure: classes, codecs, expressions, keys and table definitions; no call. `dynasmith.Model` is `dynasmith.models.Model`.
"""

try:
    import pydantic  # noqa: F401 - only whether it is there
except ImportError as _missing:
    raise ImportError(
        'Models need pydantic, which is not installed: pip install "dynasmith[models]"', name="pydantic"
    ) from _missing

from dynasmith.models.action import ModelAction as Action
from dynasmith.models.association import belongs_to, has_many, has_one, many_to_many
from dynasmith.models.attribute import (
    Attr,
    Partition,
    Sort,
    attr,
    created_at,
    deleted_at,
    ttl,
    ulid,
    updated_at,
    uuid,
    version,
)
from dynasmith.models.condition import ModelCondition as Condition
from dynasmith.models.expression import Expr
from dynasmith.models.hooks import (
    after_create,
    after_delete,
    after_update,
    before_create,
    before_delete,
    before_update,
)
from dynasmith.models.key_of import KeyOf, key
from dynasmith.models.key_template import KeyTemplate as Template
from dynasmith.models.key_template import partition, sort, template
from dynasmith.models.model import Model
from dynasmith.models.model_index import ModelIndex as Index
from dynasmith.models.model_index import gsi, lsi
from dynasmith.models.model_transform import model_transform
from dynasmith.models.relation import Many, ManyToMany, One, Relation
from dynasmith.models.table_definition import tables_of
from dynasmith.models.upgrade_transform import upgrade_transform

__all__ = [
    "Action",
    "Attr",
    "Condition",
    "Expr",
    "Index",
    "KeyOf",
    "Many",
    "ManyToMany",
    "Model",
    "One",
    "Partition",
    "Relation",
    "Sort",
    "Template",
    "after_create",
    "after_delete",
    "after_update",
    "attr",
    "before_create",
    "before_delete",
    "before_update",
    "belongs_to",
    "created_at",
    "deleted_at",
    "gsi",
    "has_many",
    "has_one",
    "key",
    "lsi",
    "many_to_many",
    "model_transform",
    "partition",
    "sort",
    "tables_of",
    "template",
    "ttl",
    "ulid",
    "updated_at",
    "upgrade_transform",
    "uuid",
    "version",
]
