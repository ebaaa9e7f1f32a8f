"""Creates the DynamoDB tables of a configuration file where they are absent. See README_migrations.md."""

import argparse
import logging
import sys
from collections.abc import Sequence

from dynasmith import DefinitionError, DynasmithError, Project

log = logging.getLogger("migrations")


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, do it, and return the exit code: 0 done, 1 failed, 2 invalid configuration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", choices=("local", "aws"), default="local", help="(default: local)")
    parser.add_argument("--config", default="tables_config.json", help="(default: tables_config.json)")
    parser.add_argument("--endpoint", default="", help="DynamoDB endpoint (default: http://localhost:8000)")
    parser.add_argument("--region", default="us-east-1", help="AWS Region (default: us-east-1)")
    parser.add_argument("--list", action="store_true", help="List existing tables and exit")
    options = parser.parse_args(arguments)
    try:
        with open_project(options) as project:
            return list_tables(project) if options.list else create_tables(project)
    except DefinitionError as error:
        for finding in error.findings:
            log.error("%s", finding.sentence)
        return error.exit
    except DynasmithError as error:
        log.error("%s %s", error, error.hint)
        return error.exit


def open_project(options: argparse.Namespace) -> Project:
    """The project behind the options. Listing needs no configuration file."""
    config = None if options.list else options.config
    return Project.load(config, env=options.env, endpoint=options.endpoint, region=options.region)


def list_tables(project: Project) -> int:
    """Print the name of every table there is."""
    for name in project.names():
        print(name)  # noqa: T201 - the names are what was asked for
    return 0


def create_tables(project: Project) -> int:
    """Create what is absent; a table that exists is left as it is, one that fails does not stop the others."""
    done = project.ensure()
    for name in done.created:
        log.info("Created table %s.", name)
    for name in done.existing:
        log.info("Table %s exists already, skipped.", name)
    for name, error in done.failures.items():
        log.error("Table %s: %s %s", name, error, error.hint)
    return 1 if done.failures else 0


if __name__ == "__main__":
    logging.basicConfig(format="%(levelname)s %(message)s")
    log.setLevel(logging.INFO)
    sys.exit(main())
