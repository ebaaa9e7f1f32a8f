"""A job's life in a ledger, with every call of it: what a test of lost and broken replies runs again and again."""

import asyncio
from typing import Any

from dynasmith.aws.stores.shared_ledger import SharedLedger
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.job import moved
from dynasmith.ports.items import DeadLetter
from flow.kit import new_job


def impatient(client: Any) -> Any:
    """The client, which sends again at once what broke on the way, four times."""

    def again(attempts: int, response: Any, **_: Any) -> int | None:
        return 0 if attempts < 5 and response is None else None

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"needs-retry.{service}", again)
    return client


def live(ledger: SharedLedger) -> None:
    """Begin a job, save, bury, give it back, take it up, end and prune it; each step is read back."""
    claim = new_job(ledger)
    job = claim.job.id
    checkpoint = Checkpoint(job=job, segments=1, segment=0)
    asyncio.run(claim.save(checkpoint))
    asyncio.run(claim.bury(0, b"page", [DeadLetter(code="x", reason="")]))
    claim.release()
    claim = ledger.claim(job)
    assert claim._lease.lock.beat(claim._lease.owner, 1)
    claim.change(moved(claim.job, "cancelled", claim.job.changed_at))
    claim.forget(0, b"other")
    assert claim.checkpoints() == {0: checkpoint}
    claim.release()
    assert (ledger.show(job).state, len(ledger.dead_letters(job))) == ("cancelled", 1)
    ledger.prune(job)
    assert ledger.jobs() == []
