"""Each command of migrations killed at many of its calls: `python tests/migrations/soak_verbs.py [KILLS]` (20)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    test = f"{Path(__file__).parent / 'test_killed_verbs.py'}::test_killed_and_given_again_the_command_ends_the_same"
    kills = sys.argv[1] if len(sys.argv) > 1 else "20"
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--basetemp={home}/t", test]
        sys.exit(subprocess.run(command, env={**os.environ, "SOAK_VERB_KILLS": kills}, check=False).returncode)
