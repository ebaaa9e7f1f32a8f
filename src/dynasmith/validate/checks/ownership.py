"""What people need to know of a table: whose it is, where it belongs, what it is for."""

from collections import Counter
from collections.abc import Iterable, Iterator

from dynasmith.tables.table import Table, known
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
    elif isinstance(subject.table.tags, dict) and not _own(subject):
        yield Problem("tags", "The table has no tags.")


def _own(subject: Subject) -> list[str]:
    return [key for key in known(subject.table.tags, {}) if not key.startswith("aws:")]


def _unusual(subject: Subject) -> Iterator[Problem]:
    own = _own(subject)
    if not own:
        return
    spelt = {key.lower(): key for key in own}
    for key in subject.around.usual_tags:
        if key in own:
            continue
        near = spelt.get(key.lower())
        what = f"The tag {key} is missing, which most tables have" + (f"; this one has {near}." if near else ".")
        yield Problem(f"tags.{key}", what)


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
