"""Projects of the Python face, each with an account of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.story import clean_shell, new_account
from dynasmith import Consent, Project, connect


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A shell in an empty folder that knows nothing of AWS."""
    clean_shell(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def open_project(ministack_endpoint: str, shell: pytest.MonkeyPatch) -> Iterator[Callable[..., Project]]:
    """``open_project(*tables)``: a project with no file at all, on the embedded engine."""
    del shell
    opened: list[Project] = []
    account = new_account()

    def make(*tables: Any, **options: Any) -> Project:
        project = connect(
            **{
                "endpoint": ministack_endpoint,
                "credentials": (account, "secret"),
                "tables": tables,
                "consent": Consent(yes=True),
                **options,
            }
        )
        opened.append(project)
        return project

    yield make
    for project in opened:
        project.close()
