"""Streams, replicas, tags and words: what is otherwise, and exactly what is found."""

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.tables.description import ReplicaState, TableDescription
from dynasmith.tables.table import (
    Replica,
    StreamView,
    Table,
)
from dynasmith.validate import Surroundings
from validate.case import PITR, PROD_TAGS, Case, both, fact, offline
from validate.tables import GOOD, good, live, trigger

CHANGES = (
    # The ARN of the latest stream stays after the stream was turned off: it is not a stream.
    Case(
        "a trigger without a stream",
        good(stream=None),
        live(good(stream=None), stream_arn="arn:aws:dynamodb:x/stream/1"),
        [("DS050", "critical", "stream")],
    ),
    Case(
        "no trigger, and the ARN of an old stream",
        good(stream=None, triggers=()),
        live(good(stream=None), stream_arn="arn:aws:dynamodb:x/stream/1"),
        [],
    ),
    both("a trigger that is off", good(stream=None, triggers=(trigger(enabled=False),)), []),
    offline("a trigger, and no word of a stream", good(stream=UNSET), [("DS050", "warning", "stream")]),
    both(
        "a filter that never matches",
        good(stream=StreamView.NEW_IMAGE, triggers=(trigger(filter_pattern='{"dynamodb": {"OldImage": {"a": [1]}}}'),)),
        [("DS051", "warning", "triggers.ship.filter_pattern")],
    ),
    both("a filter that can match", good(triggers=(trigger(filter_pattern='{"dynamodb": {"OldImage": {}}}'),)), []),
    both(
        "a trigger that never gives up",
        good(triggers=(trigger(maximum_retry_attempts=-1),)),
        [("DS052", "notice", "triggers.ship")],
    ),
    both(
        "a trigger that gives up by age",
        good(triggers=(trigger(maximum_retry_attempts=-1, maximum_record_age_seconds=60),)),
        [],
    ),
    fact("Kinesis failed", [("DS053", "critical", "kinesis_destination")], kinesis_status="ENABLE_FAILED"),
    fact("Kinesis on its way", [("DS053", "notice", "kinesis_destination")], kinesis_status="ENABLING"),
    fact("Kinesis active", [], kinesis_status="ACTIVE"),
    fact("TTL on its way", [("DS054", "notice", "time_to_live")], ttl_status="DISABLING"),
    fact("insights failed", [("DS055", "warning", "contributor_insights")], insights_status="FAILED"),
)

WITH_REPLICA = good(replicas=(Replica(region="eu-west-2", recovery=True, deletion_protection=True),))
BARE_REPLICA = good(replicas=(Replica(region="eu-west-2", recovery=False, deletion_protection=False),))


def replica_state(status: str) -> TableDescription:
    """The good table with a replica in that state."""
    return live(WITH_REPLICA, replicas=(ReplicaState(region="eu-west-2", status=status),))


REPLICAS = (
    both("a good replica", WITH_REPLICA, []),
    Case("replica updating", WITH_REPLICA, replica_state("UPDATING"), [("DS060", "warning", "replicas.eu-west-2")]),
    Case(
        "replica failed", WITH_REPLICA, replica_state("CREATION_FAILED"), [("DS060", "critical", "replicas.eu-west-2")]
    ),
    both(
        "a replica with nothing",
        BARE_REPLICA,
        [
            ("DS061", "warning", f"replicas.eu-west-2.{PITR}"),
            ("DS062", "warning", "replicas.eu-west-2.deletion_protection"),
        ],
    ),
    both(
        "a replica as bare as its table",
        replace(BARE_REPLICA, recovery=None, deletion_protection=False),
        [("DS020", "warning", PITR), ("DS022", "warning", "deletion_protection")],
    ),
    offline(
        "a replica of which nothing is said",
        good(replicas=(Replica(region="eu-west-2"),)),
        [
            ("DS061", "warning", f"replicas.eu-west-2.{PITR}"),
            ("DS062", "warning", "replicas.eu-west-2.deletion_protection"),
            ("DS070", "warning", "replicas.eu-west-2.tags"),
        ],
    ),
)


def tagged_replica(**tags: str) -> Table:
    """The good table with a replica that has these tags."""
    return good(replicas=(Replica(region="eu-west-2", recovery=True, deletion_protection=True, tags=tags),))


USUAL = Surroundings(usual_tags=("env", "team"))
WORDS = (
    both("no tags", good(tags={}), [("DS070", "warning", "tags")], USUAL),
    both("a replica without tags", tagged_replica(), [("DS070", "warning", "replicas.eu-west-2.tags")], USUAL),
    both("a replica with tags", tagged_replica(env="dev", team="x"), [], USUAL),
    both(
        "a replica lacks a usual tag",
        tagged_replica(env="dev"),
        [("DS071", "warning", "replicas.eu-west-2.tags.team")],
        USUAL,
    ),
    both(
        "tags of the table and of a replica disagree",
        tagged_replica(env="prod"),
        [("DS073", "warning", "replicas.eu-west-2.tags")],
    ),
    offline("tags not said", good(tags=UNSET), [("DS070", "warning", "tags")]),
    both("a usual tag is missing", good(tags={"env": "dev"}), [("DS071", "warning", "tags.team")], USUAL),
    both(
        "a usual tag is spelt otherwise",
        good(tags={"env": "dev", "Team": "x"}),
        [("DS071", "warning", "tags.team")],
        USUAL,
    ),
    both("all usual tags", GOOD, [], USUAL),
    both(
        "an environment that nothing names",
        good(tags={"team": "x"}),
        [("DS072", "notice", "name")],
        Surroundings(environment="dev"),
    ),
    both(
        "an environment that the name has",
        good(name="dev-orders", tags={"team": "x"}),
        [],
        Surroundings(environment="dev"),
    ),
    both("an environment that a tag has", GOOD, [], Surroundings(environment="development")),
    both("the built-in environments are not named", good(tags={"team": "x"}), [], Surroundings(environment="local")),
    both("name and tag disagree", good(name="prod-orders"), [("DS073", "warning", "tags")]),
    both(
        "tag and environment disagree",
        good(tags=PROD_TAGS),
        [("DS073", "warning", "tags")],
        Surroundings(environment="dev"),
    ),
    both(
        "name and environment disagree",
        good(name="dev-orders", tags={"team": "x"}),
        [("DS073", "warning", "name")],
        Surroundings(environment="prod"),
    ),
    both("an environment of another vocabulary", good(tags=PROD_TAGS), [], Surroundings(environment="emea")),
    both("a tag of another vocabulary", good(tags={"env": "emea"}), [], Surroundings(environment="prod")),
    both("no description", good(description=" "), [("DS080", "notice", "description")]),
    both("no access patterns", good(access_patterns=UNSET), [("DS081", "notice", "access_patterns")]),
)


CASES = (*CHANGES, *REPLICAS, *WORDS)
