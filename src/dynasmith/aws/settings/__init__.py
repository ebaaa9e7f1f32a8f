"""How the service is asked for the settings of `tables.settings`: one file a setting, and this registry of them."""

from typing import Any, Final

from dynasmith.aws.settings.access import ServiceAccess
from dynasmith.aws.settings.alarms import ServiceAlarms
from dynasmith.aws.settings.backup_plan import ServiceBackupPlan
from dynasmith.aws.settings.base import DescribedSetting, ReadSetting, ServiceSetting
from dynasmith.aws.settings.contributor_insights import ServiceContributorInsights
from dynasmith.aws.settings.deletion_protection import ServiceDeletionProtection
from dynasmith.aws.settings.encryption import ServiceEncryption
from dynasmith.aws.settings.kinesis_destination import ServiceKinesisDestination
from dynasmith.aws.settings.point_in_time_recovery import ServicePointInTimeRecovery
from dynasmith.aws.settings.resource_policy import ServiceResourcePolicy
from dynasmith.aws.settings.stream import ServiceStream
from dynasmith.aws.settings.table_class import ServiceTableClass
from dynasmith.aws.settings.time_to_live import ServiceTimeToLive
from dynasmith.aws.settings.triggers import ServiceTriggers
from dynasmith.tables.settings.base import SettingCall

SERVICE_SETTINGS: Final[tuple[ServiceSetting[Any], ...]] = (
    ServiceTimeToLive(),
    ServicePointInTimeRecovery(),
    ServiceResourcePolicy(),
    ServiceContributorInsights(),
    ServiceKinesisDestination(),
    ServiceStream(),
    ServiceEncryption(),
    ServiceTableClass(),
    ServiceDeletionProtection(),
    ServiceBackupPlan(),
    ServiceTriggers(),
    ServiceAlarms(),
    ServiceAccess(),
)
"""Every setting, those with a call of their own first, in the order in which they are read."""

DESCRIBED: Final = tuple(each for each in SERVICE_SETTINGS if isinstance(each, DescribedSetting))
READ: Final = tuple(each for each in SERVICE_SETTINGS if isinstance(each, ReadSetting))

_BY_TYPE: Final = {kind: each for each in SERVICE_SETTINGS for kind in each.setting.types}


def service_setting_of(step: SettingCall) -> ServiceSetting[Any]:
    """The service's side of the setting that declares a call."""
    return _BY_TYPE[type(step)]
