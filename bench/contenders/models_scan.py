"""A whole scan as objects of a class, all in: sockets, checks, parsing, objects. Prints the CPU microseconds an item.

Run by bench/models.py, in the venv of the rivals: folder of this package's source, endpoint, name of the library.
"""

import sys
import time
from collections.abc import Callable, Iterable

sys.path.insert(0, sys.argv[1])
ENDPOINT = sys.argv[2]
KEYS = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench"}


def dynasmith() -> Iterable[object]:
    """Instances of a class with every attribute of the stub's items."""
    from decimal import Decimal

    from pydantic import BaseModel

    from dynasmith import Model, connect
    from dynasmith.models import Attr, Partition, Sort

    class Address(BaseModel):
        street: str
        city: str
        zip: str
        geo: list[Decimal]

    class Order(Model, table="bench"):
        pk: Partition[str]
        sk: Sort[str]
        name: Attr[str]
        email: Attr[str]
        age: Attr[int]
        balance: Attr[Decimal]
        active: Attr[bool]
        tags: Attr[set[str]]
        address: Attr[Address]
        photo: Attr[bytes]
        note: Attr[str]
        updated_at: Attr[int]

    return connect(endpoint=ENDPOINT, region="us-east-1").db().scan(Order)


def pynamodb() -> Iterable[object]:
    """The same with PynamoDB."""
    from pynamodb.attributes import (
        BinaryAttribute,
        BooleanAttribute,
        ListAttribute,
        MapAttribute,
        NumberAttribute,
        UnicodeAttribute,
        UnicodeSetAttribute,
    )
    from pynamodb.models import Model

    class Address(MapAttribute):
        street = UnicodeAttribute()
        city = UnicodeAttribute()
        zip = UnicodeAttribute()
        geo = ListAttribute(of=NumberAttribute)

    class Order(Model):
        class Meta:
            table_name = "bench"
            host = ENDPOINT
            region = "us-east-1"
            aws_access_key_id = "bench"
            aws_secret_access_key = "bench"

        pk = UnicodeAttribute(hash_key=True)
        sk = UnicodeAttribute(range_key=True)
        name = UnicodeAttribute()
        email = UnicodeAttribute()
        age = NumberAttribute()
        balance = NumberAttribute()
        active = BooleanAttribute()
        tags = UnicodeSetAttribute()
        address = Address()
        photo = BinaryAttribute(legacy_encoding=False)
        note = UnicodeAttribute()
        updated_at = NumberAttribute()

    return Order.scan()


def boto3() -> Iterable[object]:
    """Plain dicts of boto3's resource."""
    import boto3 as library

    table = library.resource("dynamodb", endpoint_url=ENDPOINT, region_name="us-east-1", **KEYS).Table("bench")
    more: dict[str, object] = {}
    while True:
        page = table.scan(**more)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def main() -> None:
    """One scan to warm up is the first page of the other."""
    make: Callable[[], Iterable[object]] = {"dynasmith": dynasmith, "PynamoDB": pynamodb, "boto3": boto3}[sys.argv[3]]
    items = iter(make())
    next(items)
    began = time.process_time()
    count = sum(1 for _ in items)
    sys.stdout.write(f"{(time.process_time() - began) / count * 1e6}\n")


if __name__ == "__main__":
    main()
