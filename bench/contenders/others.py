"""What else Python copies tables with: ``others.py ENDPOINT ITEMS WAY raw|lazy|native``. One process, as each one's own
docs do it. ``lazy`` changes three attributes of each item. ``native`` has every attribute in Python and back, which all
but boto3's client do in any case.

boto3 clients and tables run in four threads (more do not help: the interpreter lock is what they wait for).
"""

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from measure import measure

SEGMENTS = 4
KEYS = {"region_name": "us-east-1", "aws_access_key_id": "dummy", "aws_secret_access_key": "dummy"}


KIND = "raw"


def changed(item: Any) -> Any:
    """The item after the transform of the row: three attributes, where it is the lazy one."""
    if KIND == "lazy":
        item["age"] = item["age"] + 1
        item["name"] = item["name"].upper()
        item["updated_at"] = item["updated_at"] + 1
    return item


def slices(items: list[Any], size: int = 25) -> Iterator[list[Any]]:
    """Parts of a page, a batch each."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def threads(one: Any) -> int:
    """Run a segment a thread."""
    with ThreadPoolExecutor(SEGMENTS) as pool:
        return sum(pool.map(one, range(SEGMENTS)))


def boto3_resource(endpoint: str) -> int:
    """The resource with batch_writer."""
    import boto3

    def segment(number: int) -> int:
        resource = boto3.session.Session().resource("dynamodb", endpoint_url=endpoint, **KEYS)
        source, target, done = resource.Table("a"), resource.Table("b"), 0
        more: dict[str, Any] = {}
        with target.batch_writer() as batch:
            while True:
                page = source.scan(Segment=number, TotalSegments=SEGMENTS, **more)
                for item in page["Items"]:
                    batch.put_item(Item=changed(item))
                done += len(page["Items"])
                if "LastEvaluatedKey" not in page:
                    return done
                more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    return threads(segment)


def boto3_client(endpoint: str) -> int:
    """The client; items as they come, converted by its own types where the transform wants them in Python."""
    import boto3
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

    client = boto3.client("dynamodb", endpoint_url=endpoint, **KEYS)
    read, write = TypeDeserializer().deserialize, TypeSerializer().serialize

    def wire(item: dict[str, Any]) -> dict[str, Any]:
        if KIND == "lazy":
            for name in ("age", "updated_at"):
                item[name] = {"N": str(int(item[name]["N"]) + 1)}
            item["name"] = {"S": item["name"]["S"].upper()}
        if KIND == "native":
            return {name: write(read(value)) for name, value in item.items()}
        return item

    def segment(number: int) -> int:
        done, more = 0, {}
        while True:
            page = client.scan(TableName="a", Segment=number, TotalSegments=SEGMENTS, **more)
            for batch in slices(page["Items"]):
                left = {"b": [{"PutRequest": {"Item": wire(item)}} for item in batch]}
                while left:
                    left = client.batch_write_item(RequestItems=left)["UnprocessedItems"]
            done += len(page["Items"])
            if "LastEvaluatedKey" not in page:
                return done
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    return threads(segment)


def pynamodb(endpoint: str) -> int:
    """Models with batch_write."""
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

    def model(table: str) -> Any:
        class Copied(Model):
            class Meta:
                table_name = table
                host = endpoint
                region = "us-east-1"
                aws_access_key_id = "dummy"
                aws_secret_access_key = "dummy"

            pk = UnicodeAttribute(hash_key=True)
            sk = UnicodeAttribute(range_key=True)
            name = UnicodeAttribute()
            email = UnicodeAttribute()
            age = NumberAttribute()
            balance = NumberAttribute()
            active = BooleanAttribute()
            tags = UnicodeSetAttribute()
            address = MapAttribute()
            photo = BinaryAttribute(legacy_encoding=False)
            note = UnicodeAttribute()
            updated_at = NumberAttribute()
            unused = ListAttribute(null=True)

        return Copied

    source, target = model("a"), model("b")
    done = 0
    with target.batch_write() as batch:
        for item in source.scan():
            batch.save(target(**changed(item.attribute_values)))
            done += 1
    return done


def aiodynamo(endpoint: str) -> int:
    """aiodynamo over aiohttp, segments side by side."""
    from aiodynamo.client import URL, Client
    from aiodynamo.credentials import Key, StaticCredentials
    from aiodynamo.http.aiohttp import AIOHTTP
    from aiodynamo.models import BatchWriteRequest
    from aiohttp import ClientSession

    async def main() -> int:
        async with ClientSession() as session:
            client = Client(AIOHTTP(session), StaticCredentials(Key("dummy", "dummy")), "us-east-1", URL(endpoint))
            done = 0

            async def write(items: list[Any]) -> None:
                request = {"b": BatchWriteRequest(items_to_put=items)}
                result = await client.batch_write(request)
                assert not result

            pending: set[asyncio.Task[None]] = set()
            batch: list[Any] = []
            async for item in client.scan("a"):
                batch.append(changed(item))
                done += 1
                if len(batch) == 25:
                    pending.add(asyncio.create_task(write(batch)))
                    batch = []
                    if len(pending) >= 16:
                        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            if batch:
                await write(batch)
            await asyncio.gather(*pending)
            return done

    return asyncio.run(main())


def pydynox(endpoint: str) -> int:
    """pydynox, whose core is Rust: scan and batch_write of its client."""
    from pydynox import DynamoDBClient

    client = DynamoDBClient(region="us-east-1", access_key="dummy", secret_key="dummy", endpoint_url=endpoint)
    done, batch = 0, []
    for item in client.sync_scan("a"):
        batch.append(changed(item))
        done += 1
        if len(batch) == 25:
            client.sync_batch_write("b", put_items=batch)
            batch = []
    if batch:
        client.sync_batch_write("b", put_items=batch)
    return done


WAYS = {
    "boto3-resource": boto3_resource,
    "boto3-client": boto3_client,
    "pynamodb": pynamodb,
    "aiodynamo": aiodynamo,
    "pydynox": pydynox,
}

if __name__ == "__main__":
    _, address, _, way, KIND = sys.argv
    measure(lambda: WAYS[way](address))
