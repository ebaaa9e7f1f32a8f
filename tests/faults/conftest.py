"""One arena a module."""

from collections.abc import Iterator

import pytest

from faults.arena import Arena, arena


@pytest.fixture(scope="module")
def tried(ministack_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """Where this module's cases are tried."""
    with arena(ministack_endpoint, tmp_path_factory.mktemp("faults")) as made:
        yield made
