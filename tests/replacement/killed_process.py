"""Runs dynasmith in processes of their own, and kills them in the state of a replacement that is asked for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replacement.writers import ACCOUNT

LOOK_SECONDS = 0.002


class KilledProcess:
    """``kills`` counts them by state."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.kills = folder, dict[str, int]()
        self.variables = os.environ | {
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_DYNAMODB": url,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "secret",
        }

    def run(self, *words: str) -> Any:
        """Run a command to its end; its JSON. Ends the proof where it fails."""
        process = self._spawn(*words)
        out, err = process.communicate()
        if process.returncode:
            raise SystemExit(f"{' '.join(words)} ended with {process.returncode}: {out} {err}")
        return json.loads(out)

    def kill_in(self, state: str, *words: str, after: float = 0.0, switching: bool = False) -> bool:
        """Run a command until the replacement is in a state, and kill it so many seconds later; with ``switching``
        where the pointer is about to be switched. False where the command ended before."""
        known = self._changed_at()
        process = self._spawn(*words)
        while process.poll() is None:
            progress = self.progress()
            is_there = progress.get("state", "planned") == state and progress.get("switches", False) >= switching
            if is_there and self._changed_at() != known:  # else it says what the run before it had reached
                break
            time.sleep(LOOK_SECONDS)
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
        if process.returncode == -signal.SIGKILL:
            name = f"{state}, at the pointer" if switching else state
            self.kills[name] = self.kills.get(name, 0) + 1
            return True
        if process.returncode:
            raise SystemExit(f"{' '.join(words)} ended with {process.returncode}: {out} {err}")
        return False

    def job(self) -> str:
        """The job's id; "" before there is one."""
        return next((path.parent.name for path in self._records()), "")

    def progress(self) -> Mapping[str, Any]:
        """The progress as the ledger's file has it; reading it costs no process."""
        for path in self._records():
            try:
                return dict(json.loads(path.read_text())["parameters"].get("progress", {}))
            except (OSError, ValueError):
                break
        return {"state": ""}

    def _changed_at(self) -> int:
        return max((path.stat().st_mtime_ns for path in self._records()), default=0)

    def _records(self) -> list[Path]:
        return list((self.folder / ".dynasmith/jobs").glob("replace-*/job.json"))

    def _spawn(self, *words: str) -> subprocess.Popen[str]:
        script = "from dynasmith.cli.main import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", script, *words, "--json"],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
