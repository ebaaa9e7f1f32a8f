"""Decode and encode of one item with each library: prints {name: [decode us, encode us]} as JSON.

Run by bench/models.py, in the venv of the rivals; the argument is the folder of this package's source.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

sys.path.insert(0, sys.argv[1])

ROUNDS, ITEMS = 60, 200
TREE = {
    "id": {"S": "b7c1a0f2-3c55-4a60-9d4b-6c8f0d1e2a3b"},
    "customer": {"S": "customer-00042"},
    "email": {"S": "ann@example.com"},
    "status": {"S": "paid"},
    "notes": {"S": "x" * 480},
    "total": {"N": "1249.5"},
    "quantity": {"N": "7"},
    "score": {"N": "0.25"},
    "gift": {"BOOL": True},
    "created": {"S": "2026-03-01T10:20:30.123456Z"},
    "tags": {"SS": ["blue", "green", "red"]},
    "address": {"M": {"street": {"S": "Main Street 1"}, "city": {"S": "Bern"}, "zip": {"S": "3000"}}},
}


def best_us(work: Callable[[], object]) -> float:
    """The cheapest round, an item of it, in CPU microseconds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(ITEMS):
            work()
        best = min(best, time.process_time() - began)
    return best / ITEMS * 1e6


def dynasmith() -> tuple[Callable[[], object], Callable[[], object]]:
    from pydantic import BaseModel

    from dynasmith.models import Attr, Model, Partition
    from dynasmith.models.metaclass import codec_of

    class Address(BaseModel):
        street: str
        city: str
        zip: str

    class Order(Model, table="orders"):
        id: Partition[str]
        customer: Attr[str]
        email: Attr[str]
        status: Attr[str]
        notes: Attr[str]
        total: Attr[Decimal]
        quantity: Attr[int]
        score: Attr[float]
        gift: Attr[bool]
        created: Attr[datetime]
        tags: Attr[set[str]]
        address: Attr[Address]

    codec = codec_of(Order)
    order = codec.read(TREE)
    assert codec.write(order) == TREE, codec.write(order)
    return lambda: codec.read(TREE), lambda: codec.write(order)


def pynamodb() -> tuple[Callable[[], object], Callable[[], object]]:
    from pynamodb.attributes import (
        BooleanAttribute,
        MapAttribute,
        NumberAttribute,
        UnicodeAttribute,
        UnicodeSetAttribute,
        UTCDateTimeAttribute,
    )
    from pynamodb.models import Model

    class Address(MapAttribute):
        street = UnicodeAttribute()
        city = UnicodeAttribute()
        zip = UnicodeAttribute()

    class Order(Model):
        class Meta:
            table_name = "orders"
            region = "us-east-1"

        id = UnicodeAttribute(hash_key=True)
        customer = UnicodeAttribute()
        email = UnicodeAttribute()
        status = UnicodeAttribute()
        notes = UnicodeAttribute()
        total = NumberAttribute()
        quantity = NumberAttribute()
        score = NumberAttribute()
        gift = BooleanAttribute()
        created = UTCDateTimeAttribute()
        tags = UnicodeSetAttribute()
        address = Address()

    tree = {**TREE, "created": {"S": "2026-03-01T10:20:30.123456+0000"}}
    order = Order.from_raw_data(tree)
    assert order.address.city == "Bern"
    return lambda: Order.from_raw_data(tree), order.serialize


def dyntastic() -> tuple[Callable[[], object], Callable[[], object]]:
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
    from dyntastic import Dyntastic
    from pydantic import BaseModel

    class Address(BaseModel):
        street: str
        city: str
        zip: str

    class Order(Dyntastic):
        __table_name__ = "orders"
        __hash_key__ = "id"
        id: str
        customer: str
        email: str
        status: str
        notes: str
        total: Decimal
        quantity: int
        score: Decimal  # it refuses a float
        gift: bool
        created: datetime
        tags: set[str]
        address: Address

    # Its tables are boto3's resources, which convert between their form and Python's.
    read, write = TypeDeserializer().deserialize, TypeSerializer().serialize
    from dyntastic.attr import serialize

    def decode() -> Order:
        return Order(**{name: read(value) for name, value in TREE.items()})

    order = decode()

    def encode() -> object:
        return {name: write(value) for name, value in serialize(order.model_dump()).items()}

    assert encode()
    return decode, encode


def pydynox() -> tuple[Callable[[], object], Callable[[], object]]:
    from pydynox import Model, ModelConfig, pydynox_core
    from pydynox.attributes import (
        BooleanAttribute,
        DatetimeAttribute,
        MapAttribute,
        NumberAttribute,
        StringAttribute,
        StringSetAttribute,
    )

    class Order(Model):
        model_config = ModelConfig(table="orders")
        id = StringAttribute(partition_key=True)
        customer = StringAttribute()
        email = StringAttribute()
        status = StringAttribute()
        notes = StringAttribute()
        total = NumberAttribute()
        quantity = NumberAttribute()
        score = NumberAttribute()
        gift = BooleanAttribute()
        created = DatetimeAttribute()
        tags = StringSetAttribute()
        address = MapAttribute()  # a dict: its classes have no maps of a class

    read, write = pydynox_core.item_from_dynamo, pydynox_core.item_to_dynamo
    order = Order.from_dict(read(TREE))
    assert order.created.year == 2026
    return lambda: Order.from_dict(read(TREE)), lambda: write(order.to_dict())


def pydynox_without_a_class() -> tuple[Callable[[], object], Callable[[], object]]:
    from pydynox import pydynox_core

    # Only its conversion in Rust, between the two forms of a whole item: no class, no datetime.
    read, write = pydynox_core.item_from_dynamo, pydynox_core.item_to_dynamo
    plain = read(TREE)
    return lambda: read(TREE), lambda: write(plain)


def boto3() -> tuple[Callable[[], object], Callable[[], object]]:
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

    read, write = TypeDeserializer().deserialize, TypeSerializer().serialize
    plain = {name: read(value) for name, value in TREE.items()}
    return (
        lambda: {name: read(value) for name, value in TREE.items()},
        lambda: {name: write(value) for name, value in plain.items()},
    )


def main() -> None:
    """Measure each in turn, twice, and keep the better of both: a shared machine only ever adds."""
    makers = {
        "dynasmith": dynasmith,
        "PynamoDB": pynamodb,
        "dyntastic": dyntastic,
        "pydynox": pydynox,
        "boto3": boto3,
        "pydynox, dicts only": pydynox_without_a_class,
    }
    work = {name: make() for name, make in makers.items()}
    figures = {name: [float("inf"), float("inf")] for name in work}
    for _ in range(2):
        for name, (decode, encode) in work.items():
            figures[name] = [min(figures[name][0], best_us(decode)), min(figures[name][1], best_us(encode))]
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    _ = UTC
    main()
