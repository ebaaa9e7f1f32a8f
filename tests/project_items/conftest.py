"""A project without a file, on the embedded engine, in an account of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.story import new_account
from dynasmith import Consent
from dynasmith.project.project import Project, connect

YES = Consent(yes=True)


@pytest.fixture
def project(ministack_endpoint: str, tmp_path: Path) -> Iterator[Project]:
    """Its tables are made by the tests, and gone with the account that nobody else uses."""
    with connect(
        endpoint=ministack_endpoint, folder=tmp_path, credentials=(new_account(), "secret"), consent=YES
    ) as project:
        yield project
        for name in list(project.names()):
            project.delete(name, consent=Consent(confirm=name))
