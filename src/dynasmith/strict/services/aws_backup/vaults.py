"""Vaults, and the settings of a Region."""

from typing import Any

from dynasmith.strict.services.aws_backup.call import Answer, BackupCall, BackupHandler, page
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.aws_backup import BackupVault


async def create_vault(_: StrictWorld, call: BackupCall) -> Answer:
    """CreateBackupVault; with the id of an earlier request it is that vault."""
    name = str(call.body["BackupVaultName"])
    region, number = call.account.key[1], call.account.number
    vault = call.held.vaults.setdefault(
        name,
        BackupVault(
            name,
            call.arn("backup-vault", name),
            call.now,
            call.body.get("EncryptionKeyArn") or f"arn:aws:kms:{region}:{number}:alias/aws/backup",
            str(call.body.get("CreatorRequestId") or ""),
            dict(call.body.get("BackupVaultTags") or {}),
        ),
    )
    return {"BackupVaultName": name, "BackupVaultArn": vault.arn, "CreationDate": vault.created_at}


def _described(call: BackupCall, vault: BackupVault) -> dict[str, Any]:
    return {
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
        "VaultType": "BACKUP_VAULT",
        "VaultState": "AVAILABLE",
        "EncryptionKeyArn": vault.key,
        "CreationDate": vault.created_at,
        "NumberOfRecoveryPoints": len(call.held.points_of(vault.name)),
        "Locked": False,
    }


async def describe_vault(_: StrictWorld, call: BackupCall) -> Answer:
    """DescribeBackupVault."""
    return _described(call, call.held.vaults[str(call.body["BackupVaultName"])])


async def list_vaults(_: StrictWorld, call: BackupCall) -> Answer:
    """ListBackupVaults."""
    return page(call, "BackupVaultList", [_described(call, vault) for vault in call.held.vaults.values()])


async def delete_vault(_: StrictWorld, call: BackupCall) -> Answer:
    """DeleteBackupVault."""
    del call.held.vaults[str(call.body["BackupVaultName"])]
    return {}


async def describe_region(_: StrictWorld, call: BackupCall) -> Answer:
    """DescribeRegionSettings."""
    return {
        "ResourceTypeOptInPreference": dict(call.held.opted_in),
        "ResourceTypeManagementPreference": dict(call.held.managed),
    }


async def update_region(_: StrictWorld, call: BackupCall) -> Answer:
    """UpdateRegionSettings."""
    call.held.opted_in.update(call.body.get("ResourceTypeOptInPreference") or {})
    call.held.managed.update(call.body.get("ResourceTypeManagementPreference") or {})
    return {}


VAULTS: dict[str, BackupHandler] = {
    "CreateBackupVault": create_vault,
    "DescribeBackupVault": describe_vault,
    "ListBackupVaults": list_vaults,
    "DeleteBackupVault": delete_vault,
    "DescribeRegionSettings": describe_region,
    "UpdateRegionSettings": update_region,
}
