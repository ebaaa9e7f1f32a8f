"""The strict endpoint: DynamoDB's documented rules, states, throttling, faults and a clock, in front of any engine.

``StrictServer(upstream)`` listens on 127.0.0.1 and forwards to an engine, refusing what the service refuses.
"""

from dynasmith.strict.rules.file import RulesFile, read_rules
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule
from dynasmith.strict.server.server import StrictServer
from dynasmith.strict.state.journal import Call, Journal

__all__ = ["Call", "Journal", "JudgedRequest", "Refusal", "RulesFile", "StrictRule", "StrictServer", "read_rules"]
