"""``m.client()`` and ``m.db()`` of a dry run, in the guarded process: reads pass, writes are counted and not sent."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dynasmith.aws.control.guard.child_process import client_of_variables
from dynasmith.aws.control.model_items import AwsModelItems
from dynasmith.aws.control.session import Session
from dynasmith.engine.crypto.key_set import KeySet
from dynasmith.errors import RunError
from dynasmith.ports.access import AccessOptions, AccessSection, resolve_access
from dynasmith.ports.encryption import EncryptionKey
from dynasmith.project.settings import EnvironmentSettings
from dynasmith.project.world import SystemClock

if TYPE_CHECKING:
    from dynasmith.engine.db.db import Db


def guarded_client(service: str, asked: Callable[[str], None]) -> Any:
    """A boto3 client whose calls go to the guard; ``asked`` hears of each table that one names, before it is sent."""

    def note(params: Mapping[str, Any], **_: Any) -> None:
        if table := params.get("TableName"):
            asked(str(table))

    client = client_of_variables(service)
    client.meta.events.register("provide-client-params.dynamodb", note)
    return client


def guarded_db(settings: EnvironmentSettings) -> Db:
    """The items of model classes, through the guard. It has no keys: an encrypted value cannot be read or written."""
    from dynasmith.engine.db.context import DbContext  # these load pydantic, an extra
    from dynasmith.engine.db.db import Db
    from dynasmith.engine.db.encryption import EncryptingItems

    variables = os.environ
    options = AccessOptions(
        endpoint=variables["AWS_ENDPOINT_URL"],
        region=variables["AWS_DEFAULT_REGION"],
        access_key=variables["AWS_ACCESS_KEY_ID"],
        secret_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    session = Session(resolve_access(options, {}, AccessSection(name=settings.environment)))
    cipher = KeySet({}, _no_key, _no_data_keys, SystemClock())

    def physical(table: str) -> str:
        return table if settings.physical else f"{settings.prefix}{table}{settings.suffix}"

    return Db(DbContext(EncryptingItems(AwsModelItems(session), cipher), SystemClock(), physical, cipher))


def _no_key(name: str, _key: EncryptionKey) -> bytes:
    raise RunError(f"key {name} is not given to the code of a dry run")


def _no_data_keys() -> Any:
    raise RunError("no key is given to the code of a dry run")
