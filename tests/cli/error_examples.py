"""An example for error codes: a command and what it prints, run by test_error_examples.py and shown on the code's page.

Codes of the service's refusals have the refusal instead, which `translate` turns into the sentence."""

from dataclasses import dataclass
from typing import Any, Final

from botocore import exceptions as foreign

from dynasmith.aws.errors.translation import translate
from dynasmith.errors import DynasmithError
from dynasmith.ports.access import ResolvedAccess

ORDERS: Final = """\
tables:
  - name: orders
    attributes: [{name: id, type: S}]
    key_schema: [{attribute_name: id, key_type: HASH}]
"""
FILES: Final = {
    "tables_config.json": '{"tables": [{"name": "orders", "attributes": [{"name": "id", "type": "S"}],'
    ' "key_schema": [{"attribute_name": "id", "key_type": "HASH"}]}]}',
    "broken.yaml": ORDERS + "    billing_mode: ON_DEMAND\n",
    "other.yaml": ORDERS.replace("id", "number"),
    "orders.jsonl": '{"id": "1", "name"\n',
    "shape.py": 'def checked(item, ctx):\n    if "name" not in item:\n        raise ValueError("no name")\n'
    "    return item\n",
}
"""The folder of the commands. Table orders is there, with one item: id "1" and total 5."""


@dataclass(frozen=True)
class CommandExample:
    """A command in the folder, and the lines that it prints from "Error:" on. ``given`` says what is so before."""

    code: str
    command: str
    prints: str
    given: str = ""


def _(code: str, command: str, *prints: str, given: str = "") -> CommandExample:
    return CommandExample(code, command, "\n".join(prints), given)


COMMANDS: Final = (
    _("usage", "list --envv prod", "Error: No such option '--envv'.", "Hint: Did you mean --env?"),
    _("project", "plan --env prodd", "Error: Environment prodd does not exist.", "Hint: there are local, aws"),
    _(
        "definition",
        "plan --config broken.yaml",
        'Error: broken.yaml:5: tables[0].billing_mode expects one of PAY_PER_REQUEST, PROVISIONED, not "ON_DEMAND"',
        "Hint: fix the definition and run the command again",
    ),
    _(
        "consent-required",
        "delete orders",
        "Error: Cannot ask without a terminal: Delete table orders and all its items in environment local"
        " (us-east-1, http://127.0.0.1:8000)? Nothing changed.",
        "Hint: add --confirm orders",
        given="The command runs in a pipeline, without a terminal.",
    ),
    _(
        "table-not-found",
        "describe order",
        "Error: Table order does not exist.",
        "Hint: did you mean orders? dynasmith list shows the existing tables",
    ),
    _(
        "table-exists",
        "create orders",
        "Error: Table orders exists already.",
        "Hint: dynasmith ensure orders creates only what is absent",
    ),
    _(
        "item-not-found",
        "get orders id=2",
        "Error: Table orders has no item with that key.",
        "Hint: dynasmith scan orders",
    ),
    _(
        "several-failed",
        "apply --yes --config other.yaml",
        "Error: 1 table failed (orders); 0 done.",
        "  orders: Table orders cannot become this: key_schema id S -> number S: the key of a table never changes."
        " (only a new table can have it: dynasmith replace orders makes one while this one is in use; with a new key,"
        " add --transform)",
        "Hint: fix each error and run the command again",
        given="The definition gives the table another partition key: number instead of id.",
    ),
    _(
        "validation-refused",
        "put orders name=ann",
        "Error: PutItem on orders was refused: ValidationException: One or more parameter values were invalid:"
        " Missing the key id in the item",
        "Hint: correct what the message names: another try would be refused too",
    ),
    _(
        "file-format",
        "populate orders orders.jsonl --yes",
        "Error: orders.jsonl:1: this is not JSON (it ends inside the item: an item stands on one line, as jq -c writes"
        " it).",
        'Hint: one item a line, an array of items, or {"Items": [...]}',
        given='`orders.jsonl` was cut: its only line is `{"id": "1", "name"`.',
    ),
    _(
        "transform",
        "backfill orders --transform shape:checked --yes",
        "Error: The transform raised ValueError on item id=1: no name",
        '  File "shape.py", line 3, in checked',
        '    raise ValueError("no name")',
        "ValueError: no name",
        "Hint: fix the transform",
        given="The function raises an exception on an item without `name`.",
    ),
    _("job-not-found", "jobs show nope", "Error: There is no job nope.", "Hint: dynasmith jobs list shows them"),
    _(
        "unreachable",
        "list --endpoint http://127.0.0.1:9",
        "Error: Nothing listens at http://127.0.0.1:9.",
        "Hint: dynasmith local start --port 9",
    ),
)


def _refusal(code: str, message: str, operation: str = "UpdateTable", status: int = 400) -> foreign.ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "4KBNV"},
    }
    return foreign.ClientError(answer, operation)


SERVICE: Final[dict[str, Exception]] = {
    "access": foreign.CredentialRetrievalError(provider="sso", error_msg=""),
    "no-credentials": foreign.NoCredentialsError(),
    "credentials-expired": _refusal("ExpiredTokenException", "The security token included in the request is expired"),
    "access-denied": _refusal("AccessDeniedException", "User is not authorized to perform: dynamodb:UpdateTable"),
    "table-busy": _refusal("ResourceInUseException", "Table is being updated: orders"),
    "limit-exceeded": _refusal("LimitExceededException", "Too many tables or indexes are being changed at once"),
    "throttled": _refusal("ThrottlingException", "Rate of requests exceeds the allowed throughput"),
    "condition-failed": _refusal("ConditionalCheckFailedException", "The conditional request failed", "PutItem"),
    "service-unavailable": _refusal("InternalServerError", "The request could not be processed", status=500),
    "service": _refusal("BrandNewException", "The table is at rest"),
    "not-offered": _refusal("UnknownOperationException", "", "ExportTableToPointInTime"),
}
"""What the service, an engine, or botocore in their stead, answers, by the code that it becomes."""
_AWS: Final = ResolvedAccess(environment="prod", region="eu-west-1", account="111122223333", profile="prod")
_ENGINE: Final = ResolvedAccess(environment="local", endpoint="http://127.0.0.1:8000", region="us-east-1", local=True)


def answered(code: str) -> tuple[str, DynasmithError]:
    """The operation of an answer of the service, and the error that it becomes."""
    answer = SERVICE[code]
    operation = answer.operation_name if isinstance(answer, foreign.ClientError) else "UpdateTable"
    access = _ENGINE if code == "not-offered" else _AWS
    return operation, translate(answer, f"dynamodb:{operation}", "orders", access=access)
