"""What a function or a role may be allowed on a table: the words of ``allow``, and the actions that they stand for.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB". Transactions and
batches of statements have no action of their own: they need those of their parts.
"""

from collections.abc import Iterable, Mapping
from typing import Final

READ: Final = tuple(
    f"dynamodb:{name}" for name in ("BatchGetItem", "ConditionCheckItem", "GetItem", "PartiQLSelect", "Query", "Scan")
)
WRITE: Final = tuple(
    f"dynamodb:{name}"
    for name in (
        *("BatchWriteItem", "DeleteItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate", "PutItem", "UpdateItem"),
    )
)
STREAM: Final = tuple(f"dynamodb:{name}" for name in ("DescribeStream", "GetRecords", "GetShardIterator"))
LIST_STREAMS: Final = "dynamodb:ListStreams"
"""It names no stream, so it is allowed on every resource."""
DESCRIBE: Final = "dynamodb:DescribeTable"

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "read": READ,
    "write": WRITE,
    "stream": (*STREAM, LIST_STREAMS),
    "describe": (DESCRIBE,),
}
"""The words of ``allow``, in the order in which they are written."""
SINGLE: Final = frozenset((*READ, *WRITE, *STREAM, LIST_STREAMS))
"""The actions that ``allow`` takes one by one: those of items and streams, none that changes a table."""

ON_INDEX: Final = ("dynamodb:PartiQLSelect", "dynamodb:Query", "dynamodb:Scan")
"""What is done with an index. An index is a resource of its own: without it a query of it is denied."""
WITHOUT_KEYS: Final = frozenset(("dynamodb:PartiQLSelect", "dynamodb:Scan"))
"""What reads a table without naming a key: a condition on leading keys holds for it, so it is not allowed with one
(Developer Guide, "Using IAM policy conditions for fine-grained access control")."""


def actions_of(allow: Iterable[str]) -> frozenset[str]:
    """The actions that words and single actions stand for."""
    return frozenset(action for word in allow for action in WORDS.get(word, (word,)))


def words_of(actions: Iterable[str]) -> tuple[str, ...]:
    """Actions as ``allow`` writes them: the words whose actions are all there, then the other actions by name."""
    left = set(actions)
    words = [word for word, meant in WORDS.items() if left.issuperset(meant)]
    left -= actions_of(words)
    return (*words, *sorted(left))


def allow_problem(word: str) -> tuple[str, str] | None:
    """Why ``allow`` does not take a word, and a hint; None where it does."""
    if word in WORDS or word in SINGLE:
        return None
    name = word.removeprefix("dynamodb:")
    near = {each.lower(): each for each in SINGLE} | {each.lower().removeprefix("dynamodb:"): each for each in SINGLE}
    if word == DESCRIBE or name == "DescribeTable":
        return "is written as describe", "write describe"
    if "*" in word or "?" in word:
        return "is a wildcard; access is granted action by action", f"write {', '.join(WORDS)} or single actions"
    if word.lower() in near:
        return "is not written as IAM writes it", f"write {near[word.lower()]}"
    if name in ("TransactGetItems", "TransactWriteItems", "ExecuteTransaction", "ExecuteStatement"):
        return "is not an action: it needs the actions of its parts", "write read, write or single actions"
    if word.startswith("dynamodb:"):
        return "is not an action on items or streams", "who changes tables is the one who deploys, not a function"
    return "is not a word or an action of access", f"write {', '.join(WORDS)}, or an action such as dynamodb:GetItem"
