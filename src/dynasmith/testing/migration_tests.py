"""Ready-made tests of a project's migrations. A line in a file of tests switches them on:

    from dynasmith.testing.migration_tests import *

or, for all of a project, ``dynasmith_migration_tests = all`` in the ini file of pytest. They run the migrations of the
fixture `migrator`; `dynasmith_items` is what these meet.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dynasmith.testing.project_fixtures import plain_failures, project_of

if TYPE_CHECKING:
    from dynasmith.testing.migrator import Migrator
    from dynasmith.testing.round_trip import ItemsOfVersions

__all__ = ["test_definitions_match", "test_files_load", "test_order_is_linear", "test_up_down_up"]


def test_files_load(request: pytest.FixtureRequest) -> None:
    """Every file in the folder is Python, and each migration can be loaded and has functions. No engine is started."""
    from dynasmith.testing.migration_files import load_faults
    from dynasmith.testing.shell_variables import isolated_variables

    with isolated_variables():
        _refuse(load_faults(_folder(request)))


def test_order_is_linear(request: pytest.FixtureRequest) -> None:
    """Each version has one file, no name only looks like a version, and what ``latest.py`` stands for is there."""
    from dynasmith.testing.migration_files import order_faults

    _refuse(order_faults(_folder(request)))


def test_up_down_up(
    request: pytest.FixtureRequest,
    migrator: Migrator,
    dynasmith_items: ItemsOfVersions,
) -> None:
    """Each version goes up; its down leaves tables and items as they were before it; then it goes up again, to the same
    tables and keys of items. Versions of the ini option ``dynasmith_irreversible`` only go up."""
    from dynasmith.testing.round_trip import round_trip_faults

    one_way = request.config.getini("dynasmith_irreversible")
    _folder(request)
    _refuse(round_trip_faults(migrator, items=dynasmith_items, one_way=one_way))


def test_definitions_match(
    request: pytest.FixtureRequest,
    migrator: Migrator,
    dynasmith_items: ItemsOfVersions,
) -> None:
    """After all migrations the tables are as they are defined, no index more, and no table more."""
    from dynasmith.testing.round_trip import definition_faults

    _folder(request)
    _refuse(definition_faults(migrator, items=dynasmith_items))


def _folder(request: pytest.FixtureRequest) -> Path:
    """The folder of the migrations; the test is skipped where the project has none yet."""
    from dynasmith.testing.migration_files import folder_of, has_files

    with plain_failures():
        folder, is_named = folder_of(*project_of(request)[:2])
    if not has_files(folder):
        if is_named:
            pytest.fail(f"The project file names {folder} for migrations, and no file is there.", pytrace=False)
        pytest.skip(f"There are no migrations in {folder}.")
    return folder


def _refuse(faults: Iterable[str]) -> None:
    with plain_failures():
        found = list(faults)
    if found:
        pytest.fail("\n".join(found), pytrace=False)
