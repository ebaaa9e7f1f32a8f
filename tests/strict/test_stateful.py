"""Random legal and illegal control-plane calls against the endpoint and against a small pure model of the rules: they
agree on every code, every state and every setting.

The model was written from the API reference's words, not from the endpoint: it knows a table as a few plain values and
a list of things that become true later.
"""

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dynasmith.strict import StrictServer
from example_counts import examples

OK = ""
HOUR, DAY = 3600.0, 86_400.0
INDEXES = ("by_a", "by_b", "by_c")
# Mostly long enough for the last change to be over, so that calls get beyond "in use".
WAITS = st.sampled_from([300, 300, 15, 3600, 40, 0, 300, 90_000])


@dataclass
class Index:
    """An index: when it was asked for, and when its end was."""

    asked: float
    dropped: float | None = None
    born_with_table: bool = False

    def state(self, now: float) -> str:
        if self.dropped is not None:
            return "GONE" if now >= self.dropped + 60 else "DELETING"
        if self.born_with_table:
            return "ACTIVE" if now >= self.asked + 10 else "CREATING"
        if now < self.asked + 30:
            return "ALLOCATING"
        return "ACTIVE" if now >= self.asked + 270 else "BACKFILLING"


@dataclass
class Model:
    """What the documentation says of one table."""

    made: float | None = None
    dropped: float | None = None
    busy_until: float = 0.0
    indexes: dict[str, Index] = field(default_factory=dict)
    provisioned: bool = False
    read: int = 0
    ttl: str | None = None
    ttl_changed: float | None = None
    ttl_on: bool = False
    table_class: str = "STANDARD"
    class_changes: list[float] = field(default_factory=list)
    to_on_demand: list[float] = field(default_factory=list)
    decreases: list[float] = field(default_factory=list)
    view: str | None = None
    protected: bool = False

    def status(self, now: float) -> str:
        if self.made is None:
            return "NONE"
        if self.dropped is not None:
            return "NONE" if now >= self.dropped + 10 else "DELETING"
        if now < self.made + 10:
            return "CREATING"
        return "UPDATING" if now < self.busy_until else "ACTIVE"

    def alive(self, now: float) -> dict[str, str]:
        states = {name: index.state(now) for name, index in self.indexes.items()}
        return {name: state for name, state in states.items() if state != "GONE"}

    def update_blocked(self, now: float) -> str:
        status = self.status(now)
        if status == "NONE":
            return "ResourceNotFoundException"
        return OK if status == "ACTIVE" else "ResourceInUseException"

    def did(self, now: float, seconds: float = 10.0) -> None:
        self.busy_until = max(self.busy_until, now + seconds)


class Control(RuleBasedStateMachine):
    """One table, driven at random."""

    upstream = ""

    def __init__(self) -> None:
        super().__init__()
        self.server = StrictServer(self.upstream)
        self.client: Any = boto3.client(
            "dynamodb",
            endpoint_url=self.server.endpoint,
            region_name="us-east-1",
            aws_access_key_id="stateful",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.model = Model()

    def teardown(self) -> None:
        self.server.wipe()
        self.server.close()

    @property
    def now(self) -> float:
        return self.server.clock.monotonic()

    def after(self, wait: float) -> float:
        """Let time pass; the time after it."""
        self.server.clock.advance(wait)
        return self.now

    def call(self, operation: str, expected: str, **body: Any) -> bool:
        """Make the call; its code must be the model's. True when it was accepted."""
        try:
            getattr(self.client, operation)(TableName="table", **body)
            code = OK
        except ClientError as error:
            code = error.response["Error"]["Code"]
        assert code == expected, (
            f"{operation}({body}) at {self.now}: {code!r}, the model says {expected!r}: {self.model}"
        )
        return code == OK

    @initialize(indexes=st.sets(st.sampled_from(INDEXES), max_size=2), provisioned=st.booleans())
    def begin(self, indexes: set[str], provisioned: bool) -> None:
        self.create_table(0, indexes, unused=False, provisioned=provisioned)
        self.server.clock.advance(15)

    @rule(seconds=st.sampled_from([5, 10, 20, 30, 61, 240, 1800, 3600, 6 * 3600, 86_400, 15 * 86_400]))
    def time_passes(self, seconds: float) -> None:
        self.server.clock.advance(seconds)

    @rule(
        wait=WAITS,
        indexes=st.sets(st.sampled_from(INDEXES), max_size=2),
        unused=st.booleans(),
        provisioned=st.booleans(),
    )
    def create_table(self, wait: float, indexes: set[str], unused: bool, provisioned: bool) -> None:
        self.after(wait)
        defined = {"pk", *(name[-1] for name in indexes), *({"z"} if unused else ())}
        taken = self.model.status(self.now) != "NONE"
        units = {"ReadCapacityUnits": 50, "WriteCapacityUnits": 50}
        body: dict[str, Any] = {
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in sorted(defined)],
            "BillingMode": "PROVISIONED" if provisioned else "PAY_PER_REQUEST",
        }
        if provisioned:
            body["ProvisionedThroughput"] = units
        if indexes:
            body["GlobalSecondaryIndexes"] = [_index(name, units if provisioned else None) for name in sorted(indexes)]
        expected = "ResourceInUseException" if taken else "ValidationException" if unused else OK
        if self.call("create_table", expected, **body):
            born = {name: Index(self.now, born_with_table=True) for name in indexes}
            self.model = Model(made=self.now, indexes=born, provisioned=provisioned, read=50 if provisioned else 0)

    @precondition(lambda self: self.server.journal.of("UpdateTable", error=""))
    @rule(wait=WAITS)
    def delete_table(self, wait: float) -> None:
        now, model = self.after(wait), self.model
        expected = model.update_blocked(now)
        if expected == OK and any(state != "ACTIVE" for state in model.alive(now).values()):
            expected = "ResourceInUseException"
        if expected == OK and model.protected:
            expected = "ValidationException"
        if model.protected and expected == "ResourceInUseException":
            expected = "ValidationException"
        if self.call("delete_table", expected):
            model.dropped = now

    @rule(wait=WAITS, name=st.sampled_from(INDEXES), defined=st.booleans(), twice=st.booleans())
    def create_index(self, wait: float, name: str, defined: bool, twice: bool) -> None:
        now, model = self.after(wait), self.model
        alive = model.alive(now)
        units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5} if model.provisioned else None
        updates = [{"Create": _index(name, units)}]
        names = {"pk", name[-1]}
        if twice:
            other = next(one for one in INDEXES if one != name)
            updates.append({"Create": _index(other, units)})
            names.add(other[-1])
        if not defined:
            names = {"pk"}
        expected = model.update_blocked(now)
        if expected == OK:
            under_way = any(state in {"ALLOCATING", "BACKFILLING", "CREATING", "DELETING"} for state in alive.values())
            if twice or under_way:
                expected = "LimitExceededException"
            elif name in alive or not defined:
                expected = "ValidationException"
        attributes = [{"AttributeName": one, "AttributeType": "S"} for one in sorted(names)]
        if self.call("update_table", expected, AttributeDefinitions=attributes, GlobalSecondaryIndexUpdates=updates):
            model.indexes[name] = Index(now)
            model.did(now, 30)

    @rule(wait=WAITS, name=st.sampled_from(INDEXES))
    def delete_index(self, wait: float, name: str) -> None:
        now, model = self.after(wait), self.model
        alive = model.alive(now)
        expected = model.update_blocked(now)
        if expected == OK:
            others = {state for one, state in alive.items() if one != name}
            if others & {"ALLOCATING", "BACKFILLING", "CREATING", "DELETING"}:
                expected = "LimitExceededException"
            elif name not in alive:
                expected = "ResourceNotFoundException"
            elif alive[name] == "DELETING":
                expected = "ResourceInUseException"
        updates = [{"Delete": {"IndexName": name}}]
        if self.call("update_table", expected, GlobalSecondaryIndexUpdates=updates):
            model.indexes[name].dropped = now
            model.did(now)

    @rule(wait=WAITS, on=st.booleans(), attribute=st.sampled_from(["x", "y"]))
    def time_to_live(self, wait: float, on: bool, attribute: str) -> None:
        now, model = self.after(wait), self.model
        status = model.status(now)
        expected = OK
        if status == "NONE":
            expected = "ResourceNotFoundException"
        elif status in {"CREATING", "DELETING"}:
            expected = "ResourceInUseException"
        else:
            recent = model.ttl_changed is not None and now < model.ttl_changed + HOUR
            other = model.ttl_on and attribute != model.ttl
            gone = not model.ttl_on and model.ttl is None
            if recent or other or (on and model.ttl_on) or (not on and gone):
                expected = "ValidationException"
        spec = {"Enabled": on, "AttributeName": attribute}
        if self.call("update_time_to_live", expected, TimeToLiveSpecification=spec):
            model.ttl, model.ttl_on, model.ttl_changed = (attribute if on else None), on, now

    @rule(wait=WAITS, wanted=st.sampled_from(["STANDARD", "STANDARD_INFREQUENT_ACCESS"]))
    def table_class(self, wait: float, wanted: str) -> None:
        now, model = self.after(wait), self.model
        expected = model.update_blocked(now)
        recent = [at for at in model.class_changes if now - at < 30 * DAY]
        changes = wanted != model.table_class
        if expected == OK and changes and len(recent) >= 2:
            expected = "LimitExceededException"
        if self.call("update_table", expected, TableClass=wanted):
            if changes:
                model.class_changes.append(now)
            model.table_class = wanted
            model.did(now)

    @rule(wait=WAITS, view=st.sampled_from([None, "NEW_IMAGE", "KEYS_ONLY"]))
    def stream(self, wait: float, view: str | None) -> None:
        now, model = self.after(wait), self.model
        expected = model.update_blocked(now)
        if expected == OK and (view is None) == (model.view is None):
            expected = "ValidationException"
        spec = {"StreamEnabled": True, "StreamViewType": view} if view else {"StreamEnabled": False}
        if self.call("update_table", expected, StreamSpecification=spec):
            model.view = view
            model.did(now)

    @rule(wait=WAITS, on=st.booleans())
    def protection(self, wait: float, on: bool) -> None:
        now, model = self.after(wait), self.model
        if self.call("update_table", model.update_blocked(now), DeletionProtectionEnabled=on):
            model.protected = on
            model.did(now)

    @rule(wait=WAITS, read=st.integers(1, 60))
    def throughput(self, wait: float, read: int) -> None:
        now, model = self.after(wait), self.model
        expected = model.update_blocked(now)
        lower = read < model.read
        if expected == OK:
            if any(state == "ALLOCATING" for state in model.alive(now).values()):
                expected = "ResourceInUseException"
            elif not model.provisioned or read == model.read:
                expected = "ValidationException"
            elif lower and not self._may_fall(now):
                expected = "LimitExceededException"
        units = {"ReadCapacityUnits": read, "WriteCapacityUnits": 50}
        if self.call("update_table", expected, ProvisionedThroughput=units):
            if lower:
                model.decreases.append(now)
            model.read = read
            model.did(now)

    def _may_fall(self, now: float) -> bool:
        began = self.server.clock.time() - now
        today = [at for at in self.model.decreases if (began + at) // DAY == (began + now) // DAY]
        return len(today) < 4 or (len(today) < 27 and now - today[-1] >= HOUR)

    @precondition(lambda self: not self.model.alive(self.now))
    @rule(wait=WAITS, provisioned=st.booleans())
    def billing(self, wait: float, provisioned: bool) -> None:
        now, model = self.after(wait), self.model
        expected = model.update_blocked(now)
        changes = provisioned != model.provisioned
        recent = [at for at in model.to_on_demand if now - at < DAY]
        body: dict[str, Any] = {"BillingMode": "PROVISIONED" if provisioned else "PAY_PER_REQUEST"}
        if provisioned:
            body["ProvisionedThroughput"] = {"ReadCapacityUnits": 70, "WriteCapacityUnits": 50}
        if expected == OK:
            if changes and not provisioned and len(recent) >= 4:
                expected = "LimitExceededException"
            elif provisioned and not changes and model.read == 70:
                expected = "ValidationException"
        if self.call("update_table", expected, **body):
            if changes and not provisioned:
                model.to_on_demand.append(now)
            model.provisioned = provisioned
            model.read = 70 if provisioned else 0
            model.did(now)

    @invariant()
    def they_describe_the_same(self) -> None:
        now, model = self.now, self.model
        status = model.status(now)
        if status == "NONE":
            try:
                self.client.describe_table(TableName="table")
            except self.client.exceptions.ResourceNotFoundException:
                return
            raise AssertionError("the endpoint describes a table that is not there")
        table = self.client.describe_table(TableName="table")["Table"]
        assert table["TableStatus"] == status
        assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == model.read
        assert table["DeletionProtectionEnabled"] == model.protected
        assert table.get("TableClassSummary", {}).get("TableClass", "STANDARD") == model.table_class
        assert table.get("StreamSpecification", {}).get("StreamViewType") == model.view
        if status == "DELETING":
            return
        seen = {}
        for one in table.get("GlobalSecondaryIndexes", ()):
            state = one["IndexStatus"]
            if state == "CREATING" and "Backfilling" in one:
                state = "BACKFILLING" if one["Backfilling"] else "ALLOCATING"
            seen[one["IndexName"]] = state
        assert seen == model.alive(now)
        used = {"pk", *(name[-1] for name in seen)}
        assert {one["AttributeName"] for one in table["AttributeDefinitions"]} == used
        ttl = self.client.describe_time_to_live(TableName="table")["TimeToLiveDescription"]
        settled = model.ttl_changed is None or now >= model.ttl_changed + 1800
        expected = ("ENABLED" if settled else "ENABLING") if model.ttl_on else ("DISABLED" if settled else "DISABLING")
        assert ttl["TimeToLiveStatus"] == expected


def _index(name: str, units: dict[str, int] | None) -> dict[str, Any]:
    value: dict[str, Any] = {
        "IndexName": name,
        "KeySchema": [{"AttributeName": name[-1], "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    return value if units is None else {**value, "ProvisionedThroughput": units}


def test_the_endpoint_and_the_model_agree(strict_upstream: str) -> None:
    class Agreement(Control):
        upstream = strict_upstream

    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Agreement,
        settings=examples(12, stateful_step_count=25, suppress_health_check=checks),
    )
