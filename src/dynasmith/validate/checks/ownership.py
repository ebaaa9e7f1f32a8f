"""What people need to know of a table: whose it is, where it belongs, what it is for."""

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import UnsetType

from dynasmith.tables.table import Replica, Table, known
from dynasmith.validate.check import Check, Problem, Subject
from dynasmith.validate.environments import ENVIRONMENT_TAGS, environment_of_name, environment_of_tags, environment_word

# Ours: of fewer tables nothing can be said to be usual.
_SET_MIN_TABLES = 3
_TAGGING = "Best practices checklist: Tag all resources consistently; AWS whitepaper, Best practices for tagging"
_DOCUMENTED = "Best practices checklist: Document table schema and access patterns"


def usual_tags(tables: Iterable[Table]) -> tuple[str, ...]:
    """The tag keys that more than half of these tables have, sorted; none for fewer than three tables.

    Keys of AWS's own (``aws:...``) do not count. Tables whose tags were not read do not count either.
    """
    sets = [table.tags for table in tables if isinstance(table.tags, dict)]
    counts = Counter(key for tags in sets for key in tags if not key.startswith("aws:"))
    if len(sets) < _SET_MIN_TABLES:
        return ()
    return tuple(sorted(key for key, number in counts.items() if number * 2 > len(sets)))


def _no_tags(subject: Subject) -> Iterator[Problem]:
    if subject.unsaid("tags"):
        yield Problem("tags", "The definition has no tags.")
        return
    if isinstance(subject.table.tags, dict) and not _own(subject.table):
        yield Problem("tags", "The table has no tags.")
    for replica in known(subject.table.replicas, ()):
        if isinstance(replica.tags, dict) and not _own(replica):
            yield Problem(f"replicas.{replica.region}.tags", f"The replica in {replica.region} has no tags.")
        elif isinstance(replica.tags, UnsetType) and subject.live is None and _own(subject.table):
            what = f"The table has tags, and the definition does not set them for {replica.region}."
            yield Problem(f"replicas.{replica.region}.tags", what)


def _own(part: Table | Replica) -> list[str]:
    return [key for key in known(part.tags, {}) if not key.startswith("aws:")]


def _tagged(subject: Subject) -> Iterator[tuple[str, str, Table | Replica]]:
    """The table and each replica that has tags: the path of its tags, its words, itself."""
    if _own(subject.table):
        yield "tags", "this one", subject.table
    for replica in known(subject.table.replicas, ()):
        if _own(replica):
            yield f"replicas.{replica.region}.tags", f"its replica in {replica.region}", replica


def _unusual(subject: Subject) -> Iterator[Problem]:
    for path, words, part in _tagged(subject):
        own = _own(part)
        spelt = {key.lower(): key for key in own}
        for key in subject.around.usual_tags:
            if key in own:
                continue
            of = "" if part is subject.table else f" of {words}"
            near = spelt.get(key.lower())
            what = f"The tag {key}{of} is missing, which most tables have" + (f"; {words} has {near}." if near else ".")
            yield Problem(f"{path}.{key}", what)


def _hidden(subject: Subject) -> Iterator[Problem]:
    environment = subject.around.environment
    # The two built-in environments say how a table is reached, not which environment it belongs to.
    if environment in ("", "local", "aws") or environment.lower() in subject.table.name.lower():
        return
    if not environment_of_name(subject.table.name) and not any(key.lower() in ENVIRONMENT_TAGS for key in subject.tags):
        yield Problem("name", f"Neither its name nor a tag says that this table belongs to {environment}.")


def _contradiction(subject: Subject) -> Iterator[Problem]:
    tag, name = environment_of_tags(subject.tags), environment_of_name(subject.table.name)
    # An environment of another vocabulary (a Region, a customer) contradicts nothing.
    here = environment_word(subject.around.environment)
    if tag and name and tag != name:
        yield Problem("tags", f"The tag says {tag}, the name of the table says {name}.")
    elif here not in ("", "local") and (tag or name) and here != (tag or name):
        said = "tag" if tag else "name"
        yield Problem("tags" if tag else "name", f"This is the environment {here}, and its {said} says {tag or name}.")
    for replica in known(subject.table.replicas, ()):
        there = environment_of_tags(known(replica.tags, {}))
        if there and (tag or name) and there != (tag or name):
            said = f"says {there}, and the {'tag' if tag else 'name'} of the table says {tag or name}"
            yield Problem(f"replicas.{replica.region}.tags", f"The tag of the replica in {replica.region} {said}.")


def _no_description(subject: Subject) -> Iterator[Problem]:
    if subject.desired is not None and not known(subject.desired.description, "").strip():
        yield Problem("description", "The definition has no description of the table.")


def _no_patterns(subject: Subject) -> Iterator[Problem]:
    if subject.desired is not None and not any(map(str.strip, known(subject.desired.access_patterns, ()))):
        yield Problem("access_patterns", "The definition lists no access patterns.")


CHECKS = (
    Check(
        code="DS070",
        title="The table has tags",
        why="It is not clear who owns the table and who pays for it.",
        fix="set tags: {team: ..., env: ...}",
        source=_TAGGING,
        severities=("warning",),
        look=_no_tags,
        reads=("tags",),
    ),
    Check(
        code="DS071",
        title="The table has the tags that most tables of the set have",
        why="Reports by tag, and rights that depend on tags, leave it out.",
        fix="add the tag, spelled as on the other tables",
        source=_TAGGING,
        severities=("warning",),
        look=_unusual,
        reads=("tags",),
        asks=("usual_tags",),
    ),
    Check(
        code="DS072",
        title="Name or tags say which environment the table belongs to",
        why="In an account with several environments, the table will be mistaken for another one's.",
        fix="set table_prefix for the environment, or a tag env",
        source=_TAGGING,
        severities=("notice",),
        look=_hidden,
        reads=("tags",),
        asks=("environment",),
    ),
    Check(
        code="DS073",
        title="Name, tags and environment agree",
        why="One of them is wrong, and people rely on it.",
        fix="correct the tag; a name can be changed only by moving to a new table",
        source=_TAGGING,
        severities=("warning",),
        look=_contradiction,
        reads=("tags",),
    ),
    Check(
        code="DS080",
        title="The definition describes the table",
        why="People have to guess what the table is for.",
        fix="add a description",
        source=_DOCUMENTED,
        severities=("notice",),
        look=_no_description,
    ),
    Check(
        code="DS081",
        title="The definition lists the access patterns",
        why="Keys and indexes can be judged only by the questions that they answer.",
        fix='set access_patterns: ["orders of a customer by time", ...]',
        source=_DOCUMENTED,
        severities=("notice",),
        look=_no_patterns,
    ),
)
