"""One side of a job, as it can be found again: a table, and where it is."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.errors import UsageError


class Side(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A table by its name, and where it is if not in the project's own environment. It never holds a secret."""

    table: str
    env: str = ""
    endpoint: str = ""
    region: str = ""
    profile: str = ""
    role_arn: str = ""

    @property
    def elsewhere(self) -> bool:
        """Whether it is not in the project's own environment."""
        return bool(self.env or self.endpoint or self.region or self.profile or self.role_arn)


def side_of(table: str | Side, *, isolated: bool) -> Side:
    """A side from a name, an ARN or a `Side`. An ARN names its Region too, unless the environment has an endpoint
    (``isolated``) and never leaves it. Raises UsageError for an ARN of anything but a table."""
    side = table if isinstance(table, Side) else Side(table=table)
    if not side.table.startswith("arn:"):
        return side
    parts = side.table.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("table/"):
        raise UsageError(f"{side.table} is not the ARN of a table.", hint="arn:aws:dynamodb:REGION:ACCOUNT:table/NAME")
    name = parts[5].removeprefix("table/")
    return replace(side, table=name, region=side.region or ("" if isolated else parts[3]))
