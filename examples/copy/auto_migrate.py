"""The same as one call: both tables made sure of, a backup, the items, transformed a hundred at a time."""

from datetime import UTC, datetime

from moves import split_name

from dynasmith import Consent, Project


def main() -> None:
    """Run it and say what it did."""
    with Project.load("tables_config.json", env="local", consent=Consent(yes=True)) as project:
        reports = project.auto_migrate(
            "users",
            target="users_v2",
            copy=True,
            backup=f"users_backup_{datetime.now(UTC):%Y%m%d_%H%M%S}",
            transform=split_name,
            batch_size=100,
        )
    for report in reports:
        print(f"{report.job.spec.target.table}: {report.counts.arithmetic}")  # noqa: T201


if __name__ == "__main__":
    main()
