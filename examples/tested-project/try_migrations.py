"""Try the migrations on a hundred users, without pytest: python try_migrations.py"""

import sys
from pathlib import Path

from dynasmith.testing import MigrationTester, Migrator


def is_split(migrator: Migrator) -> bool:
    """Whether every user has a first name, and a country."""
    users = migrator.items("users")
    return len(users) == 100 and all({"first", "last", "country"} <= set(user) for user in users)


def main() -> bool:
    """Set up, seed, run, verify; torn down at the end of the block."""
    with MigrationTester(Path(__file__).parent) as tester:
        tester.run("to", "0.0.1")
        tester.seed("users", [{"id": f"u{number}", "name": f"Ann{number} Lee"} for number in range(100)])
        result = tester.run()
        print("Migration:", "PASS" if result.success else f"FAIL: {result.error}", f"({result.duration_ms} ms)")  # noqa: T201
        verified = result.success and tester.verify(is_split)
    print("Verification:", "PASS" if verified else "FAIL")  # noqa: T201
    return verified


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
