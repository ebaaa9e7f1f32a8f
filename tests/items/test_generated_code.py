"""The code made for one sample item, printed: `pytest -s tests/items/test_generated_code.py`."""

import msgspec

from dynasmith.items.digest import item_hash
from dynasmith.items.digester import Digester
from dynasmith.items.item_reader import native_reader
from dynasmith.items.wire import decode_item
from dynasmith.items.writer import Writer
from pages.generated_code import SAMPLE, generated_code_page


def test_the_page_shows_the_code_that_runs() -> None:
    print(generated_code_page())  # noqa: T201  # for who wants to see it
    read, write, digester = native_reader(first=2), Writer(first=2), Digester(first=2)
    for item in (*SAMPLE, *SAMPLE):  # the second time by the code
        wire = msgspec.json.encode(item)
        assert read(wire) == decode_item(wire)
        assert msgspec.json.decode(write(decode_item(wire))) == item
        assert digester.hash(wire) == item_hash(wire)
