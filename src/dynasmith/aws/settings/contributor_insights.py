"""Contributor insights of a table (those of an index are not managed), as the service says and takes them."""

from msgspec.structs import replace

from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.contributor_insights import CallInsights, ContributorInsightsSetting
from dynasmith.tables.table import Table


class ServiceContributorInsights(ReadSetting[CallInsights]):
    """UpdateContributorInsights, DescribeContributorInsights."""

    setting = ContributorInsightsSetting()
    read_actions = ("dynamodb:DescribeContributorInsights",)
    write_actions = ("dynamodb:UpdateContributorInsights",)

    def request(self, table: str, arn: str, step: CallInsights) -> ServiceRequest:
        action = "ENABLE" if step.enabled else "DISABLE"
        parameters = {"TableName": table, "ContributorInsightsAction": action}
        return ServiceRequest(operation="UpdateContributorInsights", parameters=parameters)

    def is_already(self, step: CallInsights, table: Table) -> bool:
        return table.contributor_insights == step.enabled

    def read(self, session: Service, described: TableDescription) -> TableDescription:
        name = described.table.name
        answer = session.call("dynamodb", "DescribeContributorInsights", {"TableName": name}, table=name)
        status = str(answer.get("ContributorInsightsStatus", "DISABLED"))
        notices = described.notices
        if status == "FAILED":
            reason = (answer.get("FailureException") or {}).get("ExceptionDescription", "no reason was given")
            notices = (*notices, f"contributor insights failed: {reason}")
        return replace(
            described,
            table=replace(described.table, contributor_insights=status in ("ENABLED", "ENABLING")),
            insights_status=status,
            notices=notices,
        )
