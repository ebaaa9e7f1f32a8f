"""What TTL deletes, and that every part of dynasmith that judges it judges alike."""

import json
import pickle
from typing import Any

import pytest

from dynasmith.items.expiry import EXPIRY_REACH_SECONDS, Expiry, has_expired

NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("value", "expired"),
    [
        ({"N": str(NOW - 1)}, True),
        ({"N": f"{NOW - 1}.0"}, True),
        ({"N": "1.79E9"}, True),
        ({"N": str(NOW - EXPIRY_REACH_SECONDS)}, True),
        ({"N": str(NOW)}, False),
        ({"N": str(NOW + 1)}, False),
        ({"N": str(NOW - EXPIRY_REACH_SECONDS - 1)}, False),
        ({"N": "0"}, False),
        ({"N": "-0"}, False),
        ({"N": "1"}, False),
        ({"N": str(-NOW)}, False),
        ({"N": f"-{NOW - 1}"}, False),
        ({"N": f"{NOW - 1}.5"}, False),
        ({"N": "1E-130"}, False),
        ({"N": "9.9E+125"}, False),
        ({"N": str((NOW - 1) * 1000)}, False),
        ({"N": "not a number"}, False),
        ({"S": str(NOW - 1)}, False),
        ({"NULL": True}, False),
        ({"L": [{"N": str(NOW - 1)}]}, False),
        ({"M": {"N": {"N": str(NOW - 1)}}}, False),
        ({"NS": [str(NOW - 1)]}, False),
        (None, False),
    ],
)
def test_what_ttl_deletes(value: dict[str, Any] | None, expired: bool) -> None:
    item: dict[str, Any] = {"pk": {"S": "a"}, "deep": {"M": {"ends": {"N": str(NOW - 1)}}}}
    if value is not None:
        item["ends"] = value
    wire = json.dumps(item).encode()
    assert Expiry("ends", NOW)(wire) is expired
    assert pickle.loads(pickle.dumps(Expiry("ends", NOW)))(wire) is expired
    number = (value or {}).get("N")
    assert has_expired(number if isinstance(number, str) else "", NOW) is expired
