"""What Python shows of a result is one short line."""

from pathlib import Path

import pytest

from dynasmith import Consent, connect
from dynasmith.strict import StrictServer
from dynasmith.tables.table import Key, KeyAttribute, Table

SHORT = 160


def test_a_session_of_python_prints_short_lines(
    strict: StrictServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where the jobs of a project without a file are
    orders, copied = (
        Table(name=name, key=Key(partition=(KeyAttribute(name="id", type="S"),))) for name in ("orders", "copied")
    )
    endpoint = strict.endpoint
    with connect(endpoint=endpoint, region="us-east-1", tables=[orders, copied], consent=Consent(yes=True)) as project:
        plan = project.plan()
        assert repr(plan) == f"<Plan of {plan.created_at}: orders, copied of 2 to change>"
        project.apply(plan)
        assert repr(project.plan()).endswith(": nothing of 2 to change>")
        report = project.populate("orders", [{"id": "a", "note": "x" * 500}])
        assert repr(report) == f"<Report {report.job.id} done: 1 read = 1 written>"
        assert repr(project.jobs.list()[-1]) == f"<Job {report.job.id} done: 1 read = 1 written>"
        assert repr(project.verify("orders", "copied")) == "<VerifyResult different: 1 and 0 items>"
        assert repr(project) == f"<Project in environment connect, us-east-1, {endpoint}>"
        assert len(repr(project)) < SHORT
