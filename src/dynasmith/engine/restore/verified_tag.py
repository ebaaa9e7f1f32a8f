"""A restore whose items were verified is written on the table that was backed up, so that `validate` can say when its
restore was last tested."""

from collections.abc import Callable
from typing import Final

from dynasmith.engine.transfer.restore_world import RestoreWorld
from dynasmith.errors import DynasmithError, TableNotFound
from dynasmith.jobs.restore_report import ItemProof
from dynasmith.jobs.spec import Restore
from dynasmith.plans.step import CallTag
from dynasmith.ports.backups import rfc_3339
from dynasmith.tables.own_tags import RESTORE_TAG

NOT_TAGGED: Final = "The verified restore is not written on"


def tag_verified(spec: Restore, world: RestoreWorld, proof: ItemProof, say: Callable[[str], None]) -> None:
    """Tag the table that was backed up, where the items are verified and that very table is still there. Two calls.

    A restore from files names no table, and tags none. What keeps the tag from being written is said, never raised:
    the restore is done.
    """
    arn = spec.table_arn
    if proof.equal is not True or not arn:
        return
    name = arn.rpartition("/")[2]
    if world.needs_own_consent(spec, name):
        say(f"{NOT_TAGGED} {name}: its environment is protected, and consent was given for {spec.target.table}.")
        return
    try:
        if world.tables.describe(name, ()).arn != arn:
            say(f"{NOT_TAGGED} {name}: {arn} is in another account or Region.")
            return
        value = f"{rfc_3339(world.clock.now().replace(microsecond=0))} {proof.verified}"
        world.tables.send(name, CallTag(tags={RESTORE_TAG: value}))
    except TableNotFound:
        say(f"{NOT_TAGGED} {name}: the table is gone.")
    except DynasmithError as error:
        say(f"{NOT_TAGGED} {name}: {error.message}")
    else:
        say(f"Tag {RESTORE_TAG} of {name}: {value}.")
