"""The fixture ``dynasmith_function``: deploy a project, or a bundle, as a Lambda function on the embedded engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dynasmith.strict import StrictServer
    from dynasmith.testing.function import FunctionDeployer


@pytest.fixture(scope="session")
def dynasmith_function_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of packages that functions of a project find: what a bundle has, as links to what is installed."""
    from dynasmith.testing.function_packages import link_packages

    folder = tmp_path_factory.mktemp("dynasmith-function-packages")
    link_packages(folder)
    return folder


@pytest.fixture
def dynasmith_function(
    strict: "StrictServer", strict_upstream: str, dynasmith_function_packages: Path
) -> "Iterator[FunctionDeployer]":
    """Deploys Lambda functions on the embedded engine; they reach AWS through ``strict``, and end with the test.

    ::

        def test_the_remote_run(dynasmith_function, strict):
            function = dynasmith_function("path/to/project", timeout_seconds=3, environment={"STAGE": "test"})
            reply = function.invoke({"v": 1, "command": "migrate.status", ...})
            assert reply.error is None, reply.log
            assert reply.payload["status"] == "done"
            assert not strict.journal.writes      # what the function wrote is in the journal too

    ``dynasmith_function(project)`` packs the folder's files at the root of a zip (which is the function's working
    folder, ``/var/task`` at AWS) and calls ``dynasmith.lambdas.handler``, or the ``handler`` that you name;
    ``files={"helper.py": "..."}`` adds files; ``bundle=OUT.zip`` deploys a zip of ``dynasmith lambda bundle`` instead.
    The answer has ``name``, ``arn``, ``region``, ``endpoint`` (for your own client of Lambda), ``invoke(event)``,
    ``configure(timeout_seconds=, environment=)`` and ``delete()``.

    Made like AWS, where the engine is not: the function sees no installed package but those of a bundle, none of this
    process's variables, a read-only file system but for temporary files, ``AWS_EXECUTION_ENV`` and ``_HANDLER``, and
    payloads of at most 6 MB each way. What stays the engine's: the interpreter is this one, whatever the
    runtime; it is killed at its timeout, importing not counted; the first call starts a process (about 1 s), the next
    ones use it again, also while another call runs in another process; it is not frozen between calls. A call that
    failed or timed out ends its process.

    Processes and their folders in the folder for temporary files are gone after the test, also when a call still runs.
    Needs the extra ``local``; a deployment costs about 20 ms, without copying a package.
    """
    from dynasmith.testing.function import FunctionDeployer

    deployer = FunctionDeployer(strict_upstream, strict.endpoint, dynasmith_function_packages)
    try:
        yield deployer
    finally:
        deployer.delete_all()
