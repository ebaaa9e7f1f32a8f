"""``--forks N``: the tests are collected once, and N forks of that process run them, a file at a time.

Each worker of pytest-xdist imports every file and makes every test again, which takes six seconds of a processor; forks
have them, and share their memory. Otherwise a fork is as a worker of pytest-xdist: fixtures of the session are its own,
so are its folders, and a fork that dies fails the test that it ran, and another one goes on after that. Linux only.
"""

import os
import random
import signal
import traceback
import warnings
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any, NoReturn

import pytest

from shared_botocore import make_known

FORKS = "collect once, and let so many forks run the tests, a file at a time (Linux)"
PLACE_BYTES = 4
SERVICES = (
    *("application-autoscaling", "backup", "cloudwatch", "dynamodb", "dynamodbstreams", "iam", "kinesis", "kms"),
    *("lambda", "logs", "s3", "sqs", "ssm", "sts"),
)
"""Those that most files make clients of: their documents take a second to read."""


class FileQueue:
    """The places of the files that no worker has yet. A pipe: who reads takes one, and nobody else has it."""

    def __init__(self, count: int) -> None:
        self._read, write = os.pipe()
        os.write(write, b"".join(place.to_bytes(PLACE_BYTES, "big") for place in range(count)))
        os.close(write)

    def take(self) -> int | None:
        """The next one; None where there is none."""
        taken = os.read(self._read, PLACE_BYTES)
        return int.from_bytes(taken, "big") if taken else None


class Reporter:
    """What a worker tells of its tests."""

    def __init__(self, config: pytest.Config, told: "Connection[Any, Any]") -> None:
        self._config = config
        self._told = told

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        """A test begins."""
        self._told.send(("start", {"nodeid": nodeid, "location": location}))

    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        """A test is over."""
        self._told.send(("finish", {"nodeid": nodeid, "location": location}))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A part of a test is over."""
        found = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._told.send(("report", found))

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str, location: Any
    ) -> None:
        """Something warned."""
        kind = warning_message.category.__name__
        where = {"filename": warning_message.filename, "lineno": warning_message.lineno}
        told = {"text": str(warning_message.message), "kind": kind, "where": where}
        self._told.send(("warning", told | {"when": when, "nodeid": nodeid, "location": location}))


class Worker:
    """A fork, as the process that collected sees it."""

    def __init__(self, pid: int, told: "Connection[Any, Any]", items: Iterable[pytest.Item]) -> None:
        self.pid = pid
        self.told = told
        self.left = {item.nodeid: item for item in items}
        """Tests of the files that it took and has not finished."""
        self.running = ""


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Let forks run the tests."""
    count = session.config.getoption("forks")
    if not count or session.config.option.collectonly or session.testsfailed:
        return None
    files: dict[Path, list[pytest.Item]] = {}
    for item in session.items:
        files.setdefault(item.path, []).append(item)
    terminal: Any = session.config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None:
        terminal.showfspath = False
    make_known(SERVICES)
    return Forks(session, list(files.values())).run(min(count, len(files)))


class Forks:
    """The workers of a run, and what they say."""

    def __init__(self, session: pytest.Session, files: list[list[pytest.Item]]) -> None:
        self._session = session
        self._config = session.config
        self._files = files
        self._queue = FileQueue(len(files))
        self._workers: dict[Connection[Any, Any], Worker] = {}
        self._made = 0
        self._finished = 0

    def run(self, count: int) -> bool:
        """Run all tests in so many workers."""
        try:
            for _ in range(count):
                self._fork([])
            while self._workers:
                for told in wait(list(self._workers)):
                    self._hear(self._workers[told])  # type: ignore[index]  # it waited for these
        finally:
            for each in self._workers.values():
                os.kill(each.pid, signal.SIGKILL)
                os.waitpid(each.pid, 0)
        if self._finished != len(self._session.items):
            raise RuntimeError(f"{len(self._session.items) - self._finished} tests were not run")
        return True

    def _fork(self, items: list[pytest.Item]) -> None:
        """A new worker, which runs these tests before it takes a file."""
        told, tells = Pipe(duplex=False)
        self._made += 1
        pid = os.fork()
        if not pid:
            serve(self._session, self._files, self._queue, items, tells, self._made)
        tells.close()
        self._workers[told] = Worker(pid, told, items)

    def _hear(self, worker: Worker) -> None:
        """One message of a worker, or its end."""
        try:
            kind, told = worker.told.recv()
        except EOFError:
            self._end(worker)
            return
        hook = self._config.hook
        if kind == "took":
            worker.left |= {item.nodeid: item for item in self._files[told]}
        elif kind == "start":
            worker.running = told["nodeid"]
            hook.pytest_runtest_logstart(**told)
        elif kind == "finish":
            worker.running = ""
            self._finish(worker, told["nodeid"])
            hook.pytest_runtest_logfinish(**told)
        elif kind == "warning":
            named = type(told.pop("kind"), (Warning,), {})
            message = warnings.WarningMessage(named(told.pop("text")), named, **told.pop("where"))
            hook.pytest_warning_recorded.call_historic(kwargs={"warning_message": message, **told})
        elif kind == "stopped":
            pytest.exit(told, returncode=pytest.ExitCode.INTERRUPTED)
        else:
            hook.pytest_runtest_logreport(report=hook.pytest_report_from_serializable(config=self._config, data=told))
        if self._session.shouldfail:
            raise self._session.Failed(self._session.shouldfail)

    def _finish(self, worker: Worker, nodeid: str) -> None:
        del worker.left[nodeid]
        self._finished += 1

    def _end(self, worker: Worker) -> None:
        """A worker has ended: there are no more files, or it died, and another one does what it left."""
        del self._workers[worker.told]
        worker.told.close()
        code = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
        if not worker.left and not code:
            return
        if not worker.running:
            pytest.exit(f"a worker ended with {code} between two tests", returncode=pytest.ExitCode.INTERNAL_ERROR)
        item = worker.left[worker.running]
        died = pytest.TestReport(
            item.nodeid, item.location, {}, "failed", f"its process ended with {code}", "call", (), 0.0, 0.0, 0.0
        )
        self._config.hook.pytest_runtest_logreport(report=died)
        self._finish(worker, item.nodeid)
        self._fork(list(worker.left.values()))


def serve(
    session: pytest.Session,
    files: list[list[pytest.Item]],
    queue: FileQueue,
    items: list[pytest.Item],
    told: "Connection[Any, Any]",
    number: int,
) -> NoReturn:
    """Run tests in this fork until no file is left."""
    code = 0
    try:
        _settle(session.config, number)
        session.config.pluginmanager.register(Reporter(session.config, told))
        upcoming = _upcoming(files, queue, items, told)
        item = next(upcoming, None)
        while item is not None:
            after = next(upcoming, None)
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            item = after
    except BaseException:  # pytest.exit, Ctrl-C, an error of a plugin
        code = 1
        told.send(("stopped", traceback.format_exc()))
    finally:
        told.close()
        os._exit(code)


def _upcoming(
    files: list[list[pytest.Item]], queue: FileQueue, items: list[pytest.Item], told: "Connection[Any, Any]"
) -> Iterator[pytest.Item]:
    """The tests of a worker; a file is taken when the last test before it is about to begin."""
    yield from items
    while (place := queue.take()) is not None:
        told.send(("took", place))
        yield from files[place]


def _settle(config: pytest.Config, number: int) -> None:
    """Make a fork a process of its own: what it captures, its folder, its chance; it prints nothing."""
    manager = config.pluginmanager
    terminal = manager.getplugin("terminalreporter")
    if terminal is not None:
        manager.unregister(terminal)
    capture: Any = manager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
        capture.start_global_capturing()
        capture.suspend_global_capture()
    folders: Any = config._tmp_path_factory  # type: ignore[attr-defined]  # pytest has no public way to it
    folders._basetemp = folders.getbasetemp() / f"worker{number}"
    folders._basetemp.mkdir(mode=0o700)
    random.seed()
