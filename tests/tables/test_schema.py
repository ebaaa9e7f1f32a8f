"""The JSON Schema accepts what the parser accepts and refuses what it refuses in form; it lacks no key."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from definitions import SOUND, gsi, read, read_tables, sound
from dynasmith.tables import table as parts
from dynasmith.tables.definition_keys import (
    AUTOSCALING,
    CAPACITY,
    DEFINITION,
    INDEX,
    LOCAL_INDEX,
    ON_DEMAND,
    PROJECTION,
    REPLICA,
    SCALING,
    SUPPRESSION,
    TABLE,
    WARM,
)
from dynasmith.tables.document_kinds import Block
from dynasmith.tables.document_of import document_of
from dynasmith.tables.findings import FORM_CODES
from dynasmith.tables.parse import ParsedDefinitions, ParseOptions
from dynasmith.tables.schema import DIALECT, definition_schema
from dynasmith.tables.settings.access import ENTRY
from dynasmith.tables.settings.backup_plan import RULE, BackupPlanSetting
from dynasmith.tables.settings.encryption import EncryptionSetting
from dynasmith.tables.settings.point_in_time_recovery import PointInTimeRecoverySetting
from dynasmith.tables.settings.triggers import TRIGGER
from example_counts import examples
from kind_documents import changed, every_key, every_unknown_key
from strategies import tables

SCHEMA = definition_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# Where a field of a table is spelt otherwise in a definition.
SPELT = {
    "key": "key_schema",
    "billing": "billing_mode",
    "capacity": "provisioned_throughput",
    "on_demand_maximum": "on_demand_throughput",
    "warm": "warm_throughput",
    "indexes": "global_secondary_indexes",
    "local_indexes": "local_secondary_indexes",
    "recovery": "point_in_time_recovery",
    "consistency": "multi_region_consistency",
    "kinesis_stream": "kinesis_destination",
}


def _names(block: Block) -> set[str]:
    return {key.name for key in block.keys} - {"enabled"}


def test_the_schema_is_one() -> None:
    assert SCHEMA["$schema"] == DIALECT
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_field_of_a_table_has_its_key_and_every_key_its_field() -> None:
    fields = {SPELT.get(field, field) for field in parts.Table.__struct_fields__}
    assert fields | {"attributes"} == _names(TABLE)
    assert set(SCHEMA["$defs"]["table"]["properties"]) == _names(TABLE)


@pytest.mark.parametrize(
    ("struct", "block", "spelt"),
    [
        (parts.Index, INDEX, SPELT),
        (parts.LocalIndex, LOCAL_INDEX, SPELT),
        (parts.Projection, PROJECTION, {"kind": "type"}),
        (parts.Capacity, CAPACITY, {}),
        (parts.OnDemandMaximum, ON_DEMAND, {"read": "max_read", "write": "max_write"}),
        (parts.Warm, WARM, {}),
        (parts.Scaling, SCALING, {}),
        (parts.Autoscaling, AUTOSCALING, {}),
        (parts.Recovery, PointInTimeRecoverySetting.key.kind, {"days": "recovery_days"}),
        (parts.Encryption, EncryptionSetting.key.kind, {"kind": "type"}),
        (parts.Replica, REPLICA, {"recovery": "point_in_time_recovery"}),
        (parts.Trigger, TRIGGER, {"enabled": "", "old_mappings": ""}),
        (parts.Access, ENTRY, {"held_by": "", "state": ""}),
        (parts.BackupRule, RULE, {}),
        (parts.BackupPlan, BackupPlanSetting.key.kind, {}),
        (parts.Suppression, SUPPRESSION, {}),
    ],
)
def test_every_field_of_a_part_has_its_key(struct: type[Struct], block: Block, spelt: dict[str, str]) -> None:
    names = {spelt.get(field, field) for field in struct.__struct_fields__} - {""}
    assert names == _names(block) - {"propagate_tags"}  # which is read into the tags


@given(tables())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_rendered_is_valid(table: parts.Table) -> None:
    errors = [
        f"{list(error.absolute_path)}: {error.message}"
        for error in VALIDATOR.iter_errors({"tables": [document_of(table)]})
    ]
    assert errors == []


AWS_INDEX = {"IndexName": "by_id", "KeySchema": [{"AttributeName": "customer_id", "KeyType": "HASH"}]}
DOCUMENTS: list[dict[str, Any]] = [
    {"tables": []},
    {"$schema": "x", "tables": [sound()]},
    {"tables": [sound(global_secondary_indexes=[AWS_INDEX])]},
    {"tables": [sound(billing_mode="${MODE}", deletion_protection="${ON}", warm_throughput={"read": "${N}"})]},
    {"tables": [sound(time_to_live={"enabled": False}, tags=None)]},
    {"tables": [sound()], "environments": {"prod": {"tables": [{"name": "orders", "tags": {"a": None}}]}}},
    {"tables": [sound()], "environments": {"prod": {"tables": [{"name": "orders", "stream": {"enabled": False}}]}}},
    # from here on broken in form
    {},
    {"tabels": []},
    {"tables": {}},
    {"tables": [sound(name=None)]},
    {"tables": [sound(key_schema=None)]},
    {"tables": [sound(name=5)]},
    {"tables": [sound(attributes=[{"name": "a", "type": "STRING"}])]},
    {"tables": [sound(key_schema=[])]},
    {"tables": [sound(key_schema=[{"attribute_nam": "a", "key_type": "HASH"}])]},
    {"tables": [sound(deletion_protection="yes")]},
    {"tables": [sound(time_to_live={"enabled": True})]},
    {"tables": [sound(time_to_live=True)]},
    {"tables": [sound(point_in_time_recovery={"recovery_days": 36})]},
    {"tables": [sound(tags={"a": 5})]},
    {"tables": [sound(global_secondary_indexes=[gsi("x", projection={"type": "SOME"})])]},
    {"tables": [sound()], "environments": {"prod": {"tables": [{"name": "orders", "tag": {}}]}}},
    {"tables": [sound()], "environments": {"prod": {"table": []}}},
    {"tables": [sound(items=[5])]},
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_the_schema_and_the_parser_agree_on_form(document: dict[str, Any]) -> None:
    given_ = {name: value for name, value in document.items() if name != "tables"}
    reading = read_tables(*document["tables"], **given_) if isinstance(document.get("tables"), list) else None
    assert VALIDATOR.is_valid(document) is (reading is not None and _is_formed(reading))


def _is_formed(reading: ParsedDefinitions) -> bool:
    return not any(finding.code in FORM_CODES and finding.code != "D008" for finding in reading.errors)


@given(changed(DEFINITION), st.sampled_from(("7", "true", "x")))
@examples(100, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_accepted_in_every_environment_is_valid(document: dict[str, Any], variable: str) -> None:
    environments = document.get("environments")
    names = ["", *environments] if isinstance(environments, dict) else [""]
    options = [ParseOptions(environment=name, variables={"SOME": variable}) for name in names]
    if all(_is_formed(read(json.dumps(document), each, ".json")) for each in options):
        assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize(("documents", "valid"), [(every_key, True), (every_unknown_key, False)])
def test_every_key_is_valid_and_every_other_is_refused(documents: Any, valid: bool) -> None:
    seen = list(documents(DEFINITION))
    assert len(seen) > 100
    for place, document in seen:
        assert VALIDATOR.is_valid(document) is valid, place
        reading = read(json.dumps(document), suffix=".json")
        unknown = [finding.message for finding in reading.errors if finding.code == "D003"]
        assert bool(unknown) is not valid, (place, unknown)


def test_every_key_is_described() -> None:
    for name, part in SCHEMA["$defs"].items():
        for key, schema in part["properties"].items():
            assert schema.get("description"), (name, key)
    assert SCHEMA["$defs"]["table"]["properties"]["name"]["description"].startswith("3 to 255")
    assert SCHEMA["$defs"]["autoscaling_dimension"]["properties"]["target"]["default"] == 70


def test_sound_is_sound() -> None:
    assert VALIDATOR.is_valid({"tables": [SOUND]})
