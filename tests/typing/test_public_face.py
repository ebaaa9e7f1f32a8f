"""What a user's signature needs is exported."""

import importlib.util
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "public_face.py"


def test_every_needed_name_is_exported() -> None:
    spec = importlib.util.spec_from_file_location("public_face", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert len(tool.needed()) > 50
    assert tool.missing() == {}
