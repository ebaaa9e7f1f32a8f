"""What the tests of a project use: the pytest plugin with its fixtures, and what works without pytest.

``from dynasmith.testing import MigrationTester, items_of``; the ready-made tests of migrations are in
`dynasmith.testing.migration_tests`. Nothing else is imported until it is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynasmith.testing.item_strategies import items_of as items_of
    from dynasmith.testing.migration_tester import MigrationTester as MigrationTester
    from dynasmith.testing.migration_tester import MigrationTrial as MigrationTrial
    from dynasmith.testing.migrator import Migrator as Migrator

_HOMES = {
    "MigrationTester": "migration_tester",
    "MigrationTrial": "migration_tester",
    "Migrator": "migrator",
    "items_of": "item_strategies",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        from dynasmith.errors import NotOffered

        raise NotOffered(f"{name} needs hypothesis, which is not installed.", hint="pip install hypothesis") from error
