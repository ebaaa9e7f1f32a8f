"""The strict endpoint: DynamoDB's documented rules, states, throttling, faults and a clock, in front of any engine.

``StrictServer(upstream)`` listens on 127.0.0.1 and forwards to an engine, refusing what the service refuses.
"""

from dynasmith.local.strict.journal import Call, Journal
from dynasmith.local.strict.rules import Ask, Refusal, Rule
from dynasmith.local.strict.rules_file import RulesFile, read_rules
from dynasmith.local.strict.server import StrictServer

__all__ = ["Ask", "Call", "Journal", "Refusal", "Rule", "RulesFile", "StrictServer", "read_rules"]
