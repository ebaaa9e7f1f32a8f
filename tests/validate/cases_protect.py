"""State, drift, security and recovery: what is otherwise, and exactly what is found."""

from msgspec import UNSET

from dynasmith.tables.policy import canonical_policy
from dynasmith.tables.table import (
    BackupPlan,
    BackupRule,
    Encryption,
    EncryptionKind,
    Recovery,
    Replica,
    Suppression,
    known,
)
from validate.case import GSI, PITR, PROD_TAGS, PROTECTED, Case, both, fact, offline, policy
from validate.tables import GOOD, good, index, live

STATE = (
    Case("table missing", GOOD, None, [("DS001", "critical", "")]),
    fact("creating", [("DS002", "critical", "")], status="CREATING"),
    fact("deleting", [("DS002", "critical", "")], status="DELETING"),
    fact("not authorized", [("DS002", "critical", "")], status="REPLICATION_NOT_AUTHORIZED"),
    fact("updating serves", [("DS002", "notice", "")], status="UPDATING"),
    Case("undefined", None, live(), [("DS003", "notice", "")]),
    Case("drift", GOOD, live(good(time_to_live=None)), [("DS004", "warning", "time_to_live")]),
    Case(
        "drift of a key",
        GOOD,
        live(good(key=index("x", "other").key)),
        [("DS004", "warning", "key_schema")],
    ),
    Case(
        "an index and a tag that are not defined",
        GOOD,
        live(good(indexes=(*known(GOOD.indexes, ()), index("old", "city")), tags={**known(GOOD.tags, {}), "a": "b"})),
        [("DS005", "notice", f"{GSI}.old"), ("DS005", "notice", "tags.a")],
    ),
    Case(
        "recovery could not be read",
        GOOD,
        live(good(recovery=UNSET), unread={"recovery": "no right"}),
        [("DS006", "notice", "point_in_time_recovery")],
    ),
    Case(
        "one replica could not be read",
        good(replicas=(Replica(region="eu-west-2"),)),
        live(good(replicas=(Replica(region="eu-west-2"),)), unread={"replicas.eu-west-2": "no right"}),
        [("DS006", "notice", "replicas.eu-west-2")],
    ),
    Case(
        "what nobody wants is not missed",
        good(contributor_insights=UNSET),
        live(good(autoscaling=UNSET), unread={"autoscaling": "none", "contributor_insights": "none", "warm": "none"}),
        [],
    ),
    fact("a feature that is left alone", [("DS008", "notice", "")], notices=("vector indexes (v) are left",)),
    both(
        "suppressions of nothing and of no check",
        good(suppress=(Suppression(code="DS020", reason="r"), Suppression(code="DS999", reason="r"))),
        [("DS007", "notice", "suppress.DS020"), ("DS007", "notice", "suppress.DS999")],
    ),
)

SECURITY = (
    fact("key lost", [("DS010", "critical", "encryption")], status="INACCESSIBLE_ENCRYPTION_CREDENTIALS"),
    fact("archived", [("DS010", "critical", "encryption")], status="ARCHIVED"),
    both(
        "open policy",
        good(resource_policy=policy(Principal="*", Action="dynamodb:*", Resource="*")),
        [("DS011", "critical", "resource_policy")],
    ),
    both(
        "open policy in a list",
        good(resource_policy=policy(Principal={"AWS": ["123456789012", "*"]}, Action="*", Resource="*")),
        [("DS011", "critical", "resource_policy")],
    ),
    both(
        "everybody but one",
        good(resource_policy=policy(NotPrincipal={"AWS": "123456789012"}, Action="*", Resource="*")),
        [("DS011", "critical", "resource_policy")],
    ),
    offline(
        "open policy of a definition",
        good(resource_policy=policy(Principal={"AWS": "*"}, Action="*", Resource="*")),
        [("DS011", "critical", "resource_policy")],
    ),
    both(
        "policies with a condition, of named principals, or that deny",
        good(
            resource_policy=canonical_policy(
                {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": "*",
                            "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
                        },
                        {"Effect": "Allow", "Principal": {"AWS": "123456789012"}},
                        {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}},
                        {"Effect": "Deny", "Principal": "*"},
                    ]
                }
            )
        ),
        [],
    ),
    both("the key of AWS is no finding", good(encryption=Encryption(kind=EncryptionKind.AWS_OWNED)), []),
    Case("no SSEDescription and nothing read is no finding", None, live(), [("DS003", "notice", "")]),
    *(
        both(
            f"insights show keys that {kind} protects",
            good(encryption=Encryption(kind=kind), contributor_insights=True),
            [("DS012", "warning", "contributor_insights")],
        )
        for kind in (EncryptionKind.AWS_MANAGED, EncryptionKind.CUSTOMER)
    ),
    both("insights with the key of AWS", good(contributor_insights=True), []),
)

RECOVERY = (
    both("recovery off", good(recovery=None), [("DS020", "warning", PITR)]),
    both("recovery off, tagged prod", good(recovery=None, tags=PROD_TAGS), [("DS020", "critical", PITR)]),
    both(
        "recovery off, named prod",
        good(recovery=None, name="prod-orders", tags=PROD_TAGS),
        [("DS020", "critical", PITR)],
    ),
    both(
        "recovery off, protected",
        good(recovery=None, name="live-eu-orders"),
        [("DS020", "critical", PITR)],
        PROTECTED,
    ),
    both("recovery off, tagged prod-eu", good(recovery=None, tags={"Stage": "prod-eu"}), [("DS020", "critical", PITR)]),
    offline("recovery off in a definition", good(recovery=None, tags=PROD_TAGS), [("DS020", "critical", PITR)]),
    offline("recovery not said", good(recovery=UNSET, tags=PROD_TAGS), [("DS020", "warning", PITR)]),
    Case(
        "seven days that nobody chose",
        good(recovery=Recovery()),
        live(good(recovery=Recovery(days=7))),
        [("DS021", "notice", f"{PITR}.recovery_days")],
    ),
    both("seven days that were chosen", good(recovery=Recovery(days=7)), []),
    both("protection off", good(deletion_protection=False), [("DS022", "warning", "deletion_protection")]),
    both(
        "protection off in production",
        good(deletion_protection=False, tags=PROD_TAGS),
        [("DS022", "critical", "deletion_protection")],
    ),
    offline("protection not said", good(deletion_protection=UNSET), [("DS022", "warning", "deletion_protection")]),
    both(
        "neither backup nor recovery",
        good(recovery=None, backup_plan=None),
        [("DS020", "warning", PITR), ("DS023", "warning", "backup_plan")],
    ),
    both("no backup plan, but recovery", good(backup_plan=None), []),
    both(
        "backups forever",
        good(backup_plan=BackupPlan(rules=(BackupRule(name="daily", schedule="cron(0 2 * * ? *)"),))),
        [("DS024", "notice", "backup_plan.rules.daily")],
    ),
)


CASES = (*STATE, *SECURITY, *RECOVERY)
