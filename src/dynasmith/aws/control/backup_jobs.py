"""`AwsBackupJobs`: the jobs of AWS Backup for DynamoDB tables, and what else of it no setting of a table is."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from dynasmith.aws.control.session import Session
from dynasmith.aws.settings.live_backup_plan import Answer, live_plan, pages, selections
from dynasmith.errors import DynasmithError, ServiceError
from dynasmith.ports.backup_jobs import BAD_STATES, BackupJob

_ABSENT: Final = "ResourceNotFoundException"


class AwsBackupJobs:
    """Calls of AWS Backup about jobs. Safe to use from several threads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, arn: str = "", state: str = "") -> Iterator[BackupJob]:
        """The jobs of DynamoDB, or of the table with this ARN. One call a page; in no order."""
        asked: dict[str, Any] = {"ByResourceType": "DynamoDB"}
        if arn:
            asked["ByResourceArn"] = arn
        if state:
            asked["ByState"] = state
        for each in pages(self._session, "ListBackupJobs", "BackupJobs", asked):
            yield _job(each)

    def show(self, identity: str) -> BackupJob:
        """One job. Raises ServiceError where there is none."""
        try:
            return _job(self._session.call("backup", "DescribeBackupJob", {"BackupJobId": identity}))
        except ServiceError as error:
            if error.service_code == _ABSENT:
                sentence = f"Backup job {identity} was not found."
                raise ServiceError(sentence, hint="dynasmith backup jobs lists them") from error
            raise

    def delete_plan(self, table: str, arn: str) -> str:
        """Delete the plan of a table if it selects nothing; its id, empty if the table has no plan."""
        live = live_plan(self._session, table, arn)
        if live is None or list(selections(self._session, live.plan_id, table=table)):
            return ""
        self._session.call("backup", "DeleteBackupPlan", {"BackupPlanId": live.plan_id}, table=table)
        return live.plan_id

    def missing(self, actions: Iterable[str]) -> tuple[str, ...]:
        """Which of these actions the caller's policies do not allow, as IAM says it; all where it does not say."""
        wanted = sorted(set(actions))
        try:
            arn = policy_source(self._session.caller().arn)
            asked = {"PolicySourceArn": arn, "ActionNames": wanted}
            told = self._session.call("iam", "SimulatePrincipalPolicy", asked)
        except DynasmithError:
            return tuple(wanted)
        decided = {each["EvalActionName"]: each["EvalDecision"] for each in told.get("EvaluationResults") or ()}
        return tuple(action for action in wanted if decided.get(action) != "allowed") or tuple(wanted)


def policy_source(caller: str) -> str:
    """The ARN of the role behind a session (``assumed-role/NAME/SESSION``), which has the policies; else itself."""
    parts = caller.split(":")
    kind, _, rest = parts[-1].partition("/")
    if len(parts) < 6 or kind != "assumed-role":
        return caller
    return f"arn:{parts[1]}:iam::{parts[4]}:role/{rest.partition('/')[0]}"


def _job(told: Answer) -> BackupJob:
    state = str(told.get("State", ""))
    return BackupJob(
        id=str(told["BackupJobId"]),
        table=str(told.get("ResourceArn", "")).partition(":table/")[2],
        state=state,
        reason=str(told.get("StatusMessage") or "") if state in BAD_STATES else "",
        started_at=_time(told.get("CreationDate")),
        completed_at=_time(told.get("CompletionDate")),
        recovery_point_arn=str(told.get("RecoveryPointArn") or ""),
    )


def _time(value: Any) -> datetime | None:
    return value.astimezone(UTC) if isinstance(value, datetime) else None
