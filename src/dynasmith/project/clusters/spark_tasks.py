"""Workers on Spark, where this process is the driver: each is a Spark job of one task.

A job each, and not one of N tasks: Spark ends all tasks of a job when one of them has failed four times. A failure is
text of the JVM; a driver and its executors trust each other beyond that, as PySpark makes them.
"""

from __future__ import annotations

import secrets
import time
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from threading import Thread
from typing import Any

from dynasmith.errors import NotOffered, Unreachable
from dynasmith.jobs.cluster import ClusterConnection
from dynasmith.worker import run_in_spark

LEAVE_SECONDS = 10.0
"""How long tasks whose workers end may take, until Spark is told to end them."""

_LOCAL = ("local", "local[", "local-cluster[")


def check_spark() -> None:
    """Raise NotOffered where pyspark is not there, as it is in every driver."""
    if find_spec("pyspark") is None:
        raise NotOffered(
            "Workers on Spark need pyspark, which spark-submit, AWS Glue and EMR bring along.",
            hint="start the program with spark-submit, or as a job of AWS Glue",
        )


class SparkTasks:
    """Tasks of the SparkContext of this process: the one given, the one that is open, or one that is opened as
    spark-submit was told. It stays open. Keeps `TaskCluster`."""

    name = "Spark"

    def __init__(self, context: ClusterConnection | None = None) -> None:
        self._context: Any = context
        self._tasks: list[_SparkTask] = []

    def connect(self) -> None:
        """See `TaskCluster`."""
        if self._context is not None:
            return
        spark: Any = import_module("pyspark")
        try:
            self._context = spark.SparkContext.getOrCreate()
        except _failures() as error:
            raise Unreachable(
                f"Spark did not start: {_sentence(error)}.",
                hint="start the program with spark-submit, and look at what it prints",
            ) from error

    def keeper_host(self) -> str:
        """The address that executors reach the driver at."""
        if self._context.master.startswith(_LOCAL):
            return "127.0.0.1"
        return str(self._context.getConf().get("spark.driver.host"))

    def submit(self, address: str, secret: str) -> _SparkTask:
        """See `TaskCluster`."""
        task = _SparkTask(self._context, address, secret)
        self._tasks.append(task)
        task.start()
        return task

    def lives(self, task: Any) -> bool:  # noqa: ANN401  # a task of this file
        """See `TaskCluster`."""
        return bool(task.is_alive())

    def runs_any(self) -> bool:
        """Whether an executor runs a task: a cluster may take minutes to give the first one."""
        return any(task.has_executor() for task in self._tasks)

    def is_gone(self) -> bool:
        """False: the driver of Spark is a part of this process, or of its parent."""
        return False

    def reason(self) -> str:
        """See `TaskCluster`."""
        return next((task.reason for task in reversed(self._tasks) if task.reason), "")

    def leave(self) -> None:
        """End the tasks that do not end by themselves."""
        until = time.monotonic() + LEAVE_SECONDS
        for task in self._tasks:
            task.join(max(0.0, until - time.monotonic()))
            if task.is_alive():
                self._context.cancelJobGroup(task.group)
        self._tasks = []


class _SparkTask(Thread):
    """A thread that waits for a Spark job of one task."""

    def __init__(self, context: Any, address: str, secret: str) -> None:  # noqa: ANN401  # a SparkContext
        self.group = f"dynasmith-{secrets.token_hex(8)}"
        super().__init__(name=self.group, daemon=True)
        self._context = context
        self._work = partial(run_in_spark, address, secret)
        self.reason = ""

    def run(self) -> None:
        """Run the job to its end."""
        try:
            self._context.setJobGroup(self.group, "A worker of dynasmith", interruptOnCancel=True)
            self._context.parallelize(range(1), 1).foreachPartition(self._work)
        except _failures() as error:
            self.reason = _sentence(error)

    def has_executor(self) -> bool:
        """Whether its task is at an executor."""
        tracker = self._context.statusTracker()
        for job in tracker.getJobIdsForGroup(self.group):
            info = tracker.getJobInfo(job)
            stages = [tracker.getStageInfo(stage) for stage in (info.stageIds if info is not None else ())]
            if any(stage is not None and stage.numActiveTasks for stage in stages):
                return True
        return False


def _failures() -> tuple[type[Exception], ...]:
    protocol: Any = import_module("py4j.protocol")
    return (protocol.Py4JError, RuntimeError, OSError, ValueError)


def _sentence(error: Exception) -> str:
    """What of an error of Spark names the cause: the last line of the traceback of Python in it, else its first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if "Traceback (most recent call last)" in line:
            after = [each for each in lines[number + 1 :] if not each.startswith(("File ", "at ", "^", "~"))]
            found = next((each for each in after if _names_error(each)), "")
            if found:
                return found.rstrip(".")
    return (lines[0] if lines else type(error).__name__).rstrip(".:")


def _names_error(line: str) -> bool:
    name = line.partition(":")[0]
    return name.isidentifier() and name.endswith(("Error", "Exception", "Exit", "Interrupt"))
