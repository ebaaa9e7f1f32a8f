"""What it means that Lambda refuses a trigger: which function, which role, which actions it lacks."""

from typing import Any, Final

from dynasmith.aws.settings.request import Service
from dynasmith.errors import DynasmithError, RunError, ServiceError, TableBusy
from dynasmith.tables.settings.forms import is_set
from dynasmith.tables.settings.trigger_parts import function_key
from dynasmith.tables.table import Trigger

READS_STREAM: Final = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)
"""What the role of a function needs to be called with the changes of a stream (managed policy
AWSLambdaDynamoDBExecutionRole)."""
SENDS: Final = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "s3": "s3:PutObject"}
"""What it needs to give a batch up to a destination, by the service of its ARN."""
_MISSING: Final = ("ResourceNotFoundException",)
_NO_ROLE: Final = ("NoSuchEntity", "NoSuchEntityException")
_POLICY_SECONDS_MAX: Final = 60.0
"""How long a policy may take until Lambda knows it (seen: some 10 s)."""
_INVALID: Final = ("InvalidParameterValueException",)


def role_of(session: Service, function: str) -> str | None:
    """The ARN of a function's role; None if the function, its alias or version does not exist. One call."""
    name, _, qualifier = function_key(function).partition(":")
    asked = {"FunctionName": function if function.startswith("arn:") else name}
    if qualifier and not function.startswith("arn:"):
        asked["Qualifier"] = qualifier
    try:
        return str(session.call("lambda", "GetFunctionConfiguration", asked).get("Role") or "")
    except ServiceError as error:
        if error.service_code in _MISSING:
            return None
        raise


def lacking(session: Service, role: str, needed: dict[str, str]) -> tuple[str, ...] | None:
    """Which actions (each with its resource) the policies of a role do not allow; None for a role that does not
    exist. One call of IAM a resource."""
    found: list[str] = []
    for resource in dict.fromkeys(needed.values()):
        actions = [action for action, on in needed.items() if on == resource]
        asked: dict[str, Any] = {"PolicySourceArn": role, "ActionNames": actions, "ResourceArns": [resource]}
        try:
            told = session.call("iam", "SimulatePrincipalPolicy", asked)
        except ServiceError as error:
            if error.service_code in _NO_ROLE:
                return None
            raise
        decided = {each["EvalActionName"]: each["EvalDecision"] for each in told["EvaluationResults"]}
        found += [action for action in actions if decided.get(action) != "allowed"]
    return tuple(found)


def needed_of(trigger: Trigger, stream: str) -> dict[str, str]:
    """The actions that a trigger's role needs, each with its resource."""
    needed = dict.fromkeys(READS_STREAM, stream)
    destination = trigger.on_failure_destination
    if is_set(destination) and destination:
        service = destination.removeprefix("arn:").split(":")[1:2]
        for action in (SENDS[each] for each in service if each in SENDS):
            needed[action] = f"{destination}/*" if action.startswith("s3:") else destination
    return needed


def explained(session: Service, table: str, trigger: Trigger, error: DynasmithError) -> DynasmithError:
    """What a refusal of a trigger means; the refusal itself where nothing more can be known."""
    if not isinstance(error, ServiceError):
        return error
    try:
        role = role_of(session, trigger.function)
        if role is None:
            return absent_function(trigger.function)
        if error.service_code not in _INVALID:
            return error
        stream = session.call("dynamodb", "DescribeTable", {"TableName": table}, table=table)["Table"][
            "LatestStreamArn"
        ]
        lacks = lacking(session, role, needed_of(trigger, str(stream)))
    except DynasmithError:
        return error
    if lacks is None:
        return RunError(
            f"The role {role} of the function {trigger.function} does not exist.",
            hint="give the function a role that exists",
        )
    if lacks:
        return RunError(
            f"The role {role} of the function {trigger.function} may not {', '.join(lacks)}.",
            hint=f"dynasmith diagnose {table} trigger {trigger.function} --fix adds what is missing",
        )
    # IAM allows it: Lambda learns of a new policy some seconds later, or refuses something else, which it names.
    young = TableBusy(
        f"Lambda refuses the trigger {trigger.function} of {table}: {error.message}",
        hint="correct what Lambda names; a policy that was just changed is known to it within a minute",
    )
    young.clears_within_seconds = _POLICY_SECONDS_MAX
    return young


def absent_function(function: str) -> RunError:
    """The error for a function that is not there."""
    return RunError(
        f"The function {function} does not exist in this account and Region.",
        hint="deploy it first, or correct its name, alias or version",
    )
