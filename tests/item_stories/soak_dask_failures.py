"""What goes wrong on a Dask cluster, each in one sentence with a hint, and the job resumed to an equal end:
`python tests/item_stories/soak_dask_failures.py`.

A scheduler that is killed under a job; workers without dynasmith; workers with another version; a transform whose
imports are missing where the workers are.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from dynasmith import Consent
from dynasmith.local import start_ministack
from dynasmith.project.project import Project, connect
from item_stories.killing import job_of, running, until_written
from item_stories.soak_copy import TABLE, airports, say

ITEMS = 300
CLUSTER = Path(__file__).with_name("dask_cluster.py")
NEEDY = "import only_here\n\n\ndef transform(item):\n    return item\n"
WITHOUT = "raise ImportError('it is not installed')\n"
OLDER = "import dynasmith.version\n\ndynasmith.version.__version__ = '0.0.1'\n"
MISSING = "Every task on the Dask cluster ended", "install the same dynasmith"


@contextmanager
def cluster(variables: Mapping[str, str] | None = None) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A cluster of one worker, and its address."""
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen([sys.executable, str(CLUSTER), "1"], env={**os.environ, **(variables or {})}, **pipes) as it:
        assert it.stdin is not None
        assert it.stdout is not None
        try:
            yield it, json.loads(it.stdout.readline())["address"].replace("tcp://", "dask://")
        finally:
            it.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                it.wait(60)
            it.kill()


class Failures:
    """A table of some items, and copies of it that go wrong."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        self.at = ("--env", "local", "--endpoint", endpoint, "--region", "us-east-1", "--yes", "--json")

    def killed_scheduler(self) -> None:
        """The workers end with it."""
        slow = ("--max-write-units", "20", "--batch-size", "10")
        with cluster() as (scheduler, address), running(self.folder, *self._copy(address), *slow, *self.at) as process:
            job = job_of(process)
            until_written(self.folder, job, 20, process)
            scheduler.kill()
            said = self._said(process, 1)
        check(said, "The Dask cluster is gone, and with it the workers of this job.", "name another place with --on")
        self._resume(job)

    def workers_without(self) -> None:
        """Their Python finds no dynasmith."""
        self._refused("without/dynasmith/__init__.py", WITHOUT, *MISSING)

    def other_version(self) -> None:
        """Their dynasmith says that it is an older one."""
        self._refused("older/sitecustomize.py", OLDER, "and this worker 0.0.1.", "install the same version")

    def missing_imports(self) -> None:
        """The module of the transform crosses, and what it imports does not."""
        (self.folder / "needy.py").write_text(NEEDY, encoding="utf-8")
        (self.folder / "only_here.py").write_text("", encoding="utf-8")
        with (
            cluster() as (_, address),
            running(self.folder, *self._copy(address), "--transform", "needy:transform", *self.at) as process,
        ):
            job = job_of(process)
            said = self._said(process, 2)
        check(said, "there is no module only_here there.", "install only_here where the worker runs")
        self._resume(job)

    def _refused(self, name: str, code: str, sentence: str, hint: str) -> None:
        """The cluster begins with a folder of modules that come first; what the job says of its workers."""
        module = self.folder / name
        module.parent.mkdir(parents=True)
        module.write_text(code, encoding="utf-8")
        first = str(self.folder / Path(name).parts[0])
        with cluster({"PYTHONPATH": first}) as (_, address):
            words = (*self._copy(address), *self.at)
            with running(self.folder, *words) as process:
                job = job_of(process)
                said = self._said(process, 1)
        check(said, sentence, hint)
        self._resume(job)

    def _copy(self, address: str) -> tuple[str, ...]:
        return ("copy", "airports", "airports_v2", "--on", address, "--workers", "1")

    def _said(self, process: "subprocess.Popen[str]", code: int) -> dict[str, str]:
        out, err = process.communicate(timeout=300)
        assert process.returncode == code, (process.returncode, out, err)
        assert "Traceback" not in err, err
        return dict(json.loads(out)["error"])

    def _resume(self, job: str) -> None:
        with running(self.folder, "jobs", "pace", job, "--max-write-units", "100000") as process:
            process.communicate()
        with running(self.folder, "jobs", "resume", job, *self.at[:-2], "--json") as process:
            out, err = process.communicate()
        assert process.returncode == 0, err
        assert json.loads(out)["written"] == ITEMS, out


def check(said: Mapping[str, str], sentence: str, hint: str) -> None:
    """One sentence with its hint."""
    assert sentence in said["message"], said
    assert hint in said["hint"], said
    say(f"{said['message']} Hint: {said['hint']}")


def main() -> int:
    """Run it in a folder that is gone at the end; the exit code."""
    with tempfile.TemporaryDirectory(prefix="dynasmith-soak-") as name, start_ministack() as engine:
        folder = Path(name)
        tables = ", ".join(TABLE.format(name=each) for each in ("airports", "airports_v2"))
        (folder / "tables_config.json").write_text(f'{{"tables": [{tables}]}}', encoding="utf-8")
        with connect(endpoint=engine.endpoint, folder=folder, consent=Consent(yes=True)) as project:
            with Project.load(folder / "tables_config.json", env="local", endpoint=engine.endpoint) as defined:
                for wish in defined.tables(["airports", "airports_v2"]):
                    project.create(wish)
            project.populate("airports", lambda: airports(ITEMS))
        failures = Failures(folder, engine.endpoint)
        failures.killed_scheduler()
        failures.workers_without()
        failures.other_version()
        failures.missing_imports()
    return 0


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    sys.exit(main())
