"""Leaving an engine as it was found: what a test made through the endpoint is deleted in the engine itself."""

from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.state.state import Account
from dynasmith.strict.wire.messages import WireRequest


def credentials_of(account: Account) -> dict[bytes, bytes]:
    """Headers that put a call of the endpoint's own into an account and Region; engines check no signature."""
    access, region = account.key
    credential = f"{access or 'strict'}/20260101/{region}/dynamodb/aws4_request"
    return {b"authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0".encode()}


async def wipe(world: StrictWorld) -> None:
    """Delete every table and backup that the endpoint knows, also protected ones; the endpoint forgets them."""
    for account in world.accounts.values():
        own = IncomingCall(
            WireRequest(b"POST", b"/", credentials_of(account), b""), "", {}, account, world.clock.time()
        )
        for name in list(account.tables):
            if account.tables[name].protected:
                await world.ask(own, "UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
            await world.ask(own, "DeleteTable", {"TableName": name})
        for arn, backup in account.backups.items():
            if not backup.deleted:
                await world.ask(own, "DeleteBackup", {"BackupArn": arn})
        account.tables.clear()
        account.backups.clear()
