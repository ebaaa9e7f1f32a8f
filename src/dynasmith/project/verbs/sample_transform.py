"""A share of the items of a copy, as the first of its operations: what ``copy --sample 1% --by NAME`` means."""

from __future__ import annotations

from dynasmith.errors import UsageError
from dynasmith.operations import Sample
from dynasmith.operations.sample import Missing
from dynasmith.project.verbs.transforms import name_of, names_of


def sampled(transform: str | None, share: str | None, by: str | None, missing: Missing | None) -> str | None:
    """The transform with a sample before it, as text; the transform itself where no sample is asked for.

    ``by`` is an attribute, ``customer_id``, or one with what its texts look like, ``pk:USER#{id}``. Raises UsageError.
    """
    if share is None:
        if by is not None or missing is not None:
            raise UsageError("--by and --missing belong to a sample.", hint="add --sample 1%")
        return transform
    if by is None:
        raise UsageError("--sample needs the attribute that says what belongs together.", hint="add --by customer_id")
    name, colon, parts = by.partition(":")
    looks = [parts] if colon else []
    operation = Sample(share, name, looks, missing=missing or "drop")
    several = [] if transform is None else names_of(transform)
    return name_of([operation, *several])
