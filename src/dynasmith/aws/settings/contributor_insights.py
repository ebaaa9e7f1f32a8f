"""Contributor insights of a table and of its indexes, as the service says and takes them."""

from typing import Any

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.aws.settings.base import Answer, ReadSetting
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.errors import AccessError, NotOffered
from dynasmith.tables.description import OF_INDEXES, TableDescription
from dynasmith.tables.settings.contributor_insights import CallInsights, ContributorInsightsSetting
from dynasmith.tables.table import Insights, InsightsMode, Table, known


class ServiceContributorInsights(ReadSetting[CallInsights]):
    """UpdateContributorInsights; DescribeContributorInsights of the table, and where it has indexes
    ListContributorInsights, which says those of all indexes in one call."""

    setting = ContributorInsightsSetting()
    read_actions = ("dynamodb:DescribeContributorInsights", "dynamodb:ListContributorInsights")
    write_actions = ("dynamodb:UpdateContributorInsights",)

    def request(self, table: str, arn: str, step: CallInsights) -> ServiceRequest:
        action = "ENABLE" if step.enabled else "DISABLE"
        parameters: dict[str, Any] = {"TableName": table, "ContributorInsightsAction": action}
        if not isinstance(step.index, UnsetType):
            parameters["IndexName"] = step.index
        if not isinstance(step.mode, UnsetType):
            parameters["ContributorInsightsMode"] = step.mode.value
        return ServiceRequest(operation="UpdateContributorInsights", parameters=parameters)

    def is_already(self, step: CallInsights, table: Table) -> bool:
        there: bool | Insights | UnsetType = table.contributor_insights
        if not isinstance(step.index, UnsetType):
            index = table.index(step.index)
            there = False if index is None else index.contributor_insights
        if isinstance(there, UnsetType) or (there is not False) != step.enabled:
            return False
        return isinstance(step.mode, UnsetType) or (isinstance(there, Insights) and there.mode is step.mode)

    def read(self, session: Service, described: TableDescription) -> TableDescription:
        name = described.table.name
        answer = session.call("dynamodb", "DescribeContributorInsights", {"TableName": name}, table=name)
        status = str(answer.get("ContributorInsightsStatus", "DISABLED"))
        notices = described.notices
        if status == "FAILED":
            reason = (answer.get("FailureException") or {}).get("ExceptionDescription", "no reason was given")
            notices = (*notices, f"contributor insights failed: {reason}")
        found = replace(
            described,
            table=replace(described.table, contributor_insights=_value(answer)),
            insights_status=status,
            notices=notices,
        )
        return self._of_indexes(session, found) if known(described.table.indexes, ()) else found

    @staticmethod
    def _of_indexes(session: Service, described: TableDescription) -> TableDescription:
        """Those of the indexes; where they cannot be listed (no such operation, no right), ``unread`` says so and those
        of the table stay."""
        name = described.table.name
        told: dict[str, Answer] = {}
        asked: dict[str, Any] = {"TableName": name}
        while True:
            try:
                answer = session.call("dynamodb", "ListContributorInsights", asked, table=name)
            except (NotOffered, AccessError) as error:
                return replace(described, unread={**described.unread, OF_INDEXES: error.message.rstrip(".")})
            for summary in answer.get("ContributorInsightsSummaries") or ():
                if summary.get("IndexName"):
                    told[str(summary["IndexName"])] = summary
            if not answer.get("NextToken"):
                break
            asked = {**asked, "NextToken": answer["NextToken"]}
        indexes = tuple(
            replace(index, contributor_insights=_value(told.get(index.name, {})))
            for index in known(described.table.indexes, ())
        )
        statuses = {index: str(summary.get("ContributorInsightsStatus", "")) for index, summary in told.items()}
        return replace(described, table=replace(described.table, indexes=indexes), index_insights_status=statuses)


def _value(answer: Answer) -> bool | Insights:
    """On in a mode, on where none is said, or off."""
    if str(answer.get("ContributorInsightsStatus", "DISABLED")) not in ("ENABLED", "ENABLING"):
        return False
    mode = answer.get("ContributorInsightsMode")
    return Insights(mode=InsightsMode(mode)) if mode else True
