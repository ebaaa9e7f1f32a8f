"""What a transform itself costs, without anything around it: CPU microseconds an item, the best of some pages.

python bench/stage.py

One page of the stub's items (``bench/stub.py``) through the stage of a copy, in this process: identity (what every
transform costs), three attributes, every attribute. Beside it three attributes written out by hand for these items with
msgspec, on integers in place of Decimal. Minima, because a shared machine only ever adds.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parent / "contenders"))

from changes import lazy
from ours import native
from stub import PAGE_ITEMS, item

from dynasmith.engine.transfer.event_thread import RareGarbageCollection
from dynasmith.engine.transfer.transform_stage import Steps
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeyPart, KeySchema
from dynasmith.items.transform import Function, Transform
from dynasmith.items.wire import RawItem

PAGES = 25
KEY = KeySchema((KeyPart("pk", "S"),), (KeyPart("sk", "S"),))
_split = msgspec.json.Decoder(list[RawItem]).decode


_cut = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_value = msgspec.json.Decoder(dict[str, str]).decode


def best_us(function: Function) -> float:
    """The cheapest page, an item of it."""
    return _best(Steps(transform=Transform(function, Context(datetime.now(UTC), "bench", KEY), target=KEY)).apply)


def _best(work: Callable[[list[RawItem]], Any]) -> float:
    page = b"[" + b",".join(json.dumps(item(n), separators=(",", ":")).encode() for n in range(PAGE_ITEMS)) + b"]"
    best = float("inf")
    for _ in range(PAGES):
        began = time.process_time()
        work(_split(page))
        best = min(best, time.process_time() - began)
    return best / PAGE_ITEMS * 1e6


def by_hand(items: list[RawItem]) -> list[bytes]:
    """Three attributes changed by code that knows them."""
    encode, made = msgspec.json.encode, []
    for raw in items:
        cut: dict[str, Any] = _cut(raw)
        cut["age"] = {"N": str(int(_value(cut["age"])["N"]) + 1)}
        cut["name"] = {"S": _value(cut["name"])["S"].upper()}
        cut["updated_at"] = {"N": str(int(_value(cut["updated_at"])["N"]) + 1)}
        made.append(encode(cut))
    return made


def main() -> int:
    """Measure and print."""
    kinds: dict[str, Function] = {
        "identity": lambda item, _ctx: item,
        "three attributes read, changed and written": lazy,
        "every attribute to Python and back": native,
    }
    sys.stdout.write("| transform | CPU us an item |\n|---|---|\n")
    with RareGarbageCollection():
        for name, function in kinds.items():
            sys.stdout.write(f"| {name} | {best_us(function):.1f} |\n")
        sys.stdout.write(f"| three attributes, by hand | {_best(by_hand):.1f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
