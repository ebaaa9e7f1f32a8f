"""A whole bundle, deployed: everything that dynasmith imports in a function is inside."""

import os
import platform
import sys
from pathlib import Path

import pytest

from dynasmith import Project
from dynasmith.testing.function import FunctionDeployer
from dynasmith.testing.function_packages import required_distributions
from wheels import installed_wheels

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}
PROBE = """
import importlib, pkgutil, sys

def handler(event, context):
    import dynasmith
    failed, count = {}, 0
    for each in pkgutil.walk_packages(dynasmith.__path__, "dynasmith.", onerror=lambda name: None):
        try:
            importlib.import_module(each.name)
            count += 1
        except Exception as error:
            failed[each.name] = repr(error)
    import boto3
    for service in event["services"]:
        boto3.client(service, region_name="us-east-1")
    try:
        boto3.client("ec2", region_name="us-east-1")
        failed["ec2"] = "its data is there"
    except Exception as error:
        assert type(error).__name__ == "UnknownServiceError", error
    from pathlib import Path
    return {"failed": failed, "count": count, "files": sorted(name.name for name in Path(".").glob("*.toml"))}
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ARCHITECTURES, reason="wheels of this machine are not Lambda's"
)
def test_every_module_of_a_bundle_can_be_imported_in_a_function(
    tmp_path: Path, dynasmith_function: FunctionDeployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    needed = required_distributions("dynasmith", frozenset(), frozenset())
    wheels = installed_wheels(tmp_path / "wheels", needed - {"click", "rich"})
    project = tmp_path / "shop"
    project.mkdir()
    (project / "dynasmith.toml").write_text("")
    made = Project.load(project).lambdas.bundle(
        tmp_path / "out.zip", platform=ARCHITECTURES[platform.machine()], python=python, wheels=wheels
    )
    assert made.size_bytes < 16_000_000
    function = dynasmith_function(bundle=tmp_path / "out.zip", files={"probe.py": PROBE}, handler="probe.handler")
    reply = function.invoke({"services": made.services})
    assert reply.error is None, (reply.payload, reply.log)
    optional = ("pydantic", "cryptography", "sqlalchemy", "pymongo", "bson", "json5", "psycopg", "pymysql", "jinja2")
    failed = {
        name: why for name, why in reply.payload["failed"].items() if not any(each in why.lower() for each in optional)
    }
    assert failed == {}
    assert reply.payload["count"] > 300
    assert reply.payload["files"] == ["dynasmith.toml"]
