"""The guide knows every change."""

from pathlib import Path
from typing import get_args

from dynasmith.plans.change import Change

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "plan-apply.md"


def test_every_change_has_its_line_in_the_guide() -> None:
    page = GUIDE.read_text(encoding="utf-8")
    kinds = [kind.__struct_config__.tag for kind in get_args(Change)]
    assert [kind for kind in kinds if f"| `{kind}` |" not in page] == []
