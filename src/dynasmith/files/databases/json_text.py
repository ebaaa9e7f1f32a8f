"""JSON of a database column, exactly: no number passes through a float, and no name is dropped."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from dynasmith.errors import ItemInvalid


def read_json(text: str) -> Any:
    """The document as plain Python, numbers as Decimal. Raises ItemInvalid for what would not come out exactly."""
    try:
        document = json.loads(
            text, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_constant, object_pairs_hook=_members
        )
        if "\\u" in text:
            _check_text(document)
    except UnicodeEncodeError as error:
        raise ItemInvalid("its JSON holds half of a surrogate pair, which UTF-8 cannot hold") from error
    except ArithmeticError as error:
        raise ItemInvalid("its JSON holds a number that DynamoDB cannot hold") from error
    except ValueError as error:
        raise ItemInvalid(f"it is not valid JSON ({error})") from error
    except RecursionError as error:
        raise ItemInvalid("its JSON is nested too deeply") from error
    return document


def _check_text(value: Any) -> None:
    match value:
        case str():
            value.encode()
        case list():
            for inner in value:
                _check_text(inner)
        case dict():
            for name, inner in value.items():
                name.encode()
                _check_text(inner)


def _members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ItemInvalid("its JSON has one name twice in an object")
    return members


def _no_constant(name: str) -> Any:
    raise ItemInvalid(f"its JSON holds {name}, which is not a number that DynamoDB can hold")
