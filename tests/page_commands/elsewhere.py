"""Pages whose commands a test of their own runs, and commands that cannot run here, each with the reason."""

from collections.abc import Mapping
from typing import Final

from page_commands.page import PageCommand

RUN_ELSEWHERE: Final[Mapping[str, str]] = {
    "README.md": "tests/examples/test_readme.py",
    "docs/guide/access.md": "tests/access/test_how_to.py",
    "docs/guide/alarms.md": "tests/alarms/test_how_to.py",
    "docs/guide/backup-schedules.md": "tests/backups/test_schedules.py",
    "docs/guide/backup.md": "tests/backups/test_how_to.py",
    "docs/guide/coming-from/cdk.md": "tests/item_stories/test_coming_from_iac.py",
    "docs/guide/coming-from/cloudformation.md": "tests/item_stories/test_coming_from_iac.py",
    "docs/guide/coming-from/nosql-workbench.md": "tests/item_stories/test_coming_from_iac.py",
    "docs/guide/coming-from/serverless.md": "tests/item_stories/test_coming_from_iac.py",
    "docs/guide/coming-from/terraform.md": "tests/item_stories/test_coming_from_iac.py",
    "docs/guide/console.md": "tests/console/test_command.py",
    "docs/guide/cluster.md": "tests/item_stories/test_clusters.py",
    "docs/guide/clusters/dask-on-one-machine.md": "tests/item_stories/test_clusters.py",
    "docs/guide/clusters/dask.md": "tests/item_stories/test_clusters.py",
    "docs/guide/clusters/ecs.md": "tests/examples/test_cluster_manifests.py",
    "docs/guide/clusters/emr.md": "tests/examples/test_cluster_manifests.py",
    "docs/guide/clusters/glue.md": "tests/examples/test_cluster_manifests.py",
    "docs/guide/clusters/kubernetes.md": "tests/examples/test_cluster_manifests.py",
    "docs/guide/detached.md": "tests/cli/test_detached_apply.py",
    "docs/guide/editors.md": "tests/cli/test_editors.py",
    "docs/guide/global-indexes.md": "tests/retirement/test_scenarios.py",
    "docs/guide/global-tables.md": "tests/retirement/test_scenarios.py",
    "docs/guide/hand-over-to-iac.md": "tests/cli/test_hand_over.py",
    "docs/guide/install.md": "tests/examples/test_install.py",
    "docs/guide/metrics.md": "tests/metrics/test_how_to.py",
    "docs/guide/provisioned-capacity.md": "tests/retirement/test_scenarios.py",
    "docs/guide/replicas.md": "tests/replicas/test_replicas.py",
    "docs/guide/report.md": "tests/console/test_report.py",
    "docs/guide/restore.md": "tests/backups/test_how_to.py",
    "docs/guide/retire.md": "tests/retirement/test_how_to.py",
    "docs/guide/s3.md": "tests/item_stories/test_s3_guide.py",
    "docs/guide/delete-items.md": "tests/item_stories/test_delete_items.py",
    "docs/guide/erase.md": "tests/item_stories/test_erase.py",
    "docs/guide/replace.md": "tests/replacement/test_page.py",
    "docs/guide/refresh.md": "tests/item_stories/test_refresh.py",
    "docs/guide/safe-copies.md": "tests/item_stories/test_safe_copies_page.py",
    "docs/guide/table-on-demand.md": "tests/retirement/test_scenarios.py",
    "docs/guide/table-with-functions.md": "tests/retirement/test_scenarios.py",
    "docs/guide/throttling.md": "tests/metrics/test_how_to.py",
    "docs/guide/triggers.md": "tests/triggers/test_how_to.py",
    "docs/tutorial.md": "tests/page_commands/test_tutorial.py",
    "examples/copy/README.md": "tests/item_stories/test_copy_example.py",
    "examples/init-script/README_migrations.md": "tests/examples/test_init_script.py",
    "examples/onetable-sample/README.md": "tests/examples/test_onetable_sample.py",
}
"""A page, and the test that reads its commands and runs them."""

_PROGRAMS: Final[Mapping[str, str]] = {
    "aws": "needs an AWS account; what it would do is done by boto3 in the tests of that page",
    "cdk": "needs node and the CDK; its template is made by hand in the test of the page",
    "cd": "changes the shell of the reader",
    ".": "changes the shell of the reader",
    "docker": "needs a Docker daemon",
    "make": "the checks and the suite themselves",
    "openssl": "another program, which makes random bytes",
    "pip": "downloads packages",
    "serverless": "needs node and an account; its template is made by hand in the test of the page",
    "terraform": "needs terraform and its provider; tests/cli runs it where they are",
}
_COMMANDS: Final[Mapping[str, Mapping[str, str]]] = {
    "docs/guide/databases.md": {
        "dynasmith populate users --from 'postgresql": "needs a server; tests/databases has one (make test-sql)",
        "dynasmith populate orders --from 'mysql": "needs a server; tests/databases has one (make test-sql)",
        "dynasmith populate users --from mongodb": "needs a server; tests/flow/test_mongo.py speaks its protocol",
    },
    "docs/guide/environments.md": {
        "dynasmith copy orders orders_v2 --env prod --role-arn": "needs a role; tests/aws assumes one of an engine",
    },
    "docs/guide/infrastructure.md": {
        "sh commands.sh": "calls the AWS CLI; tests/cli/test_render_requests.py sends what its commands send",
    },
    "docs/guide/lambda.md": {
        "python -m pip download": "downloads packages",
        "dynasmith lambda bundle": "downloads packages; tests/project bundles from wheels that it makes",
        "dynasmith migrate up --env prod --remote": "needs the function of that ARN; tests/lambdas deploys one",
    },
    "docs/guide/local.md": {
        "dynasmith local": "the engine of port 8000 may be the reader's own; the tutorial and tests/local start others",
    },
    "docs/index.md": {"dynasmith": "the commands of README.md, which its test runs"},
    "docs/reference/engines.md": {
        "python -m pytest": "the contract suite itself",
        "DYNASMITH_TEST_ENDPOINT": "the contract suite itself",
    },
    "examples/container/README.md": {
        "./entrypoint.sh python app.py": "tests/examples/test_container.py runs it, two at once",
    },
    "examples/lambdas/README.md": {
        "dynasmith lambda": "downloads packages; tests/examples/test_lambdas.py deploys these functions",
    },
    "examples/tested-project/README.md": {
        "pytest": "tests/examples/test_tested_project.py runs it",
        "python try_migrations.py": "tests/examples/test_tested_project.py runs it",
    },
}
"""Commands by their page and by how they begin."""


def why_not_here(page: str, command: PageCommand) -> str | None:
    """Why a command of a page is not run by the tests of pages; None where it has to be."""
    for begin, why in _COMMANDS.get(page, {}).items():
        if command.text.startswith(begin):
            return why
    return _PROGRAMS.get(command.program)
