"""The manifests of clusters, and the pages that they are of: what the services accept, and commands that there are.

``make test-spark`` runs the script of Glue and EMR under spark-submit; here are the words around it.
"""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.model
import botocore.validate
import pytest
import yaml

from test_completeness import parse

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PAGES = ROOT / "docs" / "guide" / "clusters"
BY_SERVICE = {
    "glue/job.json": ("glue", "CreateJob"),
    "emr/job-run.json": ("emr-serverless", "StartJobRun"),
    "ecs/job.json": ("ecs", "RegisterTaskDefinition"),
    "ecs/worker.json": ("ecs", "RegisterTaskDefinition"),
}
OF_GLUE = {"--additional-python-modules", "--extra-files", "--extra-py-files"}


def read(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_text("utf-8"))


def of_script() -> set[str]:
    """The options that the script of Glue and EMR takes."""
    helped = subprocess.run(
        [sys.executable, str(EXAMPLES / "glue" / "job.py"), "--help"], capture_output=True, text=True, check=True
    )
    return set(re.findall(r"--[a-z]+", helped.stdout)) - {"--help"}


@pytest.mark.parametrize("name", BY_SERVICE)
def test_the_service_accepts_a_manifest(name: str) -> None:
    service, operation = BY_SERVICE[name]
    described = botocore.loaders.Loader().load_service_model(service, "service-2")
    shape = botocore.model.ServiceModel(described).operation_model(operation).input_shape
    assert shape is not None
    report = botocore.validate.ParamValidator().validate(read(name), shape)
    assert report.generate_report() == ""


def test_each_manifest_is_tested_and_linked_from_its_page() -> None:
    folders = [EXAMPLES / name for name in ("glue", "emr", "ecs", "kubernetes")]
    files = {path.relative_to(EXAMPLES).as_posix() for folder in folders for path in folder.iterdir() if path.is_file()}
    assert files == {*BY_SERVICE, "glue/job.py", "kubernetes/copy.yaml"}
    for name in ("glue", "emr", "ecs", "kubernetes"):
        text = (PAGES / f"{name}.md").read_text("utf-8")
        linked = set(re.findall(r"\(\.\./\.\./\.\./examples/([\w/.-]+)\)", text))
        assert {file for file in files if file.startswith(name)} <= linked, name


def commands_of_containers() -> Iterator[tuple[str, list[str]]]:
    for name in ("ecs/job.json", "ecs/worker.json"):
        for container in read(name)["containerDefinitions"]:
            yield name, container["command"]
    for document in kubernetes():
        if document["kind"] == "Job":
            for container in document["spec"]["template"]["spec"]["containers"]:
                yield f"kubernetes {document['metadata']['name']}", container["args"]
    (resumed,) = re.findall(r"^args: (.*)$", (PAGES / "kubernetes.md").read_text("utf-8"), re.M)
    yield "kubernetes.md", yaml.safe_load(resumed)


def kubernetes() -> list[dict[str, Any]]:
    text = (EXAMPLES / "kubernetes" / "copy.yaml").read_text("utf-8")
    return list(yaml.safe_load_all(text))


@pytest.mark.parametrize(("name", "command"), list(commands_of_containers()))
def test_a_container_runs_a_command_that_there_is(name: str, command: list[str]) -> None:
    assert all(isinstance(word, str) for word in command), name
    parse(command)


@pytest.mark.parametrize("page", ["ecs", "kubernetes"])
def test_a_page_shows_the_commands_of_its_containers(page: str) -> None:
    text = (PAGES / f"{page}.md").read_text("utf-8")
    first = re.findall(r"^\$ (.*)$", text, re.M)[0]
    shown = [shlex.split(each)[1:] for each in (first, *re.findall(r"`(dynasmith copy [^`]*)`", text))]
    run = [command for name, command in commands_of_containers() if name.startswith(f"{page}") and ".md" not in name]
    assert sorted(shown) == sorted(run)


def test_workers_find_the_job_where_the_manifests_say() -> None:
    documents = {(each["kind"], each["metadata"]["name"]): each for each in kubernetes()}
    service, job = documents["Service", "copy-orders"], documents["Job", "copy-orders"]
    pod = job["spec"]["template"]
    assert service["spec"]["selector"] == pod["metadata"]["labels"]
    (port,) = (each["port"] for each in service["spec"]["ports"])
    (container,) = pod["spec"]["containers"]
    assert container["ports"] == [{"containerPort": port}]
    assert f"listen://0.0.0.0:{port}" in container["args"]
    workers = documents["Job", "copy-orders-workers"]["spec"]
    (worker,) = workers["template"]["spec"]["containers"]
    assert worker["args"] == ["worker", f"tls://{service['metadata']['name']}:{port}"]
    assert (worker["env"], worker["image"]) == (container["env"], container["image"])
    assert str(workers["parallelism"]) == container["args"][container["args"].index("--workers") + 1]
    assert {volume["configMap"]["name"] for volume in pod["spec"]["volumes"]} == {"copy-orders"}


def test_the_script_takes_the_arguments_that_manifests_and_pages_give_it() -> None:
    options = of_script()
    assert {"--source", "--target", "--resume", "--workers", "--transform", "--env"} == options
    glue = read("glue/job.json")["DefaultArguments"]
    assert set(glue) <= options | OF_GLUE
    emr = read("emr/job-run.json")["jobDriver"]["sparkSubmit"]["entryPointArguments"]
    assert set(emr[::2]) <= options
    for given in re.findall(r"--arguments '(\{.*?\})'", (PAGES / "glue.md").read_text("utf-8")):
        arguments: Mapping[str, str] = json.loads(given)
        assert set(arguments) <= options
    text = (PAGES / "emr.md").read_text("utf-8").replace("\\\n", " ")
    submitted = re.findall(r"^\$ (spark-submit .*)$", text, re.M)
    assert len(submitted) == 2
    for command in submitted:
        words = shlex.split(command)
        assert set(words[words.index("job.py") + 1 :: 2]) <= options, command
