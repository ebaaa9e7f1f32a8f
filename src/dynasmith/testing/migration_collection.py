"""The ready-made tests of migrations as tests of the ini file: ``dynasmith_migration_tests = all`` switches them on."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

OPTION = "dynasmith_migration_tests"


def pytest_configure(config: pytest.Config) -> None:
    """Add the ini file to what is collected, unless single files or tests were asked for."""
    if not config.getini(OPTION):
        return
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
        """Those that are switched on. Raises UsageError of pytest for a name that none has."""
        found = {each.name.partition("[")[0]: each for each in super().collect()}
        unknown = [name for name in self._names if name not in found and name != "all"]
        if unknown:
            raise pytest.UsageError(f"{OPTION} has {unknown[0]!r}; known are all, {', '.join(found)}.")
        return list(found.values()) if "all" in self._names else [found[name] for name in dict.fromkeys(self._names)]
