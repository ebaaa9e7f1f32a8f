"""The summary says what is there, and never takes what was not read, or is not shown, for off."""

from msgspec import UNSET

from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Encryption,
    EncryptionKind,
    OnDemandMaximum,
    Recovery,
    Replica,
    Scaling,
)
from dynasmith.validate import summary
from validate.tables import GOOD, good, index, live, local_index


def of(label: str, **settings: object) -> str:
    """One value of the summary of the good table with these settings."""
    return dict(summary(live(good(**settings))))[label]


def test_a_whole_table_in_lines() -> None:
    assert summary(live(GOOD, item_count_estimate=28_000, size_bytes_estimate=5_000_000, stream_arn="arn:s")) == [
        ("Status", "ACTIVE"),
        ("Key", "customer_id S, order_id S"),
        ("Billing", "on demand"),
        ("Autoscaling", "off"),
        ("Encryption", "on, with a key that AWS owns"),
        ("Point-in-time recovery", "on, to any second of the last 35 days"),
        ("Stream", "on, NEW_AND_OLD_IMAGES, arn:s"),
        ("TTL", "on, expires_at"),
        ("Global indexes", "1 (by_status ACTIVE)"),
        ("Local indexes", "0"),
        ("Replicas", "none"),
        ("Items", "28,000 (an estimate, up to six hours old)"),
        ("Size", "5,000,000 bytes (an estimate, up to six hours old)"),
        ("Deletion protection", "on"),
        ("Tags", "env=dev, team=checkout"),
    ]


def test_the_arn_of_the_latest_stream_is_not_a_stream() -> None:
    assert dict(summary(live(good(stream=None), stream_arn="arn:s")))["Stream"] == "off"


def test_every_key_encrypts() -> None:
    managed = Encryption(kind=EncryptionKind.AWS_MANAGED)
    own = Encryption(kind=EncryptionKind.CUSTOMER, key="arn:key")
    assert of("Encryption", encryption=managed) == "on, with the key aws/dynamodb of this account"
    assert of("Encryption", encryption=own) == "on, with your KMS key, arn:key"
    assert of("Encryption", encryption=UNSET) == "on; whose key is not read"


def test_billing_and_its_units() -> None:
    capacity = Capacity(read=5, write=7)
    provisioned = "provisioned, 5 read and 7 write units a second"
    assert of("Billing", billing=Billing.PROVISIONED, capacity=capacity) == provisioned
    assert of("Billing", billing=Billing.PROVISIONED) == "provisioned"
    assert of("Billing", on_demand_maximum=OnDemandMaximum(write=9)) == "on demand, at most 9 write units a second"


def test_autoscaling_of_the_table_and_its_indexes() -> None:
    one = index("by_city", "city", autoscaling=Autoscaling(read=None, write=Scaling(min=1, max=4)))
    found = of("Autoscaling", autoscaling=Autoscaling(read=Scaling(min=5, max=10), write=None), indexes=(one,))
    assert found == "read of the table 5 to 10, write of index by_city 1 to 4"


def test_off_and_not_read_are_two_things() -> None:
    assert of("Point-in-time recovery", recovery=None) == "off"
    assert of("Point-in-time recovery", recovery=Recovery()) == "on"
    assert of("Deletion protection", deletion_protection=False) == "off"
    assert of("TTL", time_to_live=None) == "off"
    assert of("Tags", tags={}) == "none"
    bare = good(
        recovery=UNSET, deletion_protection=UNSET, time_to_live=UNSET, tags=UNSET, autoscaling=UNSET, stream=UNSET
    )
    reasons = {"recovery": "no right", "autoscaling": "no such service"}
    lines = dict(summary(live(bare, unread=reasons)))
    assert lines["Point-in-time recovery"] == "not read: no right"
    assert lines["Autoscaling"] == "not read: no such service"
    assert {lines[label] for label in ("Deletion protection", "TTL", "Tags", "Stream")} == {"not read"}


def test_local_indexes_and_replicas_are_counted() -> None:
    assert of("Local indexes", local_indexes=(local_index("by_time", "t"),)) == "1"
    assert of("Replicas", replicas=(Replica(region="eu-west-2"),)) == "eu-west-2 ACTIVE"
