"""Which form a document has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, get_args

from dynasmith.errors import UsageError
from dynasmith.iac.readers.dms import dms_tables, is_dms
from dynasmith.iac.readers.foreign_tables import ForeignTables
from dynasmith.iac.readers.service_shape import is_service_shape, service_tables
from dynasmith.iac.readers.template import is_template, template_tables
from dynasmith.iac.readers.terraform_state import is_state, state_tables
from dynasmith.iac.readers.workbench import is_workbench, workbench_tables

DocumentForm = Literal["cloudformation", "terraform", "aws-cli", "workbench", "dms"]
FORMS: Final = get_args(DocumentForm)
_WITH_PARAMETERS: Final = ("cloudformation", "terraform")

_TESTS: Final[dict[DocumentForm, Callable[[Any], bool]]] = {
    "workbench": is_workbench,
    "dms": is_dms,
    "terraform": is_state,
    "cloudformation": is_template,
    "aws-cli": is_service_shape,
}


def form_of(document: Any) -> DocumentForm | None:
    """The form of a document; None where it has none of them."""
    return next((form for form, test in _TESTS.items() if test(document)), None)


def foreign_tables(
    document: Any, source: str, form: DocumentForm, parameters: Mapping[str, str], names: Mapping[str, str]
) -> ForeignTables:
    """The tables of a document of a form. Raises UsageError where it is not of that form, or says what cannot be
    known without its own tool."""
    if not _TESTS[form](document):
        raise UsageError(f"{source} is not a document of {form}.", hint=f"forms: {', '.join(FORMS)}")
    if (form not in _WITH_PARAMETERS and parameters) or (form != "cloudformation" and names):
        raise UsageError(f"{source} has no references to resolve.", hint="remove --param and --table")
    try:
        match form:
            case "cloudformation":
                return template_tables(document, source, parameters, names)
            case "terraform":
                return state_tables(document, source, parameters)
            case "aws-cli":
                return service_tables(document, source)
            case "workbench":
                return workbench_tables(document, source)
            case "dms":
                return dms_tables(document, source)
    except RecursionError as error:
        raise UsageError(f"A value of {source} refers to itself.", hint="nothing was written") from error
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        what = f"has no {error.args[0]!r}" if isinstance(error, KeyError) else f"is broken ({error})"
        raise UsageError(f"A table of {source} {what} where {form} has it.", hint="nothing was written") from error
