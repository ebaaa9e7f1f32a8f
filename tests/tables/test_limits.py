"""Every number of the service has a source, and those that the service's own model knows are the same there."""

import ast
from pathlib import Path

import botocore.session
import pytest
from botocore.model import ServiceModel

from dynasmith import limits


@pytest.fixture(scope="module")
def model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("dynamodb")


def test_every_limit_has_a_source() -> None:
    assert limits.__file__ is not None
    lines = Path(limits.__file__).read_text(encoding="utf-8").splitlines()
    constants = [node for node in ast.parse("\n".join(lines)).body if isinstance(node, ast.AnnAssign)]
    assert len(constants) > 30
    for constant in constants:
        above = constant.lineno - 2
        while lines[above] and not lines[above].startswith("#"):
            above -= 1
        assert lines[above].startswith("# Source: "), lines[constant.lineno - 1]


@pytest.mark.parametrize(
    ("shape", "bound", "value"),
    [
        ("TableName", "min", limits.TABLE_NAME_MIN_CHARACTERS),
        ("TableName", "max", limits.TABLE_NAME_MAX_CHARACTERS),
        ("IndexName", "min", limits.INDEX_NAME_MIN_CHARACTERS),
        ("IndexName", "max", limits.INDEX_NAME_MAX_CHARACTERS),
        ("KeySchemaAttributeName", "max", limits.KEY_ATTRIBUTE_NAME_MAX_CHARACTERS),
        ("TimeToLiveAttributeName", "max", limits.TTL_ATTRIBUTE_NAME_MAX_CHARACTERS),
        ("RecoveryPeriodInDays", "min", limits.RECOVERY_MIN_DAYS),
        ("RecoveryPeriodInDays", "max", limits.RECOVERY_MAX_DAYS),
        ("TagKeyString", "max", limits.TAG_KEY_MAX_CHARACTERS),
        ("TagValueString", "max", limits.TAG_VALUE_MAX_CHARACTERS),
        ("ScanTotalSegments", "max", limits.SCAN_MAX_SEGMENTS),
        ("BatchGetRequestMap", "max", limits.BATCH_GET_MAX_ITEMS),
        ("WriteRequests", "max", limits.BATCH_WRITE_MAX_ITEMS),
        ("TransactWriteItemList", "max", limits.TRANSACTION_MAX_ITEMS),
    ],
)
def test_the_services_model_says_the_same(model: ServiceModel, shape: str, bound: str, value: int) -> None:
    assert model.shape_for(shape).metadata[bound] == value
