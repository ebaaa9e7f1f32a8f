"""Run the jobs of a workflow file as a runner does: each ``run:`` by bash, what an action does by hand."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SECONDS_MAX = 300
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass(frozen=True)
class Ran:
    """A step that was run: its line, exit code and output."""

    line: str
    code: int
    output: str


@dataclass
class Runner:
    """A checked out folder, the variables of the shell, and what expressions stand for.

    ``contexts`` are the contexts of expressions by their full names (``vars.FUNCTION``, ``github.token``); one that is
    not there is empty, as on GitHub.
    """

    folder: Path
    shell: Mapping[str, str]
    contexts: Mapping[str, str]
    programs: Path
    uses: list[str] = field(default_factory=list)

    def job(self, workflow: Mapping[str, Any], name: str) -> list[Ran]:
        """The steps of a job in order; after one that failed only those that say so are run."""
        job = workflow["jobs"][name]
        ran: list[Ran] = []
        for step in job["steps"]:
            failed = any(each.code for each in ran)
            if not self._wanted(step.get("if", "success()"), failed=failed):
                continue
            if "uses" in step:
                self.uses.append(step["uses"])
                continue
            words = {**workflow.get("env", {}), **job.get("env", {}), **step.get("env", {})}
            ran.append(self.line(step["run"], {key: self._filled(str(value)) for key, value in words.items()}))
        return ran

    def line(self, line: str, words: Mapping[str, str]) -> Ran:
        """One ``run:`` as GitHub runs it: a file for ``bash -e``, with a summary to write to."""
        script = self.folder.parent / "step.sh"
        script.write_text(line, "utf-8")
        path = os.pathsep.join((str(self.programs), str(Path(sys.executable).parent), os.environ["PATH"]))
        more = {"PATH": path, "GITHUB_STEP_SUMMARY": str(self.folder.parent / "summary.md"), "PIP_NO_INDEX": "1"}
        ran = subprocess.run(
            ["bash", "-e", str(script)],
            cwd=self.folder,
            env={**self.shell, **words, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=SECONDS_MAX,
        )
        return Ran(line, ran.returncode, ran.stdout)

    @property
    def summary(self) -> str:
        """What the steps wrote for people."""
        return (self.folder.parent / "summary.md").read_text("utf-8")

    def selected(self, workflow: Mapping[str, Any], event: str) -> list[str]:
        """The jobs that an event starts."""
        return [
            name
            for name, job in workflow["jobs"].items()
            if f"github.event_name == '{event}'" == job.get("if", f"github.event_name == '{event}'")
        ]

    def _filled(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            name, _, otherwise = found[1].partition(" || ")
            return self.contexts.get(name, "") or otherwise.strip("'")

        return _EXPRESSION.sub(value, text)

    def _wanted(self, condition: str, *, failed: bool) -> bool:
        """Whether a step is run: the few functions of conditions that the examples use."""
        text = _EXPRESSION.sub(r"\1", condition)
        if found := re.fullmatch(r"!cancelled\(\)(?: && hashFiles\('([^']+)'\) != '')?", text):
            return found[1] is None or (self.folder / found[1]).exists()
        assert text == "success()", text
        return not failed


def workflow_of(path: Path) -> dict[str, Any]:
    """A workflow file; ``on`` is text here, which YAML 1.1 takes for true."""
    document = yaml.safe_load(path.read_text("utf-8"))
    document["on"] = document.pop(True)
    return dict(document)
