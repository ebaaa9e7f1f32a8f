"""How many batches a trigger gave up to its queue."""

from dynasmith.aws.settings.request import Service
from dynasmith.errors import DynasmithError


def dead_letters(session: Service, destination: str | None) -> int:
    """About how many messages a queue holds, by its ARN; 0 for other destinations, and where it cannot be asked. Two
    calls of SQS."""
    if not destination or destination.split(":")[2:3] != ["sqs"]:
        return 0
    _, _, _, region, owner, name = destination.split(":", 5)
    try:
        asked = {"QueueName": name, "QueueOwnerAWSAccountId": owner}
        url = session.call("sqs", "GetQueueUrl", asked, region=region)["QueueUrl"]
        wanted = {"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]}
        told = session.call("sqs", "GetQueueAttributes", wanted, region=region)
    except DynasmithError:
        return 0
    return int((told.get("Attributes") or {}).get("ApproximateNumberOfMessages") or 0)
