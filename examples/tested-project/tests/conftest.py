"""What our migrations meet in the ready-made tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # shop.py


@pytest.fixture
def dynasmith_items():
    return {
        "0.0.2": {"users": [{"id": "1", "name": "Ann Lee"}, {"id": "2", "name": "Bo Li"}, {"id": "3"}]},
        "0.1.0": {"orders": [{"user_id": "1", "number": 0, "status": "paid"}]},
    }
