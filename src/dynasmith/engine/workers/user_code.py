"""User code on its way to a worker: a value with what must be loaded first, and the script that it may be of."""

import os
import runpy
import sys
from types import ModuleType
from typing import Any

import msgspec

from dynasmith.engine.workers.main_script import LOADING
from dynasmith.engine.workers.sources import keep_sources, sent_sources
from dynasmith.engine.workers.values import FindReference, NotPortable, ValueWriter, read_values
from dynasmith.errors import DynasmithError, UsageError
from dynasmith.ports.remote_reference import RemoteReference


class _SentCode(msgspec.Struct, array_like=True):
    """``module`` or ``file`` of the script that the value is of; both are empty where it is of no script. ``sources``
    are files of the modules that it is of, by their paths, for a worker that may not have them."""

    module: str
    file: str
    value: bytes
    sources: dict[str, bytes] = {}


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_SentCode).decode


def sendable(value: Any) -> bytes:
    """See `written_code`; for a value of which nothing stays here."""
    return written_code(value)[0]


def written_code(value: Any, *, remote: bool = False, stand_ins: bool = False) -> tuple[bytes, list[RemoteReference]]:
    """A value with user code in it as bytes for a worker, with what that must load first; and what of it stays here, by
    its number. A ``remote`` worker gets the files of the code; with ``stand_ins`` it has its own in place of what
    would stay here, where that can be.

    Raises UsageError where it cannot be given to another process (a lambda, a nested function).
    """
    writer = ValueWriter(stand_ins=stand_ins)
    try:
        written = writer(value)
    except NotPortable as error:
        raise UsageError(
            f"The transform cannot run in another process: {error}.",
            hint="name it as module:function, or remove --processes",
        ) from error
    module, file = _main_script() if "__main__" in writer.modules else ("", "")
    if remote and (module or file):
        raise UsageError(
            "The transform cannot run on another machine: it is a function of the script itself.",
            hint="move it to a module of its own",
        )
    sources = sent_sources(writer.modules) if remote else {}
    return _encode(_SentCode(module, file, written, sources)), writer.references


def loaded_code(sent: bytes, find: FindReference | None = None) -> Any:
    """The value that ``sendable`` made bytes of. Raises UsageError where its module does not load here."""
    try:
        code = _decode(sent)
        _prepare(code.module, code.file)
        keep_sources(code.sources)
        return read_values(code.value, find)
    except DynasmithError:
        raise
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The transform cannot be loaded in another process: there is no module {error.name} there.",
            hint=f"install {error.name} where the worker runs; what the main program sets up is not there",
        ) from error
    except (Exception, SystemExit) as error:  # a module may call sys.exit() too
        raise UsageError(
            f"The transform cannot be loaded in another process ({type(error).__name__}: {error}).",
            hint="what its module imports must be there without what the main program sets up",
        ) from error


def _main_script() -> tuple[str, str]:
    """The module, or the script, that this program was started as.

    Nothing else needs it over there: a script that copies without ``if __name__ == "__main__"`` would copy again.
    Raises UsageError where there is none to load (a notebook, a prompt).
    """
    main = sys.modules["__main__"]
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if spec is None and (file is None or not os.path.isfile(file)):
        raise UsageError(
            "The transform cannot run in another process: it is not a function of a module.",
            hint="move it to a module of its own, or remove --processes",
        )
    return getattr(spec, "name", ""), os.path.abspath(file) if file else ""


def _prepare(module: str, file: str) -> None:
    """Bring in the script that the transform is a function of, under a name that keeps its main part from running."""
    if not module and not file:
        return
    if module:
        names = runpy.run_module(module, run_name=LOADING, alter_sys=True)
    else:
        names = runpy.run_path(file, run_name=LOADING)
    made = ModuleType("__main__")
    made.__dict__.update(names)
    sys.modules["__main__"] = made
