"""What a deployed test function runs first: it makes of an engine's worker what AWS Lambda would have made.

This file is packed into the zip as ``dynasmith_function_entry.py``, beside a ``.json`` of the same name that says which
handler to call; it imports nothing but the standard library. The embedded engine runs a zip with its own interpreter,
its own installed packages and its own environment, so that a zip without its dependencies would pass. Here all of that
is removed before the handler's module is imported:

- the search path keeps the zip, the packages that came with it and the standard library; modules that were imported
  from elsewhere are forgotten;
- the environment keeps what Lambda sets and what the function's own configuration has;
- writing outside the folder for temporary files fails with EROFS, as in ``/var/task``;
- an answer of more than 6 MB is an error, as is an event.
"""

import errno
import importlib
import json
import os
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

PAYLOAD_BYTES_MAX = 6_291_556
"""The largest event and the largest answer of a synchronous call. Source: the service's own message for an answer
that is larger, "Response payload size exceeded maximum allowed payload size (6291556 bytes)"."""

_OF_LAMBDA = frozenset(
    (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "LAMBDA_TASK_ROOT",
        "PATH",
        "LANG",
        "TZ",
        "_LAMBDA_FUNCTION_ARN",
        "_LAMBDA_TIMEOUT",
    )
)
_CHANGES = frozenset(("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate"))
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class PayloadTooLarge(Exception):
    """An event or an answer that Lambda would have refused."""


def isolate(task_root: Path, settings: dict[str, Any]) -> None:
    """Remove what Lambda would not have; call it once, before anything of the bundle is imported."""
    kept = {*_OF_LAMBDA, *os.environ.pop("DYNASMITH_FUNCTION_VARIABLES", "").split()}
    for name in set(os.environ) - kept:
        del os.environ[name]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    os.environ.update(LAMBDA_TASK_ROOT=str(task_root), AWS_EXECUTION_ENV=f"AWS_Lambda_python{version}")
    os.environ["_HANDLER"] = settings["handler"]
    packages = [settings["packages"]] if settings["packages"] else []
    allowed = [str(task_root), *packages]
    standard = [path for path in sys.path if path and _is_standard(path)]
    sys.path[:] = [*allowed, *standard]
    sys.path_importer_cache.clear()
    sys.meta_path[:] = [finder for finder in sys.meta_path if _frozen_or_standard(finder)]
    sys.dont_write_bytecode = True
    strangers = {name.partition(".")[0] for name, module in sys.modules.items() if _is_stranger(module, allowed)}
    for name in list(sys.modules):
        if name.partition(".")[0] in strangers - {"__main__", __name__}:
            del sys.modules[name]
    sys.addaudithook(_read_only(task_root))


def _is_stranger(module: object, allowed: list[str]) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and not _within(str(file), allowed) and not _is_standard(str(file))


def _is_standard(path: str) -> bool:
    """Whether a path is of the standard library, and not of packages installed below it."""
    if "site-packages" in path or "dist-packages" in path:
        return False
    roots = {sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["platstdlib"]}
    zipped = os.path.basename(path).startswith("python") and path.endswith(".zip")
    return zipped or _within(path, sorted(roots))


def _within(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _frozen_or_standard(finder: object) -> bool:
    """Whether a finder of modules is one of Python's own, not one of an installed package (an editable install)."""
    module = getattr(finder, "__module__", type(finder).__module__)
    return module.startswith("_frozen_importlib")


def _read_only(task_root: Path) -> Any:
    writable = [os.path.realpath(tempfile.gettempdir()), "/dev"]
    read_only = [os.path.realpath(task_root)]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            writes = isinstance(flags, int) and bool(flags & _WRITES)
        else:
            path, writes = arguments[0] if arguments else None, event in _CHANGES
        if not writes or not isinstance(path, str | bytes):
            return
        real = os.path.realpath(os.fsdecode(path))
        if not _within(real, writable) or _within(real, read_only):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fsdecode(path))

    return hook


def _checked(what: str, value: object) -> None:
    size = len(json.dumps(value).encode())
    if size > PAYLOAD_BYTES_MAX:
        raise PayloadTooLarge(
            f"{what} payload size ({size} bytes) exceeded maximum allowed payload size ({PAYLOAD_BYTES_MAX} bytes)."
        )


def _load() -> Any:
    task_root = Path(__file__).resolve().parent
    settings = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    isolate(task_root, settings)
    module, _, name = settings["handler"].rpartition(".")
    return getattr(importlib.import_module(module.replace("/", ".")), name)


if Path(__file__).with_suffix(".json").exists():  # in the zip, not in dynasmith/testing
    _handler = _load()


def handler(event: Any, context: Any) -> Any:
    """Call the handler that the settings name, with the limits of Lambda's payloads."""
    _checked("Request", event)
    answer = _handler(event, context)
    _checked("Response", answer)
    return answer
