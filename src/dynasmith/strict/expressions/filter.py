"""The filter of a request, as a function of an item."""

from collections.abc import Callable, Mapping
from typing import Any

from dynasmith.strict.expressions.evaluate import Evaluation, Item
from dynasmith.strict.expressions.old_conditions import Placeholders, condition_of
from dynasmith.strict.expressions.request import RequestExpression


def filter_of(body: Mapping[str, Any], read: RequestExpression | None) -> Callable[[Item], bool] | None:
    """FilterExpression, QueryFilter or ScanFilter; None for none."""
    if read is not None and read.expression.root is not None:
        root, names, values = read.expression.root, read.names, read.values
    else:
        given = Placeholders("f")
        conditions = body.get("QueryFilter") or body.get("ScanFilter") or {}
        old = condition_of(conditions, body.get("ConditionalOperator", "AND"), given)
        if old is None:
            return None
        root, names, values = old, given.names, given.values
    evaluation = Evaluation(names, values)
    return lambda item: evaluation.holds(root, item)
