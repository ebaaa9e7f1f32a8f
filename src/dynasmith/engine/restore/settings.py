"""The settings of a restored table: each applied alone, so that one that fails is named and the others are there."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.engine.apply import apply_plan
from dynasmith.engine.definition_import import as_definition
from dynasmith.engine.planner import make_plan
from dynasmith.engine.transfer.restore_world import RestoreWorld
from dynasmith.errors import DynasmithError
from dynasmith.jobs.restore_report import EVERY_SETTING, RestoredSetting
from dynasmith.jobs.spec import Restore
from dynasmith.plans.notes import DEFINITION_WORDS
from dynasmith.tables.document_of import document_of
from dynasmith.tables.table import SAID_ONLY, UNMANAGED_YET, Table

LAST: Final = ("triggers", "time_to_live", "deletion_protection")
"""What is applied after everything else: a trigger needs the stream, and the access of its function; the service allows
one TTL change an hour; what is protected cannot be deleted when a restore goes wrong."""
FIRST: Final = ("billing", "capacity", "on_demand_maximum", "autoscaling", "table_class", "stream")
"""What others depend on: a policy may name the stream."""
_LEFT: Final = ("name", "key", "items", "warm", "local_indexes", *SAID_ONLY)
NOT_MADE: Final = ("replicas", "consistency", "witness_region")
"""What a restore never makes by itself: replicas are other tables, with a bill of their own."""
_NOT_MANAGED = "this version does not manage it: set it up by hand"
_NO_REPLICAS = "a restore makes no replicas; add them with apply once the table has its definition"


def restore_settings(spec: Restore, world: RestoreWorld, say: Callable[[str], None]) -> tuple[RestoredSetting, ...]:
    """Apply what the service left out, and say of every setting whether it is as before. About three calls a setting.

    What fails is named in its row; nothing is raised for it. Applying again continues.
    """
    name = spec.target.table
    desired = world.desired(spec)
    if desired is None:
        why = "nothing says what the settings were: no definition was kept, and none is in the project"
        return (RestoredSetting(EVERY_SETTING, None, None, as_before=False, why=why),)
    reasons: dict[str, str] = {}
    if spec.settings:
        for field in _fields(desired):
            if why := _apply(desired, field, world):
                reasons[field] = why
            say(f"{_word(field)}: {why or 'as it was'}.")
    after = document_of(as_definition(world.tables.describe(name)))
    return tuple(_rows(spec, after, {_word(field): why for field, why in reasons.items()}))


def _fields(desired: Table) -> list[str]:
    """The settings that are applied, in a safe order."""
    left = (*_LEFT, *NOT_MADE, *UNMANAGED_YET)
    known = [
        name
        for name in Table.__struct_fields__
        if name not in left and not isinstance(getattr(desired, name), UnsetType)
    ]
    order = {name: number for number, name in enumerate(FIRST)} | {name: 100 + n for n, name in enumerate(LAST)}
    return sorted(known, key=lambda name: order.get(name, 50))


def _apply(desired: Table, field: str, world: RestoreWorld) -> str:
    """Apply one setting; why it could not be, empty where it is there."""
    try:
        plan = make_plan([desired], world.tables, world.items, world.clock, replace(world.plan_options, only=(field,)))
        for failure in plan.failures:
            return failure.message
        if not plan.tables[0].changes:
            left = (note for note in plan.tables[0].notes if note.kind == "not-offered" and note.path == _word(field))
            return next((note.text for note in left), "")
        report = apply_plan(plan, world.tables, world.clock)
    except DynasmithError as error:
        return error.message
    for failed in report.failures.values():
        return failed.message
    return next((each.postponed or each.unfinished for each in report.applied if each.postponed or each.unfinished), "")


def _word(field: str) -> str:
    return DEFINITION_WORDS.get(field, field)


def _rows(spec: Restore, after: Mapping[str, Any], reasons: Mapping[str, str]) -> Iterator[RestoredSetting]:
    left = {"name", "attributes", *(_word(each) for each in ("key", "items", *SAID_ONLY))}
    for setting, before in spec.before.items():
        if setting in left:
            continue
        now = after.get(setting)
        same = now == before or (setting not in after and _is_off(before) and setting not in reasons)
        why, requested = ("", False) if same else _why(spec, setting, reasons)
        yield RestoredSetting(setting, before, now, as_before=same, why=why, requested=requested)
    for setting, reason in spec.unread.items():
        when = "when the backup was made" if spec.backup else "before the restore"
        why = f"it could not be read {when}: {reason}"
        yield RestoredSetting(_word(setting), None, after.get(_word(setting)), as_before=False, why=why)


def _is_off(value: Any) -> bool:
    """Whether a definition says that there is none of it."""
    return value in (None, False, [], {}) or value == {"enabled": False}


def _why(spec: Restore, setting: str, reasons: Mapping[str, str]) -> tuple[str, bool]:
    """Why a setting is not as before, and whether the caller wanted it so."""
    indexes = ("global_secondary_indexes", "local_secondary_indexes")
    throughput = ("billing_mode", "provisioned_throughput", "on_demand_throughput", "autoscaling")
    if spec.without_indexes and setting in indexes:
        return "asked for: --without-indexes", True
    if spec.billing is not None and setting in (*throughput, indexes[0]):
        return "asked for: --billing", True
    if spec.encryption is not None and setting == "encryption":
        return "asked for: --encryption", True
    if not spec.settings:
        return "asked for: --no-settings", True
    if setting in map(_word, UNMANAGED_YET):
        return _NOT_MANAGED, False
    if setting in NOT_MADE or setting in map(_word, NOT_MADE):
        return _NO_REPLICAS, False
    return reasons.get(setting, "the service or the engine has it otherwise"), False
