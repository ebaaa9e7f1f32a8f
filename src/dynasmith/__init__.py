"""dynasmith: the whole life of DynamoDB tables.

Importing it alone imports neither boto3 nor pydantic nor a command-line library (PEP 562): each public name is loaded
when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from dynasmith.version import __version__

if TYPE_CHECKING:
    from dynasmith.engine.waiter import StopFlag
    from dynasmith.errors import DefinitionError, DynasmithError
    from dynasmith.items.ctx import Context
    from dynasmith.plans.consent import Consent
    from dynasmith.plans.plan import Plan, decode_plan, encode_plan
    from dynasmith.project import Project, connect
    from dynasmith.tables.description import TableDescription
    from dynasmith.tables.table import Billing, Index, Key, KeyAttribute, LocalIndex, Projection, StreamView, Table

_HOMES = {
    "Billing": "dynasmith.tables.table",
    "Consent": "dynasmith.plans.consent",
    "Context": "dynasmith.items.ctx",
    "DefinitionError": "dynasmith.errors",
    "DynasmithError": "dynasmith.errors",
    "Index": "dynasmith.tables.table",
    "Key": "dynasmith.tables.table",
    "KeyAttribute": "dynasmith.tables.table",
    "LocalIndex": "dynasmith.tables.table",
    "Plan": "dynasmith.plans.plan",
    "Project": "dynasmith.project",
    "Projection": "dynasmith.tables.table",
    "StopFlag": "dynasmith.engine.waiter",
    "StreamView": "dynasmith.tables.table",
    "Table": "dynasmith.tables.table",
    "TableDescription": "dynasmith.tables.description",
    "connect": "dynasmith.project",
    "decode_plan": "dynasmith.plans.plan",
    "encode_plan": "dynasmith.plans.plan",
}

__all__ = [
    "Billing",
    "Consent",
    "Context",
    "DefinitionError",
    "DynasmithError",
    "Index",
    "Key",
    "KeyAttribute",
    "LocalIndex",
    "Plan",
    "Project",
    "Projection",
    "StopFlag",
    "StreamView",
    "Table",
    "TableDescription",
    "__version__",
    "connect",
    "decode_plan",
    "encode_plan",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its home when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'dynasmith' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
