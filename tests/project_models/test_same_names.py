"""A project's ``models`` beside another ``models`` of the same process: the one of these tests, say."""

import pickle
import sys
from pathlib import Path

import pytest

from dynasmith import connect
from models.shop import Address

MODELS = """from dynasmith.models import Model, Partition


class Mine(Model, table="mine"):
    id: Partition[str]
"""


@pytest.mark.parametrize("turn", [1, 2])
def test_the_modules_of_the_tests_are_there_again_after_a_project_took_their_name(tmp_path: Path, turn: int) -> None:
    street = Address(street=f"s{turn}", city="Bern")
    assert pickle.loads(pickle.dumps(street)) == street
    (tmp_path / "models.py").write_text(MODELS)
    with connect(endpoint="http://127.0.0.1:9", models=["models:Mine"], folder=tmp_path) as project:
        assert project.defined_names() == {"mine"}
    assert "models.shop" not in sys.modules
