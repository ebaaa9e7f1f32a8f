"""Leaving an engine as it was found: what a test made through the endpoint is deleted in the engine itself."""

from dynasmith.strict.services.mappings.engine_calls import MAPPINGS, ask_lambda
from dynasmith.strict.services.metrics import take_back
from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.wire.credentials import credentials_of
from dynasmith.strict.wire.messages import WireRequest


async def wipe(world: StrictWorld) -> None:
    """Delete every table, backup and event source mapping that the endpoint knows, also protected ones; it forgets
    them."""
    for account in world.accounts.values():
        own = IncomingCall(
            WireRequest(b"POST", b"/", credentials_of(account.key), b""), "", {}, account, world.clock.time()
        )
        for name in list(account.tables):
            if account.tables[name].protected:
                await world.ask(own, "UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
            await world.ask(own, "DeleteTable", {"TableName": name})
        for arn, backup in account.backups.items():
            if not backup.deleted:
                await world.ask(own, "DeleteBackup", {"BackupArn": arn})
        for uuid in list(account.mappings):
            world.callers.pop(uuid).cancel()
            await ask_lambda(world, account, "DELETE", f"{MAPPINGS}/{uuid}")
        account.mappings.clear()
        account.feeds.clear()
        account.streams.clear()
        account.policies.clear()
        await take_back(world, account)
        account.tables.clear()
        account.backups.clear()
