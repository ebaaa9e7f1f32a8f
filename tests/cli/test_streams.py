"""A full disk, an encoding without umlauts, a stream that is closed: every verb ends with a sentence and a code."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dynasmith.cli import streams

DOORS = Path(__file__).with_name("doors.py")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_no_verb_ends_in_a_trace(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DYNASMITH_"))}
    environment = kept | {
        "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1",
        "AWS_REGION": "us-east-1",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, str(DOORS)],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert len(found) > 20
    for each in found:
        assert "Traceback" not in each["err"], each
        assert "UnicodeEncodeError" not in each["err"], each
        assert each["code"] in range(6), each
        if each["door"] == "full":
            assert each["code"] != 0, each
            assert "Error: " in each["err"], each


def test_what_an_encoding_lacks_is_written_as_json_escapes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    streams.prepare_streams()
    text = "ünï 😀 \udc80"
    sys.stdout.write(json.dumps(text, ensure_ascii=False))
    sys.stdout.flush()
    assert json.loads(written.getvalue()) == text
