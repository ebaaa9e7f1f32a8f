"""The error for a class that cannot be a table: a finding like those of definition files, with the class for a file."""

from dynasmith.errors import DefinitionError
from dynasmith.tables.findings import DefinitionFinding


def class_name(kind: type) -> str:
    """A class as findings name it: ``app.models:User``."""
    return f"{kind.__module__}:{kind.__qualname__}"


def problem(place: str, path: str, message: str, hint: str = "") -> DefinitionError:
    """The error about one class (``app.models:User``) and one part of it."""
    finding = DefinitionFinding(code="D015", file=place, path=path, message=message, hint=hint)
    return DefinitionError([finding], hint=hint)
