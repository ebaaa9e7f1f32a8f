"""The cost of `plan` where nothing has changed, in own CPU: 100 tables on ministack. Run: ``python -m bench.plan``.

Side by side: what a describe of the same tables costs with boto3's client alone, one call a table.
"""

import resource
import time

import boto3
from msgspec.structs import replace

from dynasmith import Index, Key, KeyAttribute, Table, connect
from dynasmith.local import start_ministack
from dynasmith.tables.table import Recovery

TABLES = 100


def definition(number: int) -> Table:
    """One ordinary table: two indexes, TTL, recovery, tags."""
    names = ("pk", "sk", "status", "day")
    pk, sk, status, day = (KeyAttribute(name=name, type="S") for name in names)
    return Table(
        name=f"table-{number:03}",
        key=Key(partition=(pk,), sort=(sk,)),
        indexes=(
            Index(name="by_status", key=Key(partition=(status,), sort=(sk,))),
            Index(name="by_day", key=Key(partition=(day,))),
        ),
        time_to_live="expires_at",
        recovery=Recovery(),
        tags={"team": "bench"},
    )


def cpu_seconds() -> float:
    """User and system time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print both rows and their ratio."""
    tables = [definition(number) for number in range(TABLES)]
    with start_ministack() as engine:
        with connect(endpoint=engine.endpoint, region="us-east-1", tables=tables) as project:
            project.ensure()
            for attempt in ("first, clients made", "again, clients there"):
                cpu, wall = cpu_seconds(), time.monotonic()
                plan = project.plan()
                assert plan.is_empty, plan
                used = cpu_seconds() - cpu
                print(
                    f"plan of {TABLES} unchanged tables ({attempt}): {used:.2f} s CPU, {time.monotonic() - wall:.2f} s"
                )
            fewer = [replace(each, time_to_live=None) for each in tables[:1]]
            assert not connect(endpoint=engine.endpoint, region="us-east-1", tables=fewer).plan().is_empty
        client = boto3.client(
            "dynamodb",
            endpoint_url=engine.endpoint,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        cpu = cpu_seconds()
        for each in tables:
            client.describe_table(TableName=each.name)
        alone = cpu_seconds() - cpu
        print(
            f"boto3 describe_table alone, {TABLES} calls: {alone:.2f} s CPU; plan costs {used / alone:.1f} times that"
        )


if __name__ == "__main__":
    main()
