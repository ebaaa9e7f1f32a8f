"""What compiling the digest and the shape readers would give: CPU microseconds an item, the best of some pages.

    python bench/compiled/measure.py [--items 100000] [--rounds 3]

Needs a C compiler; Cython is installed into .bench/compiled. First the parts of a digest, in this process: the typed
decode and BLAKE2b, which are C already, the generated code between them, and that as a compiled program
(``digest_plan.pyx``). Then copies against the stub, by the package as it is and by one whose modules of items are
compiled by Cython, in turns.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from copying import stub
from stub import PAGE_ITEMS, item

from dynasmith.engine.transfer.event_thread import RareGarbageCollection
from dynasmith.items.canonical import canonical
from dynasmith.items.digest import new_hash
from dynasmith.items.digester import Digester

HERE = Path(__file__).parent
VENV = HERE.parents[1] / ".bench" / "compiled"
MODULES = (
    "canonical", "digester", "item_reader", "key", "lazy", "number", "shape_inference", "size", "specialized_reader",
    "value", "writer",
)  # fmt: skip
BUILD = """
import sys
from Cython.Build import cythonize
from setuptools import setup
directives = {"annotation_typing": False}
setup(name="compiled", script_args=["build_ext", "--inplace"],
      ext_modules=cythonize(sys.argv[1:], language_level=3, compiler_directives=directives))
"""


def compiler() -> str:
    """The interpreter of an environment with Cython, made where it is not there."""
    python = VENV / "bin" / "python"
    if not (VENV / ".installed").exists():
        venv.create(VENV, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "cython", "setuptools"], check=True)
        (VENV / ".installed").touch()
    return str(python)


def compile_in(folder: Path, *sources: str) -> None:
    """Compile modules in place."""
    words = [compiler(), "-c", BUILD, *sources]
    subprocess.run(words, check=True, cwd=folder, capture_output=True, env={**os.environ, "CFLAGS": "-O3"})


def best_us(work: Callable[[Any], Any], values: list[Any]) -> float:
    """The cheapest round over the values, one of them."""
    best = float("inf")
    for _ in range(60):
        began = time.process_time()
        for value in values:
            work(value)
        best = min(best, time.process_time() - began)
    return best / len(values) * 1e6


def parts(folder: Path) -> dict[str, float]:
    """The parts of a digest of the stub's items."""
    shutil.copy(HERE / "digest_plan.pyx", folder)
    compile_in(folder, "digest_plan.pyx")
    path = str(next(folder.glob("digest_plan.*.so")))
    spec = spec_from_file_location("digest_plan", path, loader=ExtensionFileLoader("digest_plan", path))
    assert spec is not None
    assert spec.loader is not None
    compiled = module_from_spec(spec)
    spec.loader.exec_module(compiled)
    raws = [json.dumps(item(number), separators=(",", ":")).encode() for number in range(PAGE_ITEMS)]
    digester = Digester()
    digester(raws)
    learner = digester._hashed
    decode, read = learner._decode, learner._read
    assert decode is not None
    assert read is not None
    structs, plan = [decode(raw) for raw in raws], compiled.Plan(learner._lessons.shape)
    assert [plan(struct) for struct in structs] == [read(struct) for struct in structs]
    hashed = best_us(_hash, [canonical(raw) for raw in raws])
    return {
        "typed decode": best_us(decode, raws),
        "BLAKE2b": hashed,
        "generated code": best_us(read, structs) - hashed,
        "the same as a compiled program": best_us(plan, structs) - hashed,
    }


def _hash(content: bytes) -> bytes:
    hasher = new_hash()
    hasher.update(content)
    return hasher.digest()


def copies(folder: Path, items: int, rounds: int) -> None:
    """Print what copies cost, by the package as it is and by a compiled one."""
    shutil.copytree(HERE.parents[1] / "src" / "dynasmith", folder / "dynasmith")
    compile_in(folder, *(f"dynasmith/items/{name}.py" for name in MODULES))
    print("\n| copy | as it is | compiled |\n|---|---|---|")
    for kind in ("raw", "digest", "lazy"):
        found: dict[str, list[float]] = {"": [], str(folder): []}
        for _ in range(rounds):
            for path, figures in found.items():
                with stub(items) as address:
                    words = [sys.executable, str(HERE.parent / "contenders" / "ours.py"), address, str(items), kind]
                    done = subprocess.run(
                        words, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": path}
                    )
                figures.append(json.loads(done.stdout.splitlines()[-1])["cpu_us"])
        print(f"| {kind} | " + " | ".join(f"{statistics.median(each):.1f}" for each in found.values()) + " |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("| part of a digest | CPU us an item |\n|---|---|")
        with RareGarbageCollection():
            for name, figure in parts(Path(folder)).items():
                print(f"| {name} | {figure:.1f} |")
        copies(Path(folder), chosen.items, chosen.rounds)


if __name__ == "__main__":
    main()
