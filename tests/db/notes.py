"""Classes with what a batch cannot do, and their tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from dynasmith import Db, connect
from dynasmith.models import Attr, Model, Partition, attr, created_at, deleted_at, tables_of, template, updated_at
from dynasmith.models import gsi as index
from dynasmith.strict import StrictServer


class Note(Model, table="batch_notes"):
    """A class with time stamps, in a template as well, and items that stay when they are deleted."""

    id: Partition[str]
    kind: Attr[str] = attr(default="k")
    text: Attr[str] = attr(default="")
    created: Attr[datetime] = created_at()
    updated: Attr[datetime] = updated_at()
    deleted: Attr[datetime | None] = deleted_at()
    by_kind_pk = template("kind:{kind}")
    by_kind_sk = template("{created}")
    by_kind = index("by_kind_pk", sort="by_kind_sk")


class Code(Model, table="batch_codes"):
    """A class with a unique attribute."""

    id: Partition[str]
    code: Attr[str] = attr(unique=True)


@pytest.fixture(scope="module")
def notes(endpoint: StrictServer) -> Iterator[Db]:
    """The tables of these classes."""
    tables = tables_of(Note, Code)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock) as project:
        project.ensure()
        yield project.db()
