"""Which engines the suite runs on: ministack and moto, or all that are there with ``--engines all``."""

from collections.abc import Iterator

import pytest

from contract.subject import Subject

USUAL = ("ministack", "moto")
EVERY = ("ministack", "moto", "dynalite", "external")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "subject" in metafunc.fixturenames:
        said = metafunc.config.getoption("--engines")
        names = {"usual": USUAL, "all": EVERY}.get(said) or tuple(said.split(","))
        metafunc.parametrize("subject", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """The engine that a behaviour is tried on."""
    endpoint = request.getfixturevalue(f"{request.param}_endpoint")
    made = Subject(request.param, endpoint or None)
    yield made
    made.close()
