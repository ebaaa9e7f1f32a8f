"""A Lambda function on the embedded engine, for a test: deployed, called, stopped, and removed without a trace."""

import base64
import io
import json
import re
import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

REGION = "us-east-1"
ENTRY = "dynasmith_function_entry"
ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB")
"""Where every service is, and where environments of a project are that have an address of their own, such as local."""
VARIABLES = "DYNASMITH_FUNCTION_VARIABLES"
HANDLER = "dynasmith.lambdas.handler"
CALL_SECONDS_MAX = 900.0
"""How long a call waits for its answer: the longest time that Lambda gives a function, whatever this one's is."""

_DATE = (1980, 1, 1, 0, 0, 0)
_NOT_PACKED = frozenset((".git", ".dynasmith", "__pycache__", ".venv"))


class FunctionReply(NamedTuple):
    """What a call gave: the decoded ``payload``, ``error`` (None, or Lambda's word for how the function failed:
    "Unhandled" also for one that was killed at its timeout) and the end of its ``log``.
    """

    payload: Any
    error: str | None
    log: str


class DeployedFunction:
    """A function on the engine. ``name``, ``arn``, ``region``, ``endpoint`` (of the engine behind the strict endpoint:
    for a client of Lambda), ``timeout_seconds``; calls repeat nothing.
    """

    def __init__(self, client: Any, name: str, arn: str, endpoint: str, timeout_seconds: int) -> None:
        self.name = name
        self.arn = arn
        self.region = REGION
        self.endpoint = endpoint
        self.timeout_seconds = timeout_seconds
        self._client = client

    def invoke(self, event: object) -> FunctionReply:
        """Call it with ``event`` (anything of JSON) and wait for the answer. An error of the function is no exception
        here: it is in ``error``, and ``payload`` has its ``errorMessage``.
        """
        reply = self._client.invoke(FunctionName=self.name, Payload=json.dumps(event).encode(), LogType="Tail")
        body = reply["Payload"].read()
        log = base64.b64decode(reply.get("LogResult", "")).decode(errors="replace")
        return FunctionReply(json.loads(body) if body else None, reply.get("FunctionError"), log)

    def configure(self, *, timeout_seconds: int | None = None, environment: Mapping[str, str] | None = None) -> None:
        """Change its timeout, or add variables to its environment; the next call starts in a new process."""
        now = self._client.get_function_configuration(FunctionName=self.name)
        variables = _named({**now["Environment"]["Variables"], **(environment or {})})
        self.timeout_seconds = timeout_seconds or self.timeout_seconds
        self._client.update_function_configuration(
            FunctionName=self.name, Timeout=self.timeout_seconds, Environment={"Variables": variables}
        )

    def delete(self) -> None:
        """Remove it: its processes are ended and their folders are gone when this returns. Twice is allowed."""
        try:
            self._client.delete_function(FunctionName=self.name)
        except self._client.exceptions.ResourceNotFoundException:
            return
        for folder in Path(tempfile.gettempdir()).glob(f"ministack-lambda-{self.name}-*"):
            shutil.rmtree(folder, ignore_errors=True)


class FunctionDeployer:
    """Deploys functions to the engine at ``engine``; ``aws`` is where they find AWS, ``packages`` their packages.
    ``delete_all()`` removes what it deployed.
    """

    def __init__(self, engine: str, aws: str, packages: Path) -> None:
        self.engine = engine
        self.aws = aws
        self._packages = packages
        self._functions: list[DeployedFunction] = []
        self._client = boto3.client(
            "lambda",
            endpoint_url=engine,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the engine looks at none
            config=Config(
                retries={"total_max_attempts": 1}, read_timeout=CALL_SECONDS_MAX, max_pool_connections=20, proxies={}
            ),
        )

    def __call__(
        self,
        project: Path | str | None = None,
        *,
        bundle: Path | str | None = None,
        handler: str = HANDLER,
        timeout_seconds: int = 60,
        environment: Mapping[str, str] | None = None,
        files: Mapping[str, str | bytes] | None = None,
        name: str = "",
    ) -> DeployedFunction:
        """Deploy the folder ``project``, or the zip ``bundle`` that ``dynasmith lambda bundle`` wrote.

        A project's files are at the root of the zip, as in a bundle; ``files`` are further ones by their names (text
        or bytes). Of a ``bundle`` the function has its own packages alone; of a ``project`` those of this
        installation that a bundle would have, and no others. ``handler`` is Lambda's own form: module, dot, function.
        ``environment`` are the function's variables; those of `ENDPOINTS` are set unless they are among them.
        """
        variables = _named({**dict.fromkeys(ENDPOINTS, self.aws), **(environment or {})})
        packages = None if bundle is not None else str(self._packages)
        body = _zipped(project, bundle, files or {}, {"handler": handler, "packages": packages})
        name = name or f"dynasmith-{uuid.uuid4().hex[:12]}"
        reply = self._client.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role="arn:aws:iam::000000000000:role/dynasmith",
            Handler=f"{ENTRY}.handler",
            Code={"ZipFile": body},
            Timeout=timeout_seconds,
            MemorySize=1024,
            Environment={"Variables": variables},
        )
        function = DeployedFunction(self._client, name, reply["FunctionArn"], self.engine, timeout_seconds)
        self._functions.append(function)
        return function

    def delete_all(self) -> None:
        """Remove every function that it deployed, and close its connections."""
        while self._functions:
            self._functions.pop().delete()
        self._client.close()


def _named(variables: dict[str, str]) -> dict[str, str]:
    """The variables, and one with their names: the worker of the engine has those of the engine as well."""
    names = sorted(variables.keys() - {VARIABLES})
    return {**variables, VARIABLES: " ".join(names)}


def _zipped(
    project: Path | str | None, bundle: Path | str | None, files: Mapping[str, str | bytes], settings: dict[str, Any]
) -> bytes:
    buffer = io.BytesIO(b"" if bundle is None else Path(bundle).read_bytes())
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in _files(Path(project)) if project is not None else ():
            archive.writestr(_entry(path.relative_to(Path(project or "")).as_posix()), path.read_bytes())
        for name, content in files.items():
            archive.writestr(_entry(name), content)
        source = Path(__file__).with_name("function_entry.py").read_bytes()
        archive.writestr(_entry(f"{ENTRY}.py"), source)
        archive.writestr(_entry(f"{ENTRY}.json"), json.dumps(settings))
    return buffer.getvalue()


def _files(project: Path) -> list[Path]:
    found = (path for path in project.rglob("*") if path.is_file())
    return sorted(path for path in found if not _NOT_PACKED & set(path.relative_to(project).parts))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(re.sub(r"\A/+", "", name), _DATE)
    entry.external_attr = 0o644 << 16
    return entry
