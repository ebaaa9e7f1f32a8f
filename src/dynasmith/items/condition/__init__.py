"""Conditions on items, in DynamoDB's own condition language with the values written inline.

``age >= 18 AND (status IN ('active', 'new') OR attribute_not_exists(address.zip))``. The same text is evaluated here on
an item (``Condition.matches``) or sent to the service (``Condition.filter``), and both mean the same.
"""

from dynasmith.items.condition.condition import Condition, Filter, parse_condition

__all__ = ["Condition", "Filter", "parse_condition"]
