"""Projects of model classes on the embedded engine, each in an account that nobody else uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.story import new_account
from dynasmith import Consent, Project, connect
from project_models.shop import Buyer, Customer, CustomerV2, Sale


@pytest.fixture
def project(ministack_endpoint: str, tmp_path: Path) -> Iterator[Project]:
    """A project of classes whose tables are not there yet."""
    credentials = (new_account(), "secret")
    made = connect(
        endpoint=ministack_endpoint,
        region="us-east-1",
        folder=tmp_path,
        credentials=credentials,
        models=[Customer, CustomerV2, Buyer, Sale],
        consent=Consent(yes=True),
    )
    with made as project:
        yield project
        for name in list(project.names()):
            project.delete(name, consent=Consent(confirm=name))
