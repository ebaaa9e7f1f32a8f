"""One strict endpoint for the bridges; modules that were written are imported from files."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest

from dynasmith import Project, connect
from dynasmith.strict import StrictServer

Load = Callable[[str], ModuleType]
_numbers = count(1)


@pytest.fixture(scope="session")
def endpoint(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint."""
    with StrictServer(ministack_endpoint) as server:
        yield server


@pytest.fixture
def project(endpoint: StrictServer) -> Iterator[Project]:
    """A project on the endpoint, without definitions."""
    with connect(endpoint=endpoint.endpoint, region="us-east-1", clock=endpoint.clock) as made:
        yield made


@pytest.fixture(scope="session")
def client(endpoint: StrictServer) -> Iterator[Any]:
    """boto3, to write as another program does, and to look at what is stored."""
    made = boto3.client(
        "dynamodb",
        endpoint_url=endpoint.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield made
    made.close()


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Imports the text of a module from a file."""
    names: list[str] = []

    def loaded(text: str) -> ModuleType:
        name = f"written_{next(_numbers)}"
        file = tmp_path / f"{name}.py"
        file.write_text(text, "utf-8")
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        names.append(name)
        spec.loader.exec_module(module)
        return module

    yield loaded
    for name in names:
        del sys.modules[name]
