"""The ready-made tests of migrations as tests of the ini file: ``dynasmith_migration_tests = all`` switches them on."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

OPTION = "dynasmith_migration_tests"
NAMES = ("test_files_load", "test_order_is_linear", "test_up_down_up", "test_definitions_match")


def pytest_configure(config: pytest.Config) -> None:
    """Add the ini file to what is collected, unless single files or tests were asked for."""
    wanted_names = config.getini(OPTION)
    if not wanted_names:
        return
    for name in wanted_names:
        if name not in (*NAMES, "all"):
            raise pytest.UsageError(f"{OPTION} has {name!r}; known are all, {', '.join(NAMES)}.")
    if config.inipath is None:
        raise pytest.UsageError(f"{OPTION} belongs into a file: pytest.ini, pyproject.toml, tox.ini or setup.cfg.")
    wanted = str(config.inipath)
    folders = [argument for argument in config.args if Path(config.invocation_params.dir, argument).is_dir()]
    if folders and wanted not in config.args:
        config.args.append(wanted)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The ready-made tests, where ``file_path`` is the ini file that switches them on."""
    names = parent.config.getini(OPTION)
    if not names or file_path != parent.config.inipath:
        return None
    return MigrationTestModule.from_parent(parent, path=file_path, names=names)


class MigrationTestModule(pytest.Module):
    """The ready-made tests with these names, at the place of the ini file."""

    def __init__(self, *, names: list[str], **more: Any) -> None:
        super().__init__(**more)
        self._names = names

    def _getobj(self) -> ModuleType:
        from dynasmith.testing import migration_tests

        return migration_tests

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        """Those that are switched on."""
        found = {each.name: each for each in super().collect()}
        return [found[name] for name in NAMES if name in self._names or "all" in self._names]
