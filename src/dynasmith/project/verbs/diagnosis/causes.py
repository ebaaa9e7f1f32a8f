"""Every cause that `diagnose` knows, by its code: what its page of the documentation says."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct


class KnownCause(Struct, frozen=True, kw_only=True):
    """A cause of `diagnose`. ``example`` is a finding of it, of a table ``orders``: why, what was seen and the fix, as
    the command prints them; ``meaning`` and ``to_do`` say the same in general. A code never changes its meaning and is
    never used again."""

    code: str
    subject: Literal["backup", "throttling", "trigger"]
    title: str
    meaning: str
    to_do: str
    example: tuple[str, str, str]
    fixable: bool = False

    @property
    def command(self) -> str:
        """The command that finds it."""
        return f"dynasmith diagnose orders {self.subject}{' ship' if self.subject == 'trigger' else ''}"


BACKUPS: Final = (
    KnownCause(
        code="DG101",
        subject="backup",
        title="The table is not ACTIVE",
        meaning="AWS Backup backs up a table that is ACTIVE. One that is being created, changed or deleted is skipped.",
        to_do="Wait until it is ACTIVE; `dynasmith describe orders` shows its state.",
        example=(
            "AWS Backup backs up a table that is ACTIVE.",
            "the table orders is CREATING",
            "wait until it is ACTIVE, or see dynasmith describe",
        ),
    ),
    KnownCause(
        code="DG102",
        subject="backup",
        title="The Region is not opted in for DynamoDB in AWS Backup",
        meaning="Then no plan backs up a table there, whatever it selects.",
        to_do="Turn it on in the settings of AWS Backup, with the command of the fix.",
        example=(
            "The Region is not opted in for DynamoDB in AWS Backup.",
            "DynamoDB is off in the settings of AWS Backup in eu-west-1",
            "aws backup update-region-settings --resource-type-opt-in-preference DynamoDB=true",
        ),
    ),
    KnownCause(
        code="DG103",
        subject="backup",
        title="No backup plan of dynasmith selects the table",
        meaning="AWS Backup has no selection of the table that dynasmith made, so nothing is scheduled.",
        to_do=(
            "`dynasmith backup schedule orders --daily` makes a plan; or write `backup_plan` in the definition and "
            "apply it."
        ),
        example=(
            "No backup plan of dynasmith selects the table.",
            "AWS Backup has no selection of it",
            "dynasmith backup schedule orders --daily",
        ),
    ),
    KnownCause(
        code="DG104",
        subject="backup",
        title="The vault of the plan does not exist",
        meaning="Every job of the plan fails: it has nowhere to put the backup.",
        to_do="Create the vault, or name another one in `backup_plan` and apply it.",
        example=(
            "The vault of the plan does not exist.",
            "AWS Backup has no vault dynasmith",
            "aws backup create-backup-vault --backup-vault-name dynasmith",
        ),
    ),
    KnownCause(
        code="DG105",
        subject="backup",
        title="The key of the vault cannot be used",
        meaning=(
            "The KMS key that encrypts the vault is disabled, or about to be deleted. Jobs fail, and backups that "
            "are there cannot be restored once it is gone."
        ),
        to_do="Enable the key, or cancel its deletion.",
        example=(
            "The key of the vault cannot be used.",
            "the key 1234abcd-12ab-34cd-56ef-1234567890ab of the vault dynasmith is Disabled",
            "enable the key, or cancel its deletion",
        ),
    ),
    KnownCause(
        code="DG106",
        subject="backup",
        title="The role of the plan does not exist",
        meaning="AWS Backup works as a role of your account; the one that the plan names is gone.",
        to_do="Create it, or remove `role` from `backup_plan`: `dynasmith backup schedule orders` then makes one.",
        example=(
            "The role of the plan does not exist.",
            "IAM has no role arn:aws:iam::111122223333:role/backups",
            "create it, or remove role from the backup_plan and run dynasmith backup schedule",
        ),
    ),
    KnownCause(
        code="DG107",
        subject="backup",
        title="AWS Backup may not take the role of the plan",
        meaning="The trust policy of the role does not name the service `backup.amazonaws.com`.",
        to_do="Allow `sts:AssumeRole` to the service `backup.amazonaws.com` in its trust policy.",
        example=(
            "AWS Backup may not take the role of the plan.",
            "the trust policy of arn:aws:iam::111122223333:role/backups does not name backup.amazonaws.com",
            "let the service backup.amazonaws.com take it in its trust policy: sts:AssumeRole",
        ),
    ),
    KnownCause(
        code="DG108",
        subject="backup",
        title="The role of the plan lacks permissions",
        meaning="The role may not do everything that a backup of this table needs; the finding lists the actions.",
        to_do=(
            "Attach the AWS policy `AWSBackupServiceRolePolicyForBackup`, which has all of them, or allow the actions."
        ),
        example=(
            "The role of the plan lacks permissions.",
            "arn:aws:iam::111122223333:role/backups may not dynamodb:CreateBackup",
            "attach the policy AWSBackupServiceRolePolicyForBackup to it, or allow these actions",
        ),
    ),
    KnownCause(
        code="DG109",
        subject="backup",
        title="The newest backup job made no backup",
        meaning=(
            "The newest job of the table failed, was stopped, or came too late. The finding repeats the reason that "
            "AWS Backup gives, and how many of the newest jobs went the same way."
        ),
        to_do="Correct what the reason names. `--fix` makes a backup now, so that there is one meanwhile.",
        example=(
            "The newest backup job made no backup.",
            "job 2c6f0d5e-17aa-4d2b-9c02-0f7a1d3b5e11 is FAILED: the vault is locked (1 of the newest 10 jobs)",
            "correct what the reason names; dynasmith backup create orders makes one now",
        ),
        fixable=True,
    ),
)

THROTTLING: Final = (
    KnownCause(
        code="DG201",
        subject="throttling",
        title="One key range gets more than a partition serves",
        meaning=(
            "A partition serves 1,000 write units or 3,000 read units a second, whatever the table may take: a "
            "partition key is hot. More capacity does not help."
        ),
        to_do=(
            "Spread the key over several, with a suffix, or put a cache before it. Contributor insights name the "
            "key: `contributor_insights: true` in the definition."
        ),
        example=(
            (
                "One key range of the table orders gets more writes than a partition serves, which is 1,000 units a "
                "second whatever the whole may take."
            ),
            (
                "1,200 WriteKeyRangeThroughputThrottleEvents from 2026-11-20 10:00 to 2026-11-20 10:05 UTC; up to "
                "990.0 write units a second were consumed"
            ),
            (
                "spread the partition key that is hot (a suffix, a cache). To have it named: contributor_insights: "
                "true in the definition, then dynasmith apply orders --only contributor_insights"
            ),
        ),
    ),
    KnownCause(
        code="DG202",
        subject="throttling",
        title="An index cannot take the writes of its table, and holds them back",
        meaning=(
            "Each write of an item that is in a global index is a write of the index too. Where the index may take "
            "less than the table, writes of the table are throttled."
        ),
        to_do="Give the index what the finding names: capacity, or a higher maximum.",
        example=(
            (
                "The index by_customer cannot take the writes of orders, and holds them back. The provisioned write "
                "capacity of the index by_customer of orders is too small."
            ),
            (
                "340 WriteProvisionedThroughputThrottleEvents from 2026-11-20 10:00 to 2026-11-20 10:05 UTC; up to "
                "5.0 write units a second were consumed"
            ),
            "set autoscaling or provisioned_throughput in the definition, then dynasmith apply orders",
        ),
        fixable=True,
    ),
    KnownCause(
        code="DG203",
        subject="throttling",
        title="Provisioned capacity is too small",
        meaning=(
            "The table or the index gets more than it is provisioned for; or its autoscaling is at its end, or "
            "follows too slowly."
        ),
        to_do=(
            "Raise `autoscaling` or `provisioned_throughput` in the definition. `--fix` bills the table on demand, "
            "or doubles the maximum of autoscaling."
        ),
        example=(
            "The provisioned write capacity of the table orders is too small.",
            (
                "340 WriteProvisionedThroughputThrottleEvents from 2026-11-20 10:00 to 2026-11-20 10:05 UTC; up to "
                "5.0 write units a second were consumed"
            ),
            "set autoscaling or provisioned_throughput in the definition, then dynasmith apply orders",
        ),
        fixable=True,
    ),
    KnownCause(
        code="DG204",
        subject="throttling",
        title="The on-demand maximum holds requests back",
        meaning=(
            "The table or the index is billed on demand and has a maximum, which protects the budget and was reached."
        ),
        to_do="Raise `on_demand_throughput` in the definition. `--fix` doubles it.",
        example=(
            "The on-demand maximum of the table orders holds back writes.",
            (
                "340 WriteMaxOnDemandThroughputThrottleEvents from 2026-11-20 10:00 to 2026-11-20 10:05 UTC; up to "
                "5.0 write units a second were consumed"
            ),
            "raise on_demand_throughput in the definition, then dynasmith apply orders",
        ),
        fixable=True,
    ),
    KnownCause(
        code="DG205",
        subject="throttling",
        title="The account's quota for one table is reached",
        meaning="An account may use 40,000 read and 40,000 write units a second of one table, unless AWS raised that.",
        to_do="Ask AWS to raise it: `aws service-quotas request-service-quota-increase`.",
        example=(
            "The table orders has reached the account's quota of write units for one table.",
            (
                "340 WriteAccountLimitThrottleEvents from 2026-11-20 10:00 to 2026-11-20 10:05 UTC; up to 5.0 write "
                "units a second were consumed"
            ),
            (
                "ask for more: aws service-quotas list-service-quotas --service-code dynamodb names the code of the "
                "quota of tables, aws service-quotas request-service-quota-increase asks"
            ),
        ),
    ),
    KnownCause(
        code="DG206",
        subject="throttling",
        title="Requests were throttled, and no metric says by which limit",
        meaning="CloudWatch counts throttled requests, but none of the metrics that name a limit has a figure.",
        to_do="Look at the `ThrottlingReasons` of the errors that your program gets, and at the limits of the table.",
        example=(
            "Writes of the table orders are throttled, and no metric says by which limit.",
            (
                "340 WriteThrottleEvents from 2026-11-20 10:00 to 2026-11-20 10:05 UTC; up to 5.0 write units a "
                "second were consumed"
            ),
            "look at the ThrottlingReasons of the errors, and at the limits: dynasmith describe orders",
        ),
    ),
)

TRIGGERS: Final = (
    KnownCause(
        code="DG301",
        subject="trigger",
        title="The table has no stream",
        meaning="Lambda reads the changes of a table from its stream. Without one nothing calls the functions.",
        to_do="Set `stream` in the definition, apply it, and attach the functions again.",
        example=(
            "The table has no stream, which calls the functions.",
            "the stream of orders is off",
            "set stream: {view_type: NEW_AND_OLD_IMAGES} in the definition, apply it, and attach the functions again",
        ),
    ),
    KnownCause(
        code="DG302",
        subject="trigger",
        title="No mapping lets the changes of the table call the function",
        meaning=(
            "An event source mapping says which stream calls which function. There is none for this function, or "
            "none at all."
        ),
        to_do="`dynasmith lambda attach orders FUNCTION` makes it, or `triggers` in the definition.",
        example=(
            "No mapping lets the changes of the table call ship.",
            "Lambda has no mapping of the streams of orders to ship",
            "dynasmith lambda attach orders ship",
        ),
    ),
    KnownCause(
        code="DG303",
        subject="trigger",
        title="The mapping is off",
        meaning=(
            "Somebody disabled it, or Lambda did after failures. Changes wait in the stream for 24 hours, then they "
            "are lost to the function."
        ),
        to_do="Attach the function again, which turns the mapping on; `--fix` does it.",
        example=(
            "The mapping of ship is off.",
            "mapping 7d1f0c3a-2a55-4f70-8c0e-8d2f8f6f0b10 is Disabled",
            "dynasmith lambda attach orders ship, which turns it on",
        ),
        fixable=True,
    ),
    KnownCause(
        code="DG304",
        subject="trigger",
        title="The mapping is on an old stream, and calls nothing",
        meaning="A stream that is turned off and on again is another stream, and mappings stay on the old one.",
        to_do="Attach the function again, which moves the mapping; `--fix` does it.",
        example=(
            "The mapping of ship is on an old stream, and calls nothing.",
            (
                "mapping 7d1f0c3a-2a55-4f70-8c0e-8d2f8f6f0b10 is Enabled on "
                "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-01-05T10:00:00.000; the stream "
                "that is on is arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-11-20T10:15:00.000"
            ),
            "dynasmith lambda attach orders ship, which moves it",
        ),
        fixable=True,
    ),
    KnownCause(
        code="DG305",
        subject="trigger",
        title="The function does not exist",
        meaning="Lambda has no function of that name, alias or version in this account and Region.",
        to_do="Deploy it, or correct its name in the definition.",
        example=(
            "The function ship does not exist.",
            "Lambda has no function ship in this account and Region",
            "deploy it, or correct its name, alias or version",
        ),
    ),
    KnownCause(
        code="DG306",
        subject="trigger",
        title="The role of the function may not read the stream",
        meaning="Lambda reads the stream as the role of the function, which lacks the actions that the finding lists.",
        to_do="`dynasmith lambda grant orders ship --allow stream` allows them; `--fix` does it.",
        example=(
            "The role of ship may not read the stream.",
            "arn:aws:iam::111122223333:role/ship may not dynamodb:GetRecords, dynamodb:GetShardIterator",
            "dynasmith lambda grant orders ship --allow stream",
        ),
        fixable=True,
    ),
    KnownCause(
        code="DG307",
        subject="trigger",
        title="The role of the function may not send what fails to its destination",
        meaning=(
            "The trigger names a queue or topic for batches that fail, and the role may not send to it: they are lost."
        ),
        to_do="Allow the actions on the resource that the finding names, in a policy of the role.",
        example=(
            "The role of ship may not send what fails to its destination.",
            "arn:aws:iam::111122223333:role/ship may not sqs:SendMessage",
            "allow sqs:SendMessage on arn:aws:sqs:eu-west-1:111122223333:failed in a policy of the role",
        ),
    ),
    KnownCause(
        code="DG308",
        subject="trigger",
        title="The last call of the function failed",
        meaning="The function raised, or ran out of time or memory. A batch that fails holds up those behind it.",
        to_do="`dynasmith lambda logs ship --errors` shows why. Correct the function, or let it give up on a batch.",
        example=(
            "The last call of ship failed.",
            "the last result is 'PROBLEM: Function call failed'",
            (
                "dynasmith lambda logs ship --errors shows why; correct the function, or let it give up with "
                "--maximum-retry-attempts and --bisect-batch-on-function-error"
            ),
        ),
    ),
    KnownCause(
        code="DG309",
        subject="trigger",
        title="The function gets changes late",
        meaning=(
            "Changes were more than a minute old when the function got them: it fails and is repeated, or it is "
            "slower than the changes come."
        ),
        to_do=(
            "End the failures first. Else raise `--batch-size` or `--parallelization-factor` of `lambda attach`, or "
            "make the function faster."
        ),
        example=(
            "ship gets changes late.",
            "changes were up to 610 s old in the last 15 minutes",
            (
                "a failing batch holds up those behind it; else raise --batch-size or --parallelization-factor, or "
                "make the function faster"
            ),
        ),
    ),
    KnownCause(
        code="DG310",
        subject="trigger",
        title="The function gave batches up",
        meaning=(
            "Its queue for what fails has messages. Each names the stream, the shard, and the first and last change "
            "of a batch that the function never did."
        ),
        to_do=(
            "Read the messages, correct the function, and do those changes again; they stay in the stream for 24 hours."
        ),
        example=(
            "ship gave batches up.",
            "arn:aws:sqs:eu-west-1:111122223333:failed has 2 messages",
            "read the messages of the queue: each names the stream, the shard and the first and last change of a batch",
        ),
    ),
)

CAUSES: Final = (*BACKUPS, *THROTTLING, *TRIGGERS)
"""Every cause, in the order of its code."""
