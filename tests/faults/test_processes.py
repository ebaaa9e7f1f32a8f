"""Faults that the two processes of ``copy --processes 2`` meet, and faults that meet the command as people run it."""

import json
from typing import Any

import pytest

from faults.arena import Arena
from faults.cases import Case, Struck, armed
from faults.matrix import in_processes
from faults.runner import run_command
from faults.verbs import VERBS, World


@pytest.mark.parametrize("case", list(in_processes()), ids=lambda case: case.name)
def test_processes_of_a_copy_meet_a_fault(tried: Arena, case: Case) -> None:
    verdict = tried.judge(case)
    assert not verdict.wrong, str(verdict)
    assert verdict.met, f"no call met the fault\n{verdict}"


def unfinished(world: World, environment: dict[str, str]) -> list[dict[str, Any]]:
    """The jobs that can be resumed."""
    jobs = json.loads(run_command(world.folder, environment, "jobs", "list", "--json").out)
    return [job for job in jobs if job["state"] not in ("done", "cancelled")]


@pytest.mark.parametrize(
    ("verb", "fault", "operation"),
    [
        ("copy", "200 empty object", "BatchWriteItem"),
        ("backfill", "chunk size 'ZZZ'", "BatchExecuteStatement"),
        ("verify empty", "200 status ok", "Scan"),
    ],
)
def test_the_command_itself_gives_up_on_a_fault_in_bounded_time(
    tried: Arena, verb: str, fault: str, operation: str
) -> None:
    """With the patience that people get: a broken reply is tried a bounded number of times."""
    proxy, world = tried.proxies[0], tried.world
    made = VERBS[verb](world)
    try:
        proxy.arm(armed(Struck(fault, operation, "middle"), made, always=True))
        environment = tried.environment(proxy)
        answer = run_command(world.folder, environment, *made.words())
        assert answer.code == 1, answer
        assert answer.plain, answer
        proxy.calm()
        if made.resumable:
            [job] = [job for job in unfinished(world, environment) if job["verb"] == made.words()[0]]
            answer = run_command(world.folder, environment, "jobs", "resume", job["id"])
        else:
            answer = run_command(world.folder, environment, *made.words())
        assert answer.code in made.expected_codes(), answer
        assert not made.wrong(), made.wrong()
    finally:
        proxy.calm()
        made.end()
