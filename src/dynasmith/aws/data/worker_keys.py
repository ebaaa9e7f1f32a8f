"""The keys of a worker that runs elsewhere: its own, since no key of the job crosses."""

import asyncio
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from dynasmith.aws.data.signature import SigningKeys
from dynasmith.errors import CredentialsExpired, NoCredentials
from dynasmith.ports.remote_reference import RemoteReference


@dataclass(frozen=True, slots=True)
class WorkerKeys(RemoteReference):
    """The keys that botocore's chain finds where the worker runs: the role of a task, of a pod, of an instance."""

    async def ask(self, question: bytes) -> bytes:  # noqa: ARG002  # there is one question
        """The keys, as ``Credentials`` reads them. Raises NoCredentials, CredentialsExpired (not refreshed)."""
        return msgspec.msgpack.encode(await asyncio.to_thread(_frozen))


@cache
def _chain() -> Any:
    import botocore.session  # a worker of the same machine does not need it

    return botocore.session.get_session().get_credentials()


def _frozen() -> SigningKeys:
    from botocore.exceptions import BotoCoreError

    hint = "give the worker a role (of its task, pod or instance) that may read and write the tables"
    found = _chain()
    if found is None:
        raise NoCredentials("The worker has no AWS credentials of its own.", hint=hint)
    try:
        frozen = found.get_frozen_credentials()
    except BotoCoreError as error:
        raise CredentialsExpired(f"The worker could not refresh its AWS credentials: {error}", hint=hint) from error
    return SigningKeys(frozen.access_key, frozen.secret_key, frozen.token or "")
