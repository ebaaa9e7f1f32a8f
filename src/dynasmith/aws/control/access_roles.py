"""What the roles with access to a table may do beyond it: wildcards of their inline policies, and changes of tables."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from dynasmith.aws.control.session import Session
from dynasmith.tables.access_policy import policy_name, statements_in
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import known
from dynasmith.validate.live_facts import AccessRole

CHANGES_OF_TABLES: Final = ("dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:UpdateTable")
_ON_ITEMS: Final = "dynamodb:GetItem"


def access_roles(session: Session, described: TableDescription) -> dict[str, AccessRole]:
    """The roles by their names. Three calls of IAM a role, and one for each of its inline policies."""
    roles = sorted({each.held_by for each in known(described.table.access, ())})
    return {role: _role(session, described, role) for role in roles}


def _role(session: Session, described: TableDescription, role: str) -> AccessRole:
    arn = str(session.call("iam", "GetRole", {"RoleName": role})["Role"]["Arn"])
    asked = {
        "PolicySourceArn": arn,
        "ActionNames": [*CHANGES_OF_TABLES],
        "ResourceArns": [described.arn],
    }
    told = session.call("iam", "SimulatePrincipalPolicy", asked)["EvaluationResults"]
    allowed = {each["EvalActionName"] for each in told if each["EvalDecision"] == "allowed"}
    return AccessRole(
        wildcards=tuple(_wildcards(session, described, role)),
        changes=tuple(action for action in CHANGES_OF_TABLES if action in allowed),
    )


def _wildcards(session: Session, described: TableDescription, role: str) -> Iterator[str]:
    """A few words on each statement that concerns the table by a wildcard."""
    listed = session.call("iam", "ListRolePolicies", {"RoleName": role}).get("PolicyNames") or ()
    for name in listed:
        if name == policy_name(described.table.name):
            continue
        document = session.call("iam", "GetRolePolicy", {"RoleName": role, "PolicyName": name})["PolicyDocument"]
        for statement in statements_in(document if isinstance(document, Mapping) else {}):
            found = _wide(statement, described.arn)
            if found:
                yield f"its policy {name} allows {found}"


def _wide(statement: Mapping[str, Any], arn: str) -> str:
    """What of a statement is wider than the table; empty where nothing is."""
    if statement.get("Effect") != "Allow":
        return ""
    resources = _texts(statement.get("Resource"))
    if not any(fnmatchcase(arn, pattern) for pattern in resources):
        return ""
    actions = _texts(statement.get("Action"))
    wide = [action for action in actions if "*" in action and fnmatchcase(_ON_ITEMS.lower(), action.lower())]
    if wide:
        return f"{', '.join(wide)} on {', '.join(resources)}"
    on_items = [action for action in actions if action.lower().startswith("dynamodb:")]
    beyond = [each for each in resources if "*" in each and fnmatchcase(arn, each)]
    return f"{', '.join(on_items)} on {', '.join(beyond)}" if on_items and beyond else ""


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]
