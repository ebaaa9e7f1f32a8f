"""A bucket in an engine, for as long as a test needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.config
import botocore.session


def s3_of(endpoint: str, account: str = "dummy") -> Any:
    """A botocore S3 client with dummy credentials for ``endpoint``, that owes nothing to dynasmith."""
    session = botocore.session.Session()
    session.set_credentials(account, "dummy")
    config = botocore.config.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return session.create_client("s3", region_name="us-east-1", endpoint_url=endpoint, config=config)


def keys_of(client: Any, bucket: str, prefix: str = "") -> list[str]:
    """Every key of a bucket."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", ())]


@contextmanager
def a_bucket(endpoint: str, name: str, account: str = "dummy") -> Iterator[Any]:
    """A client of an engine that has the bucket, until the end."""
    client = s3_of(endpoint, account)
    client.create_bucket(Bucket=name)
    try:
        yield client
    finally:
        for key in keys_of(client, name):
            client.delete_object(Bucket=name, Key=key)
        client.delete_bucket(Bucket=name)
        client.close()
