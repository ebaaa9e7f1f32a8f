"""Fixtures of a project: `dynasmith_project`, `dynasmith_tables`, `migrator`, and what a project overrides for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dynasmith import Project, Table
    from dynasmith.strict import StrictServer
    from dynasmith.testing.migrator import Migrator


@pytest.fixture
def dynasmith_project(
    request: pytest.FixtureRequest, dynasmith_endpoint: str, strict: StrictServer, tmp_path: Path
) -> Iterator[Project]:
    """The project of the test's folder (the file of the ini option ``dynasmith_project``, else the nearest one from the
    test's file upward) on the strict endpoint of this test, and on its clock. It has every consent. Jobs, journals
    and exports are in a temporary folder; other environments cannot be opened."""
    from dynasmith.testing.sandbox import open_project, region_of
    from dynasmith.testing.shell_variables import isolated_variables

    named, folder, env = project_of(request)
    work = tmp_path / ".dynasmith"
    with plain_failures():
        project = open_project(
            named, directory=folder, env=env, endpoint=dynasmith_endpoint, clock=strict.clock, work=work
        )
    with project, isolated_variables(dynasmith_endpoint, region_of(project)):
        yield project


@pytest.fixture
def dynasmith_tables(dynasmith_project: Project) -> tuple[Table, ...]:
    """The tables of the project's definitions, created; the end of the test removes them."""
    from dynasmith.testing.sandbox import create_tables

    with plain_failures():
        return create_tables(dynasmith_project)


@pytest.fixture
def dynasmith_baseline(request: pytest.FixtureRequest, dynasmith_project: Project) -> None:
    """What is there before the first migration: the defined tables, where no file in the folder of migrations calls
    ``create_table``; else nothing. Override it to make something else."""
    from dynasmith.testing.sandbox import creates_tables

    if not creates_tables(dynasmith_project):
        request.getfixturevalue("dynasmith_tables")


@pytest.fixture
def dynasmith_items() -> Mapping[str, Mapping[str, list[dict[str, Any]]]]:
    """Items that the ready-made tests write before a version goes up: ``{"0.0.2": {"users": [{"id": "1"}]}}``. None
    here; override it to have your migrations meet items."""
    return {}


@pytest.fixture
def migrator(dynasmith_project: Project, dynasmith_baseline: None) -> Migrator:
    """Runs the migrations of the project: ``up()``, ``to(version)``, ``before(version)``, ``down()`` and so on."""
    del dynasmith_baseline
    from dynasmith.testing.migrator import Migrator

    return Migrator(dynasmith_project)


@contextmanager
def plain_failures() -> Iterator[None]:
    """An error of the project fails the test with its sentences, without a traceback through this package."""
    from dynasmith.errors import DynasmithError

    try:
        yield
    except DynasmithError as error:
        sentences = "\n".join(filter(None, (str(error), error.hint)))
        raise pytest.fail.Exception(sentences, pytrace=False) from None


def project_of(request: pytest.FixtureRequest) -> tuple[Path | None, Path, str]:
    """The file of the project, if the ini option names one; the folder that it is looked for from; the environment."""
    config = request.config
    named = str(config.getini("dynasmith_project"))
    home = config.inipath.parent if config.inipath is not None else config.rootpath
    return home / named if named else None, request.path.parent, str(config.getini("dynasmith_env"))
