"""A crew whose workers are tasks of a cluster: who never comes, tasks that end, and addresses that lead back."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from threading import Event, Thread
from typing import Any

import pytest

from dynasmith.engine.workers.dial import dialled
from dynasmith.errors import RunError, UsageError
from dynasmith.jobs.cluster import Cluster
from dynasmith.project.clusters.dask_tasks import dask_scheduler
from dynasmith.project.clusters.network import bindable
from dynasmith.project.clusters.placed_crew import PlacedCrew
from dynasmith.project.clusters.spark_tasks import _sentence


class Threads:
    """A cluster of threads of this process, each of which does ``work(address, secret)``."""

    name = "thread"

    def __init__(self, work: Callable[[str, str], Any], why: str = "") -> None:
        self._work, self._why = work, why
        self.placed: list[Thread] = []

    def connect(self) -> None:
        pass

    def keeper_host(self) -> str:
        return "127.0.0.1"

    def submit(self, address: str, secret: str) -> Thread:
        self.placed.append(Thread(target=self._work, args=(address, secret), daemon=True))
        self.placed[-1].start()
        return self.placed[-1]

    def lives(self, task: Any) -> bool:
        return bool(task.is_alive())

    def runs_any(self) -> bool:
        return True

    def is_gone(self) -> bool:
        return False

    def reason(self) -> str:
        return self._why

    def leave(self) -> None:
        for each in self.placed:
            each.join(30)


def next_of(crew: PlacedCrew, count: int) -> list[str]:
    """Where the next workers are. Raises what the crew raises."""

    async def main() -> list[str]:
        try:
            await crew.place(b"order", count)
            return [(await crew.next()).where for _ in range(count)]
        finally:
            await crew.close()

    return asyncio.run(main())


def dial(address: str, secret: str) -> None:
    with closing(dialled(address, secret)) as connection:
        assert connection.receive() == b"order"


def test_each_task_dials_in_where_it_was_told() -> None:
    said: list[str] = []
    crew = PlacedCrew(Threads(dial), Cluster("threads"), said.append)
    assert len(next_of(crew, 3)) == 3
    assert [each.startswith("Workers of the thread cluster dial in at 127.0.0.1:") for each in said] == [True]


def test_an_address_that_workers_do_not_reach_ends_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a firewall stands between: the tasks run, and nobody comes."""
    monkeypatch.setattr("dynasmith.project.clusters.placed_crew.DIAL_SECONDS", 0.0)
    over = Event()
    cluster = Threads(lambda *_: over.wait())
    monkeypatch.setattr(cluster, "leave", over.set)
    crew = PlacedCrew(cluster, Cluster("threads", keeper_address="localhost"), lambda _: None)
    with pytest.raises(RunError, match=r"reached this job at localhost:\d+ within 0 s") as caught:
        next_of(crew, 1)
    assert "keeper_address" in caught.value.hint


@pytest.mark.parametrize(("why", "end"), [("", "dialled in."), ("ImportError: x", "dialled in: ImportError: x.")])
def test_tasks_that_all_end_are_named_with_their_reason(why: str, end: str) -> None:
    with pytest.raises(RunError, match="Every task on the thread cluster ended before a worker") as caught:
        next_of(PlacedCrew(Threads(lambda *_: None, why), Cluster("threads"), lambda _: None), 2)
    assert caught.value.message.endswith(end)


def test_a_task_that_ended_is_placed_again_and_one_that_lives_is_not() -> None:
    released = Event()

    def dial_and_live(address: str, secret: str) -> None:
        dial(address, secret)
        released.wait(30)

    cluster = Threads(dial_and_live)

    async def main() -> list[int]:
        crew = PlacedCrew(cluster, Cluster("threads"), lambda _: None)
        counts = []
        try:
            for count in (1, 2, 2):
                before = len(cluster.placed)
                await crew.place(b"order", count)
                await crew.place(b"order", count)
                counts.append(len(cluster.placed))
                for _ in range(before, counts[-1]):
                    await crew.next()
                released.set()
                for each in cluster.placed:
                    await asyncio.to_thread(each.join, 30)
                released.clear()
        finally:
            released.set()
            await crew.close()
        return counts

    assert asyncio.run(main()) == [1, 3, 5]


def test_where_a_job_listens_so_that_an_address_leads_to_it() -> None:
    assert bindable("127.0.0.1") == "127.0.0.1"
    assert bindable("localhost") == "localhost"
    assert bindable("203.0.113.7") == "0.0.0.0"  # of documentation: of no machine, as one of a router


def test_a_scheduler_without_tls_beyond_this_machine_is_accepted_by_name_only() -> None:
    if find_spec("distributed") is None:
        pytest.skip("the extra cluster is not installed")
    assert dask_scheduler(Cluster("tls://scheduler:8786")) == {"address": "tls://scheduler:8786"}
    assert dask_scheduler(Cluster("dask://127.0.0.1:8786")) == {"address": "tcp://127.0.0.1:8786"}
    assert dask_scheduler(Cluster("dask+file:a.json")) == {"scheduler_file": "a.json"}
    assert dask_scheduler(Cluster("dask://10.0.0.7:8786", trust_cluster=True)) == {"address": "tcp://10.0.0.7:8786"}
    with pytest.raises(UsageError, match="whoever reaches it can run code"):
        dask_scheduler(Cluster("dask://10.0.0.7:8786"))


JVM = """An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.
: org.apache.spark.SparkException: Job aborted due to stage failure: Traceback (most recent call last):
  File "worker.py", line 4197, in invoke_udf
    return cloudpickle.loads(obj, encoding=encoding)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
ModuleNotFoundError: No module named 'dynasmith'
\tat org.apache.spark.api.python.BasePythonRunner.handlePythonException(PythonRunner.scala:1097)
"""


def test_the_cause_is_found_in_an_error_of_spark() -> None:
    assert _sentence(RuntimeError(JVM)) == "ModuleNotFoundError: No module named 'dynasmith'"
    assert _sentence(RuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited.")) == (
        "[JAVA_GATEWAY_EXITED] Java gateway process exited"
    )
    assert _sentence(RuntimeError("")) == "RuntimeError"
