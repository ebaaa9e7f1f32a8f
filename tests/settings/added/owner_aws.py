"""The owner of a table, as the service keeps it: a tag."""

from dynasmith.tables.settings.owner import CallOwner, OwnerSetting
from msgspec.structs import replace

from dynasmith.aws.control.session import Session
from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.request import ServiceRequest
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table


class ServiceOwner(ReadSetting[CallOwner]):
    """The tag ``owner``."""

    setting = OwnerSetting()
    needs_arn = True
    read_actions = ("dynamodb:ListTagsOfResource",)
    write_actions = ("dynamodb:TagResource", "dynamodb:UntagResource")

    def request(self, table: str, arn: str, step: CallOwner) -> ServiceRequest:
        if step.owner is None:
            return ServiceRequest(operation="UntagResource", parameters={"ResourceArn": arn, "TagKeys": ["owner"]})
        tags = [{"Key": "owner", "Value": step.owner}]
        return ServiceRequest(operation="TagResource", parameters={"ResourceArn": arn, "Tags": tags})

    def is_already(self, step: CallOwner, table: Table) -> bool:
        return table.owner == step.owner

    def read(self, session: Session, described: TableDescription) -> TableDescription:
        asked = {"ResourceArn": described.arn}
        answer = session.call("dynamodb", "ListTagsOfResource", asked, table=described.table.name)
        tags = {tag["Key"]: tag["Value"] for tag in answer["Tags"]}
        return replace(described, table=replace(described.table, owner=tags.get("owner")))
