"""A setting that another service than DynamoDB keeps outlives its table, so `retire` must turn it off."""

from dynasmith.aws.settings import SERVICE_SETTINGS
from dynasmith.tables.settings import SETTINGS
from dynasmith.tables.settings.base import RetirementPhase

OF_THE_TABLE = ("dynamodb", "kms")
"""Services whose part of a setting goes with the table: a key is used, never made."""


def test_what_another_service_keeps_is_retired() -> None:
    kept = {
        each.setting.field
        for each in SERVICE_SETTINGS
        if {action.partition(":")[0] for action in each.write_actions} - {*OF_THE_TABLE}
    }
    assert kept
    assert {each.field for each in SETTINGS if each.retirement is not None} >= kept


def test_each_phase_is_of_one_setting() -> None:
    phases = [each.retirement for each in SETTINGS if each.retirement is not None]
    assert len(phases) == len(set(phases))
    assert RetirementPhase.AUTOSCALING not in phases  # which is no setting of one value
