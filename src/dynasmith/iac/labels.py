"""The names of resources in a form, made of the names of tables."""

import re
from collections.abc import Iterable

from dynasmith.errors import UsageError


def logical_part(logical_id: str, name: str) -> str:
    """The logical id of what belongs to a table: its id, and the name of the part."""
    return logical_id + "".join(each[:1].upper() + each[1:] for each in re.split(r"[^A-Za-z0-9]+", name))


def terraform_labels(names: Iterable[str]) -> dict[str, str]:
    """A label for each table: letters, digits, `_` and `-`, the first no digit. Two tables never share one."""
    found: dict[str, str] = {}
    for name in sorted(names):
        label = re.sub(r"[^A-Za-z0-9_-]", "_", name)
        label = label if re.match(r"[A-Za-z_]", label) else f"_{label}"
        while label in found.values():
            label += "_"
        found[name] = label
    return found


def refuse_repeated(ids: Iterable[str], form: str) -> None:
    """Raise UsageError where two resources have one id: names that differ in signs only become one, and one of the two
    would be lost."""
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            raise UsageError(
                f"Two functions, indexes or alarms of a table have the name {each} in {form}.",
                hint="their names differ in signs or in case only: rename one, or render it separately",
            )
        seen.add(each)


def part_label(label: str, name: str) -> str:
    """The label of what belongs to a table: its label, and the name of the part."""
    return f"{label}_{re.sub(r'[^A-Za-z0-9_-]', '_', name)}"


def logical_ids(names: Iterable[str]) -> dict[str, str]:
    """A logical id of CloudFormation for each table: letters and digits. Raises UsageError for a name without any."""
    found: dict[str, str] = {}
    for name in sorted(names):
        label = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name)) + "Table"
        if label == "Table":
            raise UsageError(f"Table {name} has no letter and no digit in its name, which a logical id needs.")
        number = 2
        unique = label
        while unique in found.values():
            unique, number = f"{label}{number}", number + 1
        found[name] = unique
    return found
