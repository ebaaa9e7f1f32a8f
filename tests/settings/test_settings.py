"""Every setting, through all that is asked of it: definition, plan, simulation, words, requests, service."""

import contextlib
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import msgspec
import pytest
from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from hypothesis import given
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from access_stories import Functions
from dynasmith import Consent, Table, connect
from dynasmith.aws.control.actions import READS, WRITES
from dynasmith.aws.settings import SERVICE_SETTINGS, service_setting_of
from dynasmith.aws.settings.base import ServiceSetting
from dynasmith.plans.arrange import arrange
from dynasmith.plans.change import Change
from dynasmith.plans.diff import diff
from dynasmith.plans.explain import explain, step_text
from dynasmith.plans.paths import path_of
from dynasmith.plans.simulate import created, simulate_all
from dynasmith.plans.step import Step
from dynasmith.strict import StrictServer
from dynasmith.tables.document_of import document_of
from dynasmith.tables.settings import SETTINGS, AnySetting
from dynasmith.tables.settings.base import Facts, SettingCall, SettingChange, SettingWait
from dynasmith.tables.table import (
    Access,
    Alarm,
    AlarmKind,
    BackupPlan,
    BackupRule,
    Encryption,
    EncryptionKind,
    Insights,
    InsightsMode,
    Key,
    KeyAttribute,
    KinesisDestination,
    KinesisPrecision,
    Recovery,
    StreamView,
    TableClass,
    Trigger,
)
from example_counts import examples
from strategies import table_pairs
from stream_functions import StreamFunctions, clients, deployed

PLAIN = Table(name="orders", key=Key(partition=(KeyAttribute(name="id", type="S"),)))
POLICY = '{"Statement":[{"Effect":"Deny","Principal":"*","Sid":"x"}],"Version":"2012-10-17"}'
VALUES: dict[str, Any] = {
    "stream": StreamView.NEW_IMAGE,
    "point_in_time_recovery": Recovery(days=7),
    "encryption": Encryption(kind=EncryptionKind.AWS_MANAGED),
    "table_class": TableClass.INFREQUENT_ACCESS,
    "deletion_protection": True,
    "contributor_insights": Insights(mode=InsightsMode.THROTTLED_KEYS),
    "kinesis_destination": KinesisDestination(
        stream="arn:aws:kinesis:us-east-1:123456789012:stream/changes", precision=KinesisPrecision.MICROSECOND
    ),
    "resource_policy": POLICY,
    "time_to_live": "expires_at",
    "triggers": (
        Trigger(
            function="ship",
            starting_position="TRIM_HORIZON",
            batch_size=10,
            maximum_batching_window_seconds=0,
            parallelization_factor=1,
            maximum_retry_attempts=3,
            maximum_record_age_seconds=-1,
            bisect_batch_on_function_error=True,
            report_batch_item_failures=True,
            tumbling_window_seconds=0,
            on_failure_destination=None,
            filters=('{"eventName":["INSERT"]}',),
        ),
    ),
    "backup_plan": BackupPlan(
        vault="safe", rules=(BackupRule(name="daily", schedule="cron(0 2 * * ? *)", keep_days=30),)
    ),
    "alarms": (Alarm(kind=AlarmKind.WRITE_THROTTLED, threshold=1.5, minutes=5, of_minutes=10, notify=()),),
    "access": (Access(role="app", allow=("read", "stream"), indexes=()),),
}
"""A value of each setting that is not what a new table has."""


@cache
def model_of(service: str) -> ServiceModel:
    """A service's model, read by the first test that needs it."""
    return botocore.session.get_session().get_service_model(service)


@pytest.fixture
def functions(strict: StrictServer, tmp_path: Path) -> Iterator[StreamFunctions]:
    """Functions in the account of the tests."""
    yield from deployed(clients(strict.endpoint, "test"), tmp_path)


every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key.name)


def test_the_two_registries_hold_the_same_settings() -> None:
    assert {each.setting.field for each in SERVICE_SETTINGS} == {setting.field for setting in SETTINGS}
    assert VALUES.keys() == {setting.key.name for setting in SETTINGS}


@every_setting
def test_a_setting_has_one_name(setting: AnySetting) -> None:
    """The key in a definition file is the name of both files; the field is one of `Table`, not mentioned by default."""
    name = setting.key.name
    assert Path(inspect.getfile(type(setting))).stem == name
    service = next(each for each in SERVICE_SETTINGS if each.setting.field == setting.field)
    assert Path(inspect.getfile(type(service))).stem == name
    assert getattr(PLAIN, setting.field) is UNSET
    assert setting.of(PLAIN) is UNSET
    assert setting.label


@every_setting
def test_a_definition_is_read_as_it_is_written(setting: AnySetting) -> None:
    for value in (VALUES[setting.key.name], setting.off):
        document = document_of(replace(PLAIN, **{setting.field: value}))
        written = document[setting.key.name]
        if setting.key.name == "resource_policy" and value is not None:
            written = {"text": msgspec.json.encode(written, order="sorted").decode()}  # as the parser hands it over
        assert setting.parse(written) == value
    assert setting.key.says


@every_setting
def test_on_and_off_are_planned_simulated_and_told(setting: AnySetting) -> None:
    """A list that is empty wants none; what is there goes with ``prune`` alone."""
    value = VALUES[setting.key.name]
    there = replace(created(PLAIN), **{setting.field: setting.off})
    on = replace(PLAIN, **{setting.field: value})
    off = replace(PLAIN, **{setting.field: setting.off})
    assert diff(on, replace(there, **{setting.field: value})) == ()
    assert diff(off, there, prune=True) == ()
    for desired, current in ((on, there), (off, replace(there, **{setting.field: value}))):
        (change,) = diff(desired, current, prune=setting.off == ())
        assert isinstance(change, SettingChange)
        assert path_of(change) == setting.key.name
        line = explain(change)
        assert (line.path, bool(line.text), line.symbol in "+~-±") == (setting.key.name, True, True)
        setting.hazard(change, "orders", Facts())
        steps = arrange((change,), desired, current)
        assert any(isinstance(step, SettingCall) for step in steps)
        assert all(step_text(step) for step in steps)
        assert simulate_all(steps, current) == replace(current, **{setting.field: setting.of(desired)})
        assert msgspec.json.decode(msgspec.json.encode(change), type=Change) == change
        for step in steps:
            assert msgspec.json.decode(msgspec.json.encode(step), type=Step) == step


@every_setting
def test_a_new_table_gets_it(setting: AnySetting) -> None:
    wish = replace(PLAIN, **{setting.field: VALUES[setting.key.name]})
    made = simulate_all(arrange(diff(wish, None), wish, None), None)
    assert made is not None
    assert setting.of(made) == VALUES[setting.key.name]


@given(table_pairs())
@examples(25)
def test_a_setting_changes_nothing_but_its_field(pair: tuple[Table, Table]) -> None:
    desired, current = pair
    for setting in SETTINGS:
        wanted, there = setting.of(desired), setting.of(current)
        if isinstance(wanted, UnsetType) or isinstance(there, UnsetType):
            continue
        assert setting.difference(wanted, wanted) is None
        change = setting.difference(wanted, there)
        for _, step in () if change is None else setting.steps(change):
            if isinstance(step, SettingCall):
                after = setting.after(step, current)
                assert replace(after, **{setting.field: there}) == current


@pytest.mark.parametrize("service", SERVICE_SETTINGS, ids=lambda service: service.setting.key.name)
def test_requests_are_of_the_service_s_model_and_need_the_actions_that_are_named(service: ServiceSetting[Any]) -> None:
    setting = service.setting
    value = VALUES[setting.key.name]
    steps = [
        step
        for before, after in ((setting.off, value), (value, setting.off))
        for change in (setting.difference(after, before), setting.removal(after, before))
        for _, step in (() if change is None else setting.steps(change))
        if isinstance(step, SettingCall)
    ]
    for step in steps:
        assert service_setting_of(step) is service
        request = service.request("orders", "arn:aws:dynamodb:us-east-1:123456789012:table/orders", step)
        shape = model_of(request.service).operation_model(request.operation).input_shape
        assert shape is not None
        assert not ParamValidator().validate(request.parameters, shape).has_errors()
        assert f"{request.service}:{request.operation}" in service.write_actions
    assert set(service.read_actions) <= set(READS)
    assert set(service.write_actions) <= set(WRITES)


@every_setting
def test_a_setting_is_applied_read_again_and_turned_off(
    strict: StrictServer, setting: AnySetting, functions: StreamFunctions
) -> None:
    """On the strict endpoint: a plan that is applied leaves nothing to do, on and off, and on a new table."""
    with contextlib.suppress(ClientError):  # the role that access is for, on an engine that other tests share
        Functions(strict.endpoint, "test").role("app")
    plain, prune = PLAIN, setting.off == ()
    if setting.key.name == "triggers":
        functions.deploy("ship")
        plain = replace(PLAIN, stream=StreamView.NEW_IMAGE)
    on, off = (replace(plain, **{setting.field: value}) for value in (VALUES[setting.key.name], setting.off))
    for wish in (on, off, on):
        project = connect(endpoint=strict.endpoint, tables=[wish], clock=strict.clock)
        report = project.apply(
            project.plan(prune=prune), consent=Consent(yes=True, prune=prune, confirm=frozenset({"orders"})), fresh=True
        )
        assert report.failures == {}
        plan = project.plan(prune=prune)
        if setting.key.name == "time_to_live" and not plan.is_empty:
            strict.clock.advance(hours=2)
            project.apply(project.plan(prune=prune), consent=Consent(yes=True), fresh=True)
            plan = project.plan(prune=prune)
        notes = [note.text for table in plan.tables for note in table.notes]
        assert plan.is_empty, plan.tables[0].changes
        assert not any(note.kind == "not-offered" for table in plan.tables for note in table.notes), notes


def test_a_wait_is_a_setting_s_own() -> None:
    waits = [kind for setting in SETTINGS for kind in setting.types if issubclass(kind, SettingWait)]
    assert all(kind.usual_seconds[0] <= kind.usual_seconds[1] for kind in waits)
