"""What the tests of the console share: commands in this process, and a project on the strict endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import shell, story, strict_story
from cli.story import new_account
from dynasmith.project.project import Project
from dynasmith.strict import StrictServer

__all__ = ["define", "home", "project", "shell", "story", "strict", "strict_story"]

Define = Callable[..., None]


@pytest.fixture
def strict(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint without Application Auto Scaling, for which another engine would have to be started."""
    with StrictServer(ministack_endpoint, auto_advance=True, stall_seconds=60) as server:
        yield server
        server.wipe()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a project."""
    (tmp_path / "dynasmith.toml").write_text('definitions = ["tables.json"]\n', encoding="utf-8")
    return tmp_path


@pytest.fixture
def define(home: Path) -> Define:
    """Write the definitions of the project."""

    def write(*tables: dict[str, Any]) -> None:
        (home / "tables.json").write_text(json.dumps({"tables": list(tables)}), encoding="utf-8")

    return write


@pytest.fixture
def project(strict: StrictServer, home: Path) -> Iterator[Project]:
    """The project of that folder at the strict endpoint and on its clock, in an account of its own."""
    with Project.load(
        home,
        endpoint=strict.endpoint,
        region="us-east-1",
        access_key=new_account(),
        secret_key="secret",
        clock=strict.clock,
        variables={},
    ) as found:
        yield found
