"""How the service is asked for a setting, and how it says what it is. What the setting means stands in
`tables.settings`, in a file of the same name."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.errors import DynasmithError
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings import AnySetting
from dynasmith.tables.settings.base import SettingCall
from dynasmith.tables.table import Table

Answer = Mapping[str, Any]
S = TypeVar("S", bound=SettingCall)


class ServiceSetting(ABC, Generic[S]):
    """The requests of one setting and the reading of it."""

    needs_arn = False
    """Whether a request names the table by its ARN, which costs one DescribeTable."""

    @property
    @abstractmethod
    def setting(self) -> AnySetting:
        """What the setting means."""

    @property
    @abstractmethod
    def read_actions(self) -> tuple[str, ...]:
        """The IAM actions that reading it takes."""

    @property
    @abstractmethod
    def write_actions(self) -> tuple[str, ...]:
        """The IAM actions that changing it takes."""

    @property
    def read_again(self) -> str:
        """The setting to read to learn whether a call that was refused has nothing to do any more."""
        return self.setting.field

    @abstractmethod
    def request(self, table: str, arn: str, step: S) -> ServiceRequest:
        """The request that a call is. ``arn`` is the table's where ``needs_arn``, else empty."""

    def completed(self, step: S, described: TableDescription) -> S:  # a setting whose calls name the table overrides it
        """A call with what only the live table knows; asked where ``needs_arn``."""
        return step

    def completed_request(
        self, session: Service, described: TableDescription, step: S, request: ServiceRequest
    ) -> ServiceRequest | None:  # a setting of another service overrides it
        """The request with ids that only the service knows; None where nothing is left to do. Asked where
        ``needs_arn``; may make calls that read."""
        return request

    def refusal(self, session: Service, table: str, step: S, error: DynasmithError) -> DynasmithError:
        """What a refusal of a call for ``table`` means; it may clear by itself."""
        return error

    @abstractmethod
    def is_already(self, step: S, table: Table) -> bool:
        """Whether the table is already as the call would make it."""


class DescribedSetting(ServiceSetting[S]):
    """A setting that CreateTable takes and DescribeTable says."""

    @property
    def read_actions(self) -> tuple[str, ...]:
        """DescribeTable says it."""
        return ("dynamodb:DescribeTable",)

    @property
    def write_actions(self) -> tuple[str, ...]:
        """UpdateTable changes it."""
        return ("dynamodb:UpdateTable",)

    @abstractmethod
    def create(self, table: Table) -> dict[str, Any]:
        """What CreateTable is told. A default of the service is left out, so that an older engine takes it too."""

    @abstractmethod
    def value(self, answer: Answer) -> Any:
        """The value in DescribeTable's answer; UNSET where it takes another call to know it."""

    @property
    def read_again(self) -> str:
        """DescribeTable is enough."""
        return "key"


class ReadSetting(ServiceSetting[S]):
    """A setting that is read by a call of its own."""

    @abstractmethod
    def read(self, session: Service, described: TableDescription) -> TableDescription:
        """The description with this setting. Raises what the call raises."""
