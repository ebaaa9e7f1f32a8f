"""`AwsBackupRoom`: what a scheduled backup needs: role, vault, key and the opt-in of the Region."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynasmith.aws.control.session import Session
from dynasmith.aws.settings.live_backup_plan import vault_key
from dynasmith.errors import ServiceError

BACKUP_ACTIONS: Final = ("dynamodb:CreateBackup", "dynamodb:DescribeTable", "dynamodb:StartAwsBackupJob")
"""What AWS Backup does with its role to back up a table (AWSBackupServiceRolePolicyForBackup)."""
BACKUP_SERVICE: Final = "backup.amazonaws.com"
_ABSENT: Final = ("NoSuchEntity", "NoSuchEntityException")
_USABLE_KEYS: Final = ("Enabled", "")


class AwsBackupRoom:
    """Reads only."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def opted_in(self) -> bool:
        """Whether the Region is opted in for DynamoDB. One call."""
        told = self._session.call("backup", "DescribeRegionSettings")
        return bool((told.get("ResourceTypeOptInPreference") or {}).get("DynamoDB"))

    def trust(self, role: str) -> Mapping[str, Any] | None:
        """The trust policy of a role by its ARN; None if the role does not exist. One call."""
        try:
            told = self._session.call("iam", "GetRole", {"RoleName": role.rpartition("/")[2]})["Role"]
        except ServiceError as error:
            if error.service_code in _ABSENT:
                return None
            raise
        document: Mapping[str, Any] = told["AssumeRolePolicyDocument"]
        return document

    def lacking(self, role: str, table_arn: str) -> tuple[str, ...]:
        """Which of `BACKUP_ACTIONS` the policies of a role do not allow on a table, all of them. One call of IAM."""
        asked = {"PolicySourceArn": role, "ActionNames": [*BACKUP_ACTIONS], "ResourceArns": [table_arn]}
        told = self._session.call("iam", "SimulatePrincipalPolicy", asked)
        decided = {each["EvalActionName"]: each["EvalDecision"] for each in told["EvaluationResults"]}
        return tuple(action for action in BACKUP_ACTIONS if decided.get(action) != "allowed")

    def vault_key(self, vault: str) -> str | None:
        """The key of a vault; None if the vault does not exist."""
        return vault_key(self._session, vault)

    def key_state(self, key: str) -> str:
        """The state of a key that keeps backups from being made; empty for one that can be used, or of AWS's own."""
        if ":key/" not in key:
            return ""
        told = self._session.call("kms", "DescribeKey", {"KeyId": key})["KeyMetadata"]
        state = str(told.get("KeyState", ""))
        return "" if state in _USABLE_KEYS else state


def trusts_aws_backup(document: Mapping[str, Any]) -> bool:
    """Whether a trust policy lets AWS Backup take the role."""
    found = document.get("Statement", [])
    statements: Sequence[Mapping[str, Any]] = [found] if isinstance(found, Mapping) else found
    return any(
        each.get("Effect") == "Allow"
        and BACKUP_SERVICE in _services(each.get("Principal"))
        and {"sts:AssumeRole", "sts:*", "*"} & set(_texts(each.get("Action")))
        for each in statements
    )


def _services(principal: Any) -> list[str]:
    return _texts(principal.get("Service")) if isinstance(principal, Mapping) else []


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
