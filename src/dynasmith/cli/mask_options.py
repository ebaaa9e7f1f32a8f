"""Options of the verbs that take items out of a table: a transform, a sample, and what is personal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

ALLOW_PERSONAL = click.option(
    "--allow-personal",
    multiple=True,
    metavar="ATTRIBUTE",
    help="Let this personal attribute leave a protected environment as it is.",
)
_OPTIONS = (
    click.option("--transform", metavar="WHAT", help="An operations file, or module:function."),
    click.option("--sample", metavar="SHARE",
                 help="Only a share of the items, such as 1%, decided by the keyed hash of --by."),
    click.option("--by", metavar="ATTRIBUTE", help="What a sample keeps together: customer_id, or 'pk:USER#{id}'."),
    click.option("--missing", type=click.Choice(["drop", "keep"]),
                 help="Items of a sample that lack --by; default drop."),
    ALLOW_PERSONAL,
)  # fmt: skip


def mask_options(command: F) -> F:
    """``--transform``, ``--sample`` with its options, and ``--allow-personal``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_mask_options(given: dict[str, Any]) -> frozenset[str]:
    """Make one transform of the options, and take ``--allow-personal`` out of them. Raises UsageError."""
    from dynasmith.project.verbs.sample_transform import sampled

    share, by, missing = given.pop("sample"), given.pop("by"), given.pop("missing")
    given["transform"] = sampled(given["transform"], share, by, missing)
    return frozenset(given.pop("allow_personal"))
