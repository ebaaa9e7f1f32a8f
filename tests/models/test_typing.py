"""What is type-checked in tests/typing also runs, and what checkers cannot see is refused at run time."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from dynasmith.errors import DynasmithError

TYPING = Path(__file__).parents[1] / "typing"
EXAMPLES: dict[str, Any] = runpy.run_path(str(TYPING / "models_examples.py"))
UNCHECKED: dict[str, Any] = runpy.run_path(str(TYPING / "models_unchecked.py"))["UNCHECKED"]


@pytest.mark.parametrize("name", ["values", "conditions", "actions", "keys_and_tables"])
def test_the_examples_run(name: str) -> None:
    EXAMPLES[name]()


@pytest.mark.parametrize("name", UNCHECKED)
def test_what_checkers_do_not_see_is_refused_at_run_time(name: str) -> None:
    with pytest.raises((DynasmithError, AttributeError)):
        UNCHECKED[name]()
