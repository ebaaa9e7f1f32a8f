"""Sessions against the suite's engines, and variables of the machine out of the way."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.session import Session
from dynasmith.aws.control.tables import AwsTables
from dynasmith.ports.access import AccessOptions, AccessSection, resolve_access

_NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def _no_ambient_aws(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads the machine's own AWS configuration."""
    import os

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    nothing = tmp_path_factory.mktemp("aws") / "none"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(nothing))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nothing))


@pytest.fixture
def open_endpoint() -> Iterator[Callable[[str], Session]]:
    """Opens sessions for an endpoint, and closes them."""
    opened: list[Session] = []

    def open_one(endpoint: str) -> Session:
        access = resolve_access(AccessOptions(endpoint=endpoint), {}, AccessSection(name="test"))
        opened.append(Session(access))
        return opened[-1]

    yield open_one
    for session in opened:
        session.close()


@pytest.fixture(params=["ministack", "moto"])
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine that a test runs on: each in turn."""
    return str(request.param)


@pytest.fixture
def session(engine: str, request: pytest.FixtureRequest, open_endpoint: Callable[[str], Session]) -> Session:
    """A session for that engine."""
    return open_endpoint(request.getfixturevalue(f"{engine}_endpoint"))


@pytest.fixture
def tables(session: Session) -> AwsTables:
    """The control plane of that engine."""
    return AwsTables(session)


@pytest.fixture
def items(session: Session) -> AwsItems:
    """A few items on that engine."""
    return AwsItems(session)


@pytest.fixture
def name() -> str:
    """A table name that no other test uses."""
    return f"aws-test-{next(_NUMBERS)}"
