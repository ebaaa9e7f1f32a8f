"""One-time set-up: a function that makes sure that the tables are there, for the pipeline that deploys."""

import os
from typing import Any

from dynasmith import Project

TABLES = ["users", "posts"]


def handler(event: dict[str, Any] | None, context: object) -> dict[str, Any]:
    """Create the missing ones of the tables in ``event["tables"]`` (all of `TABLES` without), and say what is so.

    A table that differs from its definition is reported and not changed. Called again, it creates nothing.
    """
    del context
    wanted = (event or {}).get("tables", TABLES)
    with Project.load(os.path.dirname(__file__), env=os.environ.get("DYNASMITH_ENV", "aws")) as project:
        report = project.ensure(wanted)
    if report.failures:
        raise RuntimeError("; ".join(f"{name}: {error}" for name, error in report.failures.items()))
    return {"created": list(report.created), "existing": list(report.existing)}
