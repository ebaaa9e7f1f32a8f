"""Too few open files end with a sentence, never with an abort."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.errors import RunError
import uvloop
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[1])))
try:
    new_event_loop().close()
except RunError as error:
    print(error.hint)
"""


@pytest.mark.parametrize("limit", [4, 8, 12])
def test_a_loop_that_cannot_be_made_is_said(limit: int) -> None:
    pytest.importorskip("uvloop")
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(limit)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ulimit -n" in done.stdout
