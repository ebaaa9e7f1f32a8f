"""The docstring of a public function names the errors that the function raises."""

from docstring_errors import errors_missing, public_functions, raised_by, unnamed_errors
from dynasmith.errors import TableNotFound, UsageError

NAMED_MIN = 50
"""At least so many public functions raise an error that is seen; fewer mean that functions are no longer looked at."""


def test_every_error_that_a_public_function_raises_is_in_its_docstring() -> None:
    assert list(unnamed_errors()) == []


def test_public_functions_are_looked_at() -> None:
    raising = [name for name, owner, function in public_functions() if raised_by(function, owner)]
    assert len(raising) >= NAMED_MIN
    assert {"Project.plan", "Jobs.resume", "DryRuns.copy", "Db.save", "Query.limit"} <= set(raising)


def test_an_error_that_a_docstring_does_not_name_is_found() -> None:
    def refuse(table: str) -> None:
        """Raises TableNotFound where there is no such table."""
        if not table:
            raise UsageError("A table has a name.")
        raise TableNotFound(table)

    assert raised_by(refuse) == {"TableNotFound", "UsageError"}
    assert errors_missing(refuse) == {"UsageError"}
