"""The strict engine: ministack over the folder, moto for Application Auto Scaling, the strict endpoint in front."""

import json
import threading
import tomllib
from pathlib import Path

from dynasmith.errors import ProjectError
from dynasmith.local.child_messages import AnyMessage, EngineEnded, EngineNotSaved, EngineReady, Say
from dynasmith.local.engines import Engine, start_ministack, start_moto
from dynasmith.local.readiness import listening_socket
from dynasmith.local.record import ClockName
from dynasmith.strict import StrictServer
from dynasmith.strict.rules.registry import rules as all_rules
from dynasmith.strict.rules.rule import RuleBook

_LOOK_SECONDS = 0.5


def rules_off(path: Path | None) -> tuple[str, ...]:
    """The names of the rules that a rules file switches off: ``off = ["..."]`` in TOML, ``{"off": [...]}`` in JSON.

    Raises ProjectError naming the file when it is not such a file, or names a rule that there is not.
    """
    if path is None:
        return ()
    hint = 'a rules file says off = ["ttl-once-an-hour"]; the rules are listed in docs/reference/strict-rules.md'
    try:
        text = path.read_text(encoding="utf-8")
        said = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}.", hint=hint) from error
    except RecursionError as error:
        raise ProjectError(f"{path} is not a rules file: it is nested too deeply.", hint=hint) from error
    except ValueError as error:
        raise ProjectError(f"{path} is not a rules file: {error}.", hint=hint) from error
    off = said.get("off") if isinstance(said, dict) and set(said) == {"off"} else None
    if not isinstance(off, list) or not all(isinstance(name, str) for name in off):
        raise ProjectError(f"{path} must hold one list of names, off.", hint=hint)
    try:
        RuleBook(all_rules(), off)
    except ValueError as error:
        raise ProjectError(f"{path}: {error}.", hint=hint) from error
    return tuple(off)


def serve_strict(
    port: int, folder: Path, clock: ClockName, rules: Path | None, stop: threading.Event, say: Say
) -> bool:
    """Serve the strict endpoint until ``stop`` is set; whether everything was saved.

    Its two engines are children: they end, and save, also when this process is killed. Raises RunError when the port is
    taken, ProjectError for a rules file that is not one.
    """
    off = rules_off(rules)
    listening_socket(port).close()  # a stranger's port is said in our sentence, before anything is begun
    children: list[Engine] = []
    clean = True

    def pass_on(message: AnyMessage) -> None:
        if not isinstance(message, EngineReady | EngineEnded):
            say(message)

    def start_scaling() -> str:
        """moto takes 1.5 s and 80 MB: it is begun by the first call that needs it."""
        children.append(start_moto(state_folder=folder, log=folder / "moto.log", listener=pass_on))
        return children[-1].endpoint

    engine = start_ministack(state_folder=folder, log=folder / "ministack.log", listener=pass_on)
    try:
        with StrictServer(engine.endpoint, start_scaling, clock, off, port=port) as server:
            say(EngineReady(port=server.port))
            while not stop.wait(_LOOK_SECONDS):
                if not engine.is_running():
                    say(
                        EngineNotSaved(
                            service="dynamodb", why="ministack ended by itself; what it did is in the journal"
                        )
                    )
                    break
    finally:
        for child in children:
            clean = child.stop(pass_on) and clean
        clean = engine.stop(pass_on) and clean
    return clean
