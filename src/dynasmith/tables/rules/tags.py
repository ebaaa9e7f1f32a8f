"""The limits of tags, of a table and of each of its replicas."""

from collections.abc import Iterator, Mapping

from dynasmith import limits
from dynasmith.tables.document import Node
from dynasmith.tables.own_tags import RESTORE_TAG
from dynasmith.tables.rules.rule import RuleProblem, Way


def tag_texts(tags: Node | None) -> dict[str, object]:
    """The tags of a block; none where there is no block."""
    return {} if tags is None else {name: node.value for name, node in tags.entries().items()}


def tag_problems(
    tags: Node | None, way: Way, most: int, inherited: Mapping[str, object] | None = None
) -> Iterator[RuleProblem]:
    """What the service refuses of the tags at ``way``; ``inherited`` are there too."""
    entries = tags.entries() if tags is not None else {}
    number = len({**(inherited or {}), **entries})
    if number > most and (entries or not inherited):
        yield RuleProblem(way, f"has {number} tags, at most {most} are allowed", "remove some")
    for name, node in entries.items():
        if not 1 <= len(name) <= limits.TAG_KEY_MAX_CHARACTERS:
            yield RuleProblem((*way, name), f"has a name of {len(name)} characters, 1 to 128 are allowed", "shorten it")
        if name.lower().startswith("aws:"):
            yield RuleProblem((*way, name), "begins with aws:, which belongs to AWS", "name it otherwise")
        if name == RESTORE_TAG:
            yield RuleProblem((*way, name), "is the tag that a verified restore writes", "remove it")
        value = node.value
        if isinstance(value, str) and len(value) > limits.TAG_VALUE_MAX_CHARACTERS:
            problem = f"has a value of {len(value)} characters, at most 256 are allowed"
            yield RuleProblem((*way, name), problem, "shorten it")
