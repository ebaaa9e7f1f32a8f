"""What masks tables today: ``faker_script.py ENDPOINT seeded|random``. boto3's resource, four threads, Faker.

``seeded`` gives one value the same replacement each time, in this run and the next, as related tables need it.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from measure import measure

SEGMENTS = 4
KEYS = {"region_name": "us-east-1", "aws_access_key_id": "dummy", "aws_secret_access_key": "dummy"}


def segment(endpoint: str, number: int, seeded: bool) -> int:
    """Copy one segment, masked; how many items."""
    import boto3
    from faker import Faker

    fake = Faker()
    resource = boto3.session.Session().resource("dynamodb", endpoint_url=endpoint, **KEYS)
    source, target, done = resource.Table("a"), resource.Table("b"), 0
    more: dict[str, Any] = {}

    def made(provider: Any, value: str) -> str:
        if seeded:
            fake.seed_instance(value)
        return str(provider())

    with target.batch_writer() as batch:
        while True:
            page = source.scan(Segment=number, TotalSegments=SEGMENTS, **more)
            for item in page["Items"]:
                item["name"] = made(fake.name, item["name"])
                item["email"] = made(fake.safe_email, item["email"])
                item["address"]["street"] = made(fake.street_address, item["address"]["street"])
                item["note"] = "[masked]"
                batch.put_item(Item=item)
            done += len(page["Items"])
            if "LastEvaluatedKey" not in page:
                return done
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def main(endpoint: str, way: str) -> None:
    """Copy once and print the figures."""

    def work() -> int:
        with ThreadPoolExecutor(SEGMENTS) as pool:
            return sum(pool.map(lambda number: segment(endpoint, number, way == "seeded"), range(SEGMENTS)))

    measure(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
