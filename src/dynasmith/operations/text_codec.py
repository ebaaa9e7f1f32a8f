"""Operations that were made in Python, as one line of text: what a job remembers of them, and reads again."""

from typing import Any

import msgspec

from dynasmith.errors import DynasmithError, UsageError
from dynasmith.items.value import decode_tree, encode_tree
from dynasmith.operations.document import VERSION, Operations, parse_operations


def operations_text(operations: Operations) -> str:
    """The operations as a JSON object; their values are DynamoDB JSON, which keeps types."""
    where = {} if operations.where is None else {"where": str(operations.where)}
    entries = [encode_tree(operation.document()) for operation in operations.operations]
    return msgspec.json.encode({"version": VERSION, **where, "operations": entries}).decode()


def operations_of(text: str) -> Operations:
    """The operations of such a text. Raises UsageError for another text."""
    try:
        document: dict[str, Any] = msgspec.json.decode(text)
        entries = [decode_tree(entry) for entry in document["operations"]]
        return parse_operations(document | {"operations": entries})
    except (msgspec.DecodeError, LookupError, TypeError, RecursionError, DynasmithError) as error:
        raise UsageError(
            f"These operations cannot be read: {text[:60]}.", hint="use module:function, or an operations file"
        ) from error
