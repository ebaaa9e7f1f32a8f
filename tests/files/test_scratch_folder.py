"""Temporary folders of objects: gone with their process, however it ended."""

import subprocess
import sys
from pathlib import Path

import pytest

from dynasmith.files import scratch_folder
from dynasmith.files.scratch_folder import ScratchFolder

KILLED = """
import os, sys, tempfile
tempfile.tempdir = sys.argv[1]
from dynasmith.files.scratch_folder import ScratchFolder
(ScratchFolder().path / "data").write_text("a customer's")
os._exit(9)
"""


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with ScratchFolder() as living:
        assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False).returncode == 9
        (left,) = (each for each in tmp_path.iterdir() if each != living.parent)
        assert (left / "files" / "data").is_file()
        other = tmp_path / "dynasmith-objects-that-is-made-now"
        other.mkdir()
        with ScratchFolder() as another:
            assert not left.exists()
            assert (living.is_dir(), another.is_dir(), other.is_dir()) == (True, True, True)
        assert not another.parent.exists()
        monkeypatch.setattr(scratch_folder, "_YOUNG_SECONDS", -1.0)
        ScratchFolder().close()
        assert not other.exists()
    assert list(tmp_path.iterdir()) == []
