"""Every check there is, in the order of its code; each has a page of the documentation."""

from dynasmith.validate.check import Check
from dynasmith.validate.checks import (
    access,
    alarms,
    audit,
    backups,
    capacity,
    changes,
    drift,
    indexes,
    recovery,
    replicas,
    security,
    state,
    traffic,
    triggers,
)
from dynasmith.validate.checks import ownership as words

CHECKS: tuple[Check, ...] = tuple(
    sorted(
        (
            *state.CHECKS,
            *alarms.CHECKS,
            *audit.CHECKS,
            *backups.CHECKS,
            *drift.CHECKS,
            *security.CHECKS,
            *access.CHECKS,
            *recovery.CHECKS,
            *capacity.CHECKS,
            *indexes.CHECKS,
            *changes.CHECKS,
            *triggers.CHECKS,
            *replicas.CHECKS,
            *traffic.CHECKS,
            *words.CHECKS,
        ),
        key=lambda check: check.code,
    )
)
