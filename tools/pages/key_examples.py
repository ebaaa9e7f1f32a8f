"""An example for each key of a table, as it stands in a definition; the tests read each as part of a sound table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

START: Final = """\
name: orders
attributes:
  - {name: customer_id, type: S}
  - {name: order_id, type: S}
key_schema:
  - {attribute_name: customer_id, key_type: HASH}
  - {attribute_name: order_id, key_type: RANGE}
"""
"""The keys that every table has."""
PLAIN: Final = """\
description: Orders of a customer
billing_mode: PAY_PER_REQUEST
table_class: STANDARD_INFREQUENT_ACCESS
deletion_protection: true
resource_policy: {file: policy.json}
tags: {team: checkout}
access_patterns: [orders of a customer by id]
personal: [name, address.street]
items:
  - {customer_id: ann, order_id: "1", total: 12.5}
"""
"""Keys that have no section of their own."""
_STRONG: Final = """\
multi_region_consistency: STRONG
replicas: [{region: us-east-2}]
witness_region: us-west-2
"""
SECTIONS: Final[Mapping[str, str]] = {
    "provisioned_throughput": "billing_mode: PROVISIONED\nprovisioned_throughput: {read: 10, write: 5}\n",
    "on_demand_throughput": "on_demand_throughput: {max_read: 1000, max_write: 500}\n",
    "warm_throughput": "warm_throughput: {read: 15000, write: 6000}\n",
    "autoscaling": """\
billing_mode: PROVISIONED
provisioned_throughput: {read: 10, write: 5}
autoscaling:
  read: {min: 10, max: 100, target: 70}
  write: {min: 5, max: 50, scale_in_cooldown_seconds: 300}
""",
    "global_secondary_indexes": """\
global_secondary_indexes:
  - name: by_order
    key_schema: [{attribute_name: order_id, key_type: HASH}]
    projection: {type: INCLUDE, attributes: [total]}
    contributor_insights: {enabled: true, mode: THROTTLED_KEYS}
""",
    "local_secondary_indexes": """\
attributes:
  - {name: customer_id, type: S}
  - {name: order_id, type: S}
  - {name: placed_at, type: S}
local_secondary_indexes:
  - name: by_time
    key_schema:
      - {attribute_name: customer_id, key_type: HASH}
      - {attribute_name: placed_at, key_type: RANGE}
    projection: {type: KEYS_ONLY}
""",
    "stream": "stream: {view_type: NEW_AND_OLD_IMAGES}\n",
    "point_in_time_recovery": "point_in_time_recovery: {enabled: true, recovery_days: 35}\n",
    "encryption": "encryption: {type: CUSTOMER, key: alias/orders}\n",
    "contributor_insights": "contributor_insights: {enabled: true}\n",
    "kinesis_destination": """\
kinesis_destination:
  stream_arn: arn:aws:kinesis:us-east-1:111122223333:stream/orders
  precision: MICROSECOND
""",
    "time_to_live": "time_to_live: {attribute: expires_at}\n",
    "backup_plan": """\
backup_plan:
  vault: orders
  rules:
    - {name: daily, schedule: "cron(0 5 * * ? *)", keep_days: 35}
""",
    "access": """\
access:
  - {function: checkout, allow: [read, write], indexes: all}
  - {role: reporting, allow: [read], leading_keys: ["ann*"]}
""",
    "triggers": """\
stream: {view_type: NEW_AND_OLD_IMAGES}
triggers:
  - function: send-mail
    batch_size: 10
    maximum_retry_attempts: 5
    on_failure_destination: arn:aws:sqs:us-east-1:111122223333:failed
""",
    "alarms": """\
alarms:
  - kind: write_throttled
    threshold: 0
    notify: arn:aws:sns:us-east-1:111122223333:on-call
""",
    "replicas": """\
stream: {view_type: NEW_AND_OLD_IMAGES}
tags: {team: checkout}
replicas:
  - {region: eu-west-1, point_in_time_recovery: true, propagate_tags: true}
""",
    "suppress": "suppress:\n  - {code: DS070, reason: a table for tests}\n",
}
"""Each key that has a section, with what it needs."""
EVERY: Final = (START, PLAIN, _STRONG, *SECTIONS.values())


def example_of(title: str) -> Iterator[str]:
    """What stands below the keys of a section: its example, if the section is that of a key of a table."""
    if not title:
        yield from ("A table with the keys that have no section of their own:", "", *_block(START + PLAIN))
        yield from ("Keys of [a table in several Regions](../guide/global-tables.md) that need each other:", "")
        yield from _block(_STRONG)
    elif (key := title.removesuffix("[]")) in SECTIONS:
        yield from ("Example:", "", *_block(SECTIONS[key]))


def _block(text: str) -> Iterator[str]:
    yield from ("```yaml", text.rstrip("\n"), "```", "")
