"""What CloudWatch refuses of an alarm. It refuses no dimensions: an alarm on those that a metric never has is made and
never raised.

Source: API reference of CloudWatch, PutMetricAlarm; the codes are those of its model, the messages are our reading.
"""

import re
from collections.abc import Mapping
from typing import Any

DAY_SECONDS, WEEK_SECONDS, HOUR_SECONDS = 86_400, 604_800, 3_600
NAME_MAX, ACTIONS_MAX, DIMENSIONS_MAX = 255, 5, 30
_SHORT_PERIODS = frozenset({10, 20, 30})
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_ACTION = re.compile(
    r"arn:[^:]+:(?:sns|lambda|ssm|ssm-incidents|aiops|autoscaling|automate|swf|cloudwatch):([^:]*):[^:]*:.+", re.DOTALL
)
_STATISTICS = frozenset({"Average", "Maximum", "Minimum", "SampleCount", "Sum"})
_OPERATORS = frozenset(
    {
        *("GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold"),
        *("LessThanOrEqualToThreshold", "LessThanLowerOrGreaterThanUpperThreshold"),
        *("LessThanLowerThreshold", "GreaterThanUpperThreshold"),
    }
)
_MISSING = frozenset({"breaching", "notBreaching", "ignore", "missing"})
Problem = tuple[str, str]


def alarm_problem(body: Mapping[str, Any], region: str) -> Problem | None:
    """(code, message) of what the service refuses of PutMetricAlarm; None where it takes it."""
    return _form_problem(body) or _time_problem(body) or _actions_problem(body, region)


def _invalid(message: str) -> Problem:
    return "ValidationError", message


def _form_problem(body: Mapping[str, Any]) -> Problem | None:
    name = str(body.get("AlarmName") or "")
    if not 1 <= len(name) <= NAME_MAX:
        return _invalid(f"AlarmName must have 1 to {NAME_MAX} characters")
    if body.get("ComparisonOperator") not in _OPERATORS:
        return _invalid(f"{body.get('ComparisonOperator')} is not a valid ComparisonOperator")
    if body.get("TreatMissingData", "missing") not in _MISSING:
        return _invalid(f"{body['TreatMissingData']} is not a valid value for TreatMissingData")
    if "Metrics" in body:
        return None
    if not body.get("MetricName") or not body.get("Namespace"):
        return _invalid("MetricName and Namespace are required unless Metrics is given")
    if ("Statistic" in body) == ("ExtendedStatistic" in body):
        return "InvalidParameterCombination", "Exactly one of Statistic and ExtendedStatistic must be given"
    if "Statistic" in body and body["Statistic"] not in _STATISTICS:
        return _invalid(f"{body['Statistic']} is not a valid Statistic")
    if "Threshold" not in body and "ThresholdMetricId" not in body:
        return _invalid("Threshold is required for an alarm on a static threshold")
    names = [str(each.get("Name")) for each in body.get("Dimensions") or ()]
    if len(names) > DIMENSIONS_MAX or len(set(names)) != len(names):
        return _invalid("Dimensions must have different names, at most 30")
    return None


def _time_problem(body: Mapping[str, Any]) -> Problem | None:
    periods = int(body.get("EvaluationPeriods") or 0)
    if periods < 1:
        return _invalid("EvaluationPeriods must be 1 or more")
    datapoints = int(body.get("DatapointsToAlarm", periods))
    if not 1 <= datapoints <= periods:
        return _invalid("DatapointsToAlarm must be from 1 to EvaluationPeriods")
    if "Metrics" in body:
        return None
    period = int(body.get("Period") or 0)
    if period not in _SHORT_PERIODS and (period < 1 or period % 60):
        return _invalid("Period must be 10, 20, 30, or a multiple of 60")
    most = WEEK_SECONDS if period >= HOUR_SECONDS else DAY_SECONDS
    if periods * period > most:
        return _invalid(f"EvaluationPeriods times Period must not be more than {most} seconds")
    return None


def _actions_problem(body: Mapping[str, Any], region: str) -> Problem | None:
    for member in _ACTIONS:
        actions = body.get(member) or ()
        if len(actions) > ACTIONS_MAX:
            return _invalid(f"{member} must not have more than {ACTIONS_MAX} members")
        for arn in actions:
            found = _ACTION.fullmatch(str(arn))
            if found is None:
                return _invalid(f"Invalid arn syntax: {arn}")
            if found[1] and found[1] != region:
                return _invalid(f"Invalid region {found[1]} specified. Only {region} is supported.")
    return None
