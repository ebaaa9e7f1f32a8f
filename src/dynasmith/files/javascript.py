"""Modules of JavaScript, evaluated by node: what they export, as plain values. Evaluating a module runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from dynasmith.errors import UsageError

SUFFIXES: Final = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
SECONDS_MAX: Final = 60
_AS_MODULE: Final = "--experimental-default-type=module"
"""For node 18.19 to 24: a .js file may be an ES module though no package.json says so. Newer ones find out."""
_PROGRAM: Final = """
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
const [file, out] = process.argv.slice(-2)
const plain = function (key, value) {
    const raw = this[key]
    if (typeof raw === 'function') return key === 'type' ? raw.name : { $function: raw.name || 'anonymous' }
    if (raw instanceof RegExp) return { $regexp: [raw.source, raw.flags] }
    if (raw instanceof Date) return { $date: raw.toISOString() }
    if (raw instanceof Set) return { $set: [...raw] }
    if (typeof raw === 'bigint') return raw.toString()
    return value
}
const loaded = await import(pathToFileURL(file).href)
const exports = {}
for (const name of Object.keys(loaded)) {
    const value = loaded[name]
    if (value && typeof value === 'object') exports[name] = value
}
writeFileSync(out, JSON.stringify(exports, plain))
process.exit(0)
"""


def javascript_exports(file: Path) -> dict[str, Any]:
    """The objects that a module exports, by name. Types (``String``) are their names, other functions
    ``{"$function": name}``, regular expressions ``{"$regexp": [source, flags]}``.

    Raises UsageError where node is not there, the module raises, or it does not end within a minute.
    """
    node = shutil.which("node")
    if node is None:
        raise UsageError(
            f"{file} is JavaScript, which node has to evaluate, and node is not on the PATH.",
            hint="install Node.js, or save the schema as JSON",
        )
    first = _run(node, [], file)
    if isinstance(first, str) and "SyntaxError" in first and file.suffix == ".js":
        second = _run(node, [_AS_MODULE], file)
        first = first if isinstance(second, str) and "bad option" in second else second
    if isinstance(first, str):
        raise UsageError(f"The module {file} cannot be evaluated: {_reason(first)}.", hint=f"node {file} shows where")
    return first


def _run(node: str, options: list[str], file: Path) -> dict[str, Any] | str:
    """What the module exports, or what node said on stderr."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "exports.json"
        command = [node, *options, "--input-type=module", "-e", _PROGRAM, str(file.absolute()), str(out)]
        try:
            ended = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=SECONDS_MAX, cwd=file.absolute().parent
            )
        except subprocess.TimeoutExpired:
            return f"Error: it did not end within {SECONDS_MAX} seconds"
        except OSError as error:
            return f"Error: {error}"
        if ended.returncode or not out.exists():
            return ended.stderr or "Error: it ended the process"
        exports: dict[str, Any] = json.loads(out.read_text("utf-8"))
        return exports


def _reason(stderr: str) -> str:
    """The line of node's output that says what is wrong."""
    lines = [line.strip() for line in stderr.splitlines()]
    wrong = [line for line in lines if line.partition(":")[0].partition(" ")[0].endswith(("Error", "Exception"))]
    return (wrong or [line for line in lines if line] or ["node ended"])[0].rstrip(".")
