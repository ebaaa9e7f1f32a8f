"""A story for each test: an empty folder, an engine, and an account that nobody else uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.iac_surroundings import Surrounded, surround
from cli.story import Story, clean_shell, new_account
from dynasmith.strict import StrictServer


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A shell in an empty folder that knows nothing of AWS."""
    clean_shell(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return monkeypatch


def _begin(
    endpoint: str, folder: Path, shell: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Iterator[Story]:
    account = new_account()
    shell.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
    shell.setenv("AWS_ACCESS_KEY_ID", account)
    shell.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    story = Story(folder, endpoint, account, capture)
    yield story
    story.close()


@pytest.fixture
def story(
    ministack_endpoint: str, tmp_path: Path, shell: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Story]:
    """A story on the embedded engine."""
    yield from _begin(ministack_endpoint, tmp_path, shell, capsys)


@pytest.fixture
def strict_story(
    strict: StrictServer, tmp_path: Path, shell: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Story]:
    """A story on the strict endpoint, whose clock the command line shares."""
    shell.setattr("dynasmith.project.factory.SystemClock", lambda: strict.clock)
    yield from _begin(strict.endpoint, tmp_path, shell, capsys)


@pytest.fixture
def scaled_story(
    ministack_endpoint: str,
    moto_endpoint: str,
    tmp_path: Path,
    shell: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Story]:
    """A story on a strict endpoint with Application Auto Scaling, on the real clock: Terraform only knows that one."""
    with StrictServer(ministack_endpoint, moto_endpoint, clock="real") as server:
        shell.setenv("AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING", server.endpoint)
        yield from _begin(server.endpoint, tmp_path, shell, capsys)


@pytest.fixture
def surrounded(scaled_story: Story) -> Iterator[Surrounded]:
    """A story with what the ten tables of infrastructure as code name."""
    yield from surround(scaled_story)
