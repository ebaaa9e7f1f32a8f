"""The example definitions: applied, checked and removed, each on an engine that keeps what it manages."""

import json
import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from dynasmith import Consent, Project, connect
from dynasmith.strict import StrictServer
from stream_functions import clients, deployed

FOLDER = Path(__file__).parents[2] / "examples" / "definitions"
NAMES = sorted(path.stem for path in FOLDER.iterdir())


def test_there_are_six() -> None:
    assert NAMES == [
        "global-table",
        "provisioned-autoscaling",
        "simple-table",
        "table-with-backup",
        "table-with-gsi",
        "table-with-lambda",
    ]


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize("name", NAMES)
def test_applies_checks_and_is_removed(
    name: str, strict: StrictServer, ministack_endpoint: str, tmp_path: Path
) -> None:
    """In legal order on the strict endpoint; replicas live on the embedded engine itself."""
    account = os.environ["AWS_ACCESS_KEY_ID"]
    with contextmanager(deployed)(clients(strict.endpoint, account), tmp_path) as made:
        if name == "table-with-lambda":
            for function in ("order-processing-lambda", "order-report-lambda"):
                made.deploy(function)
        _applies(name, strict, ministack_endpoint)


def _applies(name: str, strict: StrictServer, ministack_endpoint: str) -> None:
    replicas = name == "global-table"
    endpoint = ministack_endpoint if replicas else strict.endpoint
    clock = None if replicas else strict.clock
    with Project.load(FOLDER / f"{name}.yaml", env="local", endpoint=endpoint, clock=clock) as project:
        plan = project.plan()
        assert not plan.failures
        assert not [note for table in plan.tables for note in table.notes if note.kind == "not-managed-yet"]
        report = project.apply(plan, consent=Consent(yes=True), fresh=True)
        assert report.failures == {}
        assert project.plan().is_empty
        assert not [note for table in project.plan().tables for note in table.notes if note.kind == "not-offered"]
        (wished,) = project.tables()
        found = project.describe(wished.name)
        assert found.status == "ACTIVE"
        if replicas:
            assert sorted(each.region for each in found.replicas) == ["ap-southeast-1", "eu-west-1"]
        assert json.loads(json.dumps(project.outputs()[0]))["name"] == wished.name
        project.delete(wished.name, consent=Consent(confirm=wished.name))
        assert not project.exists(wished.name)
        for replica in found.replicas:
            with connect(endpoint=endpoint, region=replica.region) as elsewhere:
                assert not elsewhere.exists(wished.name)
    if not replicas:
        # A new table's backups are not ready at once: that refusal clears by itself, and it is the only one.
        assert {call.error for call in strict.journal.refused if call.changes_tables} <= {
            "ContinuousBackupsUnavailableException"
        }
