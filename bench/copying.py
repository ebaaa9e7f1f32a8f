"""Copy one table into another: what it costs, beside what Python has today. CPU microseconds an item, in one run.

    python bench/copying.py [--items 200000] [--rounds 3] [--without-others] [--no-tls]

Every contender is a process of its own against the same stub (``bench/stub.py``), which is no bottleneck, though it
shares the cores. Rounds are interleaved and the median is shown: a table for each of three transforms, with the ratio
to our own copy. Two processes take a quarter of a second each to start, which short runs show. Compare within one run
only: the same machine drifts by 1.5 from run to run. The others are installed into .bench/venv from
bench/requirements.txt; what cannot be installed is named and left out.
"""

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VENV = HERE.parent / ".bench" / "venv"
ROWS = {
    "raw": "Untransformed",
    "lazy": "Three attributes read, changed and written",
    "native": "Every attribute to Python and back",
}
OURS = {
    "raw": {
        "dynasmith": "raw",
        "dynasmith, digest on": "digest",
        "dynasmith, in two processes": "raw-processes",
        "dynasmith, digest on, in two processes": "digest-processes",
    },
    "lazy": {"dynasmith": "lazy", "dynasmith, in two processes": "lazy-processes"},
    "native": {"dynasmith": "native", "dynasmith, in two processes": "native-processes"},
}
OTHERS = {
    "boto3 resource, batch_writer, 4 threads": "boto3-resource",
    "boto3 client, 4 threads": "boto3-client",
    "PynamoDB, batch_write": "pynamodb",
    "aiodynamo": "aiodynamo",
    "pydynox (Rust core)": "pydynox",
}
OTHERS_SHARE = 10
"""The others move a tenth of the items: at their speed that is as long a run."""


@contextmanager
def stub(items: int, tls: tuple[str, str] | None = None) -> Iterator[str]:
    """A stub in a process of its own; its address."""
    command = [sys.executable, str(HERE / "stub.py"), "--items", str(items)]
    command += ["--tls", *tls] if tls else []
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        port = int(process.stdout.readline())
        yield f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate of its own for localhost, good for a day."""
    pem, key = folder / "stub.pem", folder / "stub.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(pem)]
    subprocess.run(command, check=True, capture_output=True)
    return str(pem), str(key)


def run(python: str, script: str, *arguments: str) -> dict[str, Any]:
    """One contender once: its figures. Raises RuntimeError with its last words where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    done = subprocess.run(
        [python, str(HERE / "contenders" / script), *arguments], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it ended without a word")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def others_python() -> str | None:
    """The interpreter of the venv with the others, made when it is not there; None where it cannot be."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = VENV / ".installed"
    if stamp.exists():
        return str(python)
    venv.create(VENV, with_pip=True)
    (VENV.parent / ".gitignore").write_text("*\n")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*install, "-r", str(HERE / "requirements.txt")], check=False).returncode:
        return None
    stamp.touch()
    return str(python)


class Table:
    """Figures of every contender for one transform, by round."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.figures: dict[str, list[dict[str, Any]]] = {}

    def add(self, name: str, python: str, script: str, *arguments: str) -> None:
        """Run a contender once more; one that failed is not run again."""
        if self.figures.get(name) == []:
            return
        try:
            found = run(python, script, *arguments)
        except RuntimeError as error:
            self.figures[name] = []
            sys.stderr.write(f"{self.title}, {name}: left out, {error}\n")
            return
        self.figures.setdefault(name, []).append(found)
        sys.stderr.write(f"{self.title}, {name}: {found['cpu_us']:.1f} us\n")

    def lines(self) -> list[str]:
        """The table in Markdown, cheapest first; the ratio is to our own copy in one process."""
        rows = {name: found for name, found in self.figures.items() if found}
        medians = {name: statistics.median(one["cpu_us"] for one in found) for name, found in rows.items()}
        base = medians.get("dynasmith", min(medians.values()))
        lines = ["", f"### {self.title}", ""]
        lines += ["| way | CPU us an item | ratio | items/s | peak MB |", "|---|---|---|---|---|"]
        for name, median in sorted(medians.items(), key=lambda pair: pair[1]):
            speed = statistics.median(one["items_per_second"] for one in rows[name])
            memory = max(one["memory_mb"] for one in rows[name])
            lines.append(f"| {name} | {median:.1f} | {median / base:.1f} | {speed:,.0f} | {memory:.0f} |")
        return lines


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-others", action="store_true")
    parser.add_argument("--no-tls", action="store_true")
    chosen = parser.parse_args()
    few = max(1, chosen.items // OTHERS_SHARE)
    python = None if chosen.without_others else others_python()
    tables = {kind: Table(title) for kind, title in ROWS.items()}
    with tempfile.TemporaryDirectory() as folder:
        tls = None if chosen.no_tls else certificate(Path(folder))
        for _, (kind, table) in itertools.product(range(chosen.rounds), tables.items()):
            with stub(chosen.items) as address:
                for name, ours in OURS[kind].items():
                    table.add(name, sys.executable, "ours.py", address, str(chosen.items), ours)
            if tls:
                with stub(chosen.items, tls) as address:
                    for name, ours in OURS[kind].items():
                        table.add(f"{name}, TLS", sys.executable, "ours.py", address, str(chosen.items), ours, tls[0])
            if python:
                with stub(few) as address:
                    for name, way in OTHERS.items():
                        table.add(name, python, "others.py", address, str(few), way, kind)
    when = datetime.now(UTC).date().isoformat()
    sys.stdout.write(f"{when}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    sys.stdout.write(f"items of 981 bytes, {chosen.rounds} rounds, medians\n")
    for table in tables.values():
        sys.stdout.write("\n".join(table.lines()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
