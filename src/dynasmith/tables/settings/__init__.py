"""The settings of a table that are one value each: one file a setting, and this registry of them.

Adding one: its file here, its field in `tables.table.Table`, its line in `SETTINGS`; then `aws.settings` in the same
way. mypy and `tests/settings` name what is missing.
"""

from typing import Any, Final

from dynasmith.tables.settings.access import AccessSetting
from dynasmith.tables.settings.alarms import AlarmsSetting
from dynasmith.tables.settings.backup_plan import BackupPlanSetting
from dynasmith.tables.settings.base import Setting, SettingCall, SettingChange, SettingWait, WaitedSetting
from dynasmith.tables.settings.contributor_insights import ContributorInsightsSetting
from dynasmith.tables.settings.deletion_protection import DeletionProtectionSetting
from dynasmith.tables.settings.encryption import EncryptionSetting
from dynasmith.tables.settings.kinesis_destination import KinesisDestinationSetting
from dynasmith.tables.settings.point_in_time_recovery import PointInTimeRecoverySetting
from dynasmith.tables.settings.resource_policy import ResourcePolicySetting
from dynasmith.tables.settings.stream import StreamSetting
from dynasmith.tables.settings.table_class import TableClassSetting
from dynasmith.tables.settings.time_to_live import TimeToLiveSetting
from dynasmith.tables.settings.triggers import TriggersSetting

AnySetting = Setting[Any, Any, Any]

SETTINGS: Final[tuple[AnySetting, ...]] = (
    StreamSetting(),
    PointInTimeRecoverySetting(),
    EncryptionSetting(),
    TableClassSetting(),
    DeletionProtectionSetting(),
    ContributorInsightsSetting(),
    KinesisDestinationSetting(),
    ResourcePolicySetting(),
    TimeToLiveSetting(),
    BackupPlanSetting(),
    AccessSetting(),  # before triggers: Lambda looks at the policy of the function's role
    TriggersSetting(),
    AlarmsSetting(),
)
"""Every setting, in the order in which a plan lists their changes."""

_BY_TYPE: Final = {kind: setting for setting in SETTINGS for kind in setting.types}
_BY_FIELD: Final = {setting.field: setting for setting in SETTINGS}


def types_of(base: type) -> tuple[type, ...]:
    """The declared types of one base: changes, calls or waits."""
    return tuple(kind for setting in SETTINGS for kind in setting.types if issubclass(kind, base))


def setting_of(value: SettingChange | SettingCall | SettingWait) -> AnySetting:
    """The setting that declares the type of a change, a call or a wait."""
    return _BY_TYPE[type(value)]


def waited_setting_of(wait: SettingWait) -> WaitedSetting[Any, Any, Any, Any]:
    """The setting that a wait is about."""
    setting = _BY_TYPE[type(wait)]
    assert isinstance(setting, WaitedSetting)
    return setting


def setting_named(field: str) -> AnySetting | None:
    """The setting of a field of `Table`; None where the field is not one value."""
    return _BY_FIELD.get(field)
