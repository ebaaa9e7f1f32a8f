"""Engines as children: ready when returned, gone when stopped, clear when they cannot be."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from dynasmith.errors import DynasmithError, NotOffered
from dynasmith.local import Engine, engines, start_dynalite, start_ministack, start_moto
from dynasmith.local.processes import birth, is_alive
from dynasmith.local.readiness import answers, is_free


@pytest.mark.engine
@pytest.mark.parametrize("start", [start_ministack, start_moto])
def test_an_engine_answers_when_it_is_returned_and_is_gone_when_stopped(start: Callable[[], Engine]) -> None:
    with start() as engine:
        born = birth(engine.pid)
        assert born is not None
        assert answers(engine.endpoint)
    assert not is_alive(engine.pid, born)
    assert is_free(engine.port)
    assert not engine.log.exists()


@pytest.mark.engine
@pytest.mark.parametrize("start", [start_ministack, start_moto])
def test_a_port_that_somebody_has_is_named_in_one_sentence(start: Callable[..., Engine]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(DynasmithError, match=f"Port {port} .* in use by another program") as caught:
            start(port=port)
    assert "--port" in caught.value.hint


@pytest.mark.engine
def test_ministack_keeps_what_it_holds_in_its_folder(tmp_path: Path) -> None:
    with start_ministack(state_folder=tmp_path, log=tmp_path / "log"):
        pass
    assert (tmp_path / "log").exists()


@pytest.mark.engine
def test_dynalite_answers_when_it_is_returned(dynalite_endpoint: str) -> None:
    assert answers(dynalite_endpoint)


def test_dynalite_that_is_absent_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DYNASMITH_DYNALITE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotOffered, match="dynalite cannot run") as caught:
        start_dynalite()
    assert "npm install dynalite" in caught.value.hint


def test_a_missing_extra_says_the_command_that_installs_it() -> None:
    with pytest.raises(NotOffered, match="dynasmith_no_such_engine is missing") as caught:
        engines.require("dynasmith_no_such_engine")
    assert "pip install" in caught.value.hint
