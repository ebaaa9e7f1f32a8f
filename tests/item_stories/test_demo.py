"""``dynasmith demo``, whole, as a process: its words, what it keeps with --keep, and that it leaves nothing behind.

Both whole runs go side by side, since each is half a minute; the one with --keep has a part of the airports.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import airportsdata
import pytest

from cli.story import SHELL_PREFIXES
from sentinel import sentinel_proxy

SECONDS_MAX = 300


@contextmanager
def dynasmith(home: Path, *words: str, **variables: str) -> Iterator["subprocess.Popen[str]"]:
    """``dynasmith`` with a temporary folder of its own, knowing nothing of AWS."""
    home.mkdir(exist_ok=True)
    shell = {name: value for name, value in os.environ.items() if not name.startswith(SHELL_PREFIXES)}
    process = subprocess.Popen(
        [sys.executable, "-m", "dynasmith", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=home,
        env=shell | {"TMPDIR": str(home)} | variables,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@dataclass(frozen=True)
class Shown:
    """How a demo ended."""

    home: Path
    code: int
    out: str
    err: str

    @property
    def port(self) -> int:
        """The port of its private engine."""
        return port_in(self.err)


def port_in(words: str) -> int:
    found = re.search(r"A private engine at http://127\.0\.0\.1:(\d+)", words)
    assert found is not None, words
    return int(found[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def few_airports(folder: Path) -> str:
    """A copy of the package of airports with one in ten, and those that its list of cities names."""
    package = Path(airportsdata.__file__).parent
    shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    named = {code for city in airportsdata.load_iata_macs().values() for code in city["airports"]}
    head, *lines = (package / "airports.csv").read_text("utf-8").splitlines(keepends=True)
    kept = (line for number, line in enumerate(lines) if number % 10 == 0 or line.split(",")[1].strip('"') in named)
    (folder / package.name / "airports.csv").write_text(head + "".join(kept), "utf-8")
    return str(folder)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shown, Shown]:
    """A demo in a shell whose every proxy is one that nobody may use, and one with --keep."""
    homes = [tmp_path_factory.mktemp(name) for name in ("demo", "kept")]
    with sentinel_proxy() as sentinel:
        shell = sentinel.variables
        few = shell | {"PYTHONPATH": few_airports(tmp_path_factory.mktemp("few"))}
        with dynasmith(homes[0], "demo", **shell) as plain, dynasmith(homes[1], "demo", "--keep", **few) as keeping:
            ends = [process.communicate(timeout=SECONDS_MAX) for process in (plain, keeping)]
            codes = plain.returncode, keeping.returncode
    assert sentinel.seen == []
    first, second = (Shown(home, code, *end) for home, code, end in zip(homes, codes, ends, strict=True))
    return first, second


def test_it_shows_the_main_job_under_the_verbs_own_names(runs: tuple[Shown, Shown]) -> None:
    shown, _ = runs
    assert shown.code == 0, shown.err
    verbs = re.findall(r"^\$ dynasmith (\w+)", shown.err, re.MULTILINE)
    assert verbs == [
        "plan", "apply", "populate", "populate", "query", "plan", "apply", "query", "validate", "check", "export",
        "verify", "retire", "list",
    ]  # fmt: skip
    airports = len(airportsdata.load("ICAO"))
    assert f"populate: {airports:,} read = {airports:,} written." in shown.err
    assert f"export: {airports:,} read = {airports:,} written." in shown.err
    assert "2 to create, 0 to change" in shown.err
    assert "0 to create, 1 to change" in shown.err
    assert re.search(r"^Retired cities; its items are in \S+/retired/cities\.$", shown.err, re.MULTILINE)
    assert '"country": "CH"' in shown.out or '"country":"CH"' in shown.out
    assert "Equal." in shown.out
    assert "Error" not in shown.err
    assert re.search(r"^Done in [\d.]+ s", shown.err, re.MULTILINE)


def test_it_leaves_nothing_behind(runs: tuple[Shown, Shown]) -> None:
    shown, _ = runs
    assert list(shown.home.iterdir()) == []
    assert not listens(shown.port)
    assert "Everything is cleaned up." in shown.err


def test_kept_it_serves_until_it_is_stopped(runs: tuple[Shown, Shown]) -> None:
    _, shown = runs
    assert shown.code == 0, shown.err
    next_words, end_words = re.findall(r"dynasmith ((?:scan|local stop) .*)$", shown.err, re.MULTILINE)
    with dynasmith(shown.home, *next_words.split(), "--limit", "1", "--json") as scan:
        out, err = scan.communicate(timeout=SECONDS_MAX)
        assert (scan.returncode, '"icao"' in out) == (0, True), err
    with dynasmith(shown.home, *end_words.split()) as stop:
        _, err = stop.communicate(timeout=SECONDS_MAX)
        assert stop.returncode == 0, err
    assert not listens(shown.port)


def test_interrupted_in_the_middle_it_cleans_up(tmp_path: Path) -> None:
    words = []
    with dynasmith(tmp_path / "home", "demo") as process:
        assert process.stderr is not None
        for line in process.stderr:
            words.append(line)
            if line.startswith("Job populate-"):
                break
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=SECONDS_MAX)
        words.append(rest)
        said = "".join(words)
        assert process.returncode == 130, said
    assert "The demo was interrupted; everything is cleaned up." in said
    assert not listens(port_in(said))
    assert list((tmp_path / "home").iterdir()) == []
