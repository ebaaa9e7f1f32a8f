"""A checklist of best practices for tables (a Terraform guide had it): which check answers a line, or why none can.

Every line is either judged by checks, or is not knowable from definitions and live tables alone; then ``instead`` says
what there is for it.
"""

from msgspec import Struct


class Practice(Struct, frozen=True, kw_only=True):
    """One line of the checklist, the codes that judge it, and what is not knowable from here, and why."""

    text: str
    codes: tuple[str, ...] = ()
    instead: str = ""


CHECKLIST: tuple[Practice, ...] = (
    Practice(
        text="Enable encryption at rest",
        codes=("DS010", "DS012"),
        instead="Every table is encrypted, also one that shows no SSEDescription: AWS owns its key then, "
        "and that is not a finding. Only you know which key you need: set `encryption`, and DS004 finds a table that "
        "has another.",
    ),
    Practice(text="Enable point-in-time recovery for production tables", codes=("DS020", "DS021", "DS061")),
    Practice(
        text="Configure automated backups for compliance",
        codes=("DS023", "DS024"),
        instead="Whether backups were made is in AWS Backup, not in the table.",
    ),
    Practice(text="Use auto-scaling for provisioned tables", codes=("DS030", "DS031", "DS032")),
    Practice(text="Enable deletion protection for critical tables", codes=("DS022", "DS062")),
    Practice(text="Tag all resources consistently", codes=("DS070", "DS071", "DS072", "DS073")),
    Practice(
        text="Monitor CloudWatch metrics regularly",
        instead="Not knowable from here: a table does not say who looks at its metrics, or which alarms there are.",
    ),
    Practice(
        text="Test restore procedures periodically",
        instead="Not knowable from here: a restored table does not say that it was compared, and is deleted after.",
    ),
    Practice(
        text="Use least-privilege IAM policies",
        codes=("DS011",),
        instead="Not knowable from here: the policies of roles and users are in IAM. That of the table is judged.",
    ),
    Practice(
        text="Enable CloudTrail for audit logging",
        instead="Not knowable from here: trails and their data events belong to the account, tables do not show them.",
    ),
    Practice(text="Document table schema and access patterns", codes=("DS003", "DS080", "DS081")),
    Practice(
        text="Implement TTL for temporary data",
        codes=("DS054",),
        instead="Not knowable from here: whether items are temporary is not to be seen in a table, and a guess by its "
        "name would be wrong too often. Say `time_to_live`, and DS004 finds a table without it.",
    ),
    Practice(
        text="Use appropriate billing mode for workload",
        codes=("DS030", "DS033"),
        instead="The rest is not knowable from here: it takes the traffic of weeks, which is in CloudWatch.",
    ),
)
