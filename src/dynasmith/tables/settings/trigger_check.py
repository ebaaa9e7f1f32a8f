"""Whether the options of a trigger are ones that Lambda takes, before any call."""

import re
from collections.abc import Iterator
from typing import Final

from dynasmith.tables.document_kinds import Choice, Integer
from dynasmith.tables.settings.event_filter import FILTERS_MAX, pattern_problem
from dynasmith.tables.settings.forms import is_set
from dynasmith.tables.settings.trigger_parts import filters_of
from dynasmith.tables.settings.triggers import TRIGGER
from dynasmith.tables.table import Trigger

RECORD_AGE_SECONDS_MIN: Final = 60
DESTINATION: Final = re.compile(
    r"arn:aws[a-z-]*:(?:(?:sqs|sns):[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}|s3:::[a-z0-9.-]{3,63})"
)
"""What may get batches that failed: a standard queue, a standard topic, a bucket."""
DESTINATION_SAYS: Final = "it is the ARN of a standard queue, a standard topic or a bucket"
_FUNCTION: Final = re.compile(
    r"(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:|\d{12}:function:)?[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9_$-]+)?"
)


def trigger_problems(trigger: Trigger) -> Iterator[str]:
    """What is wrong with a trigger, a sentence each without its full stop."""
    if not _FUNCTION.fullmatch(trigger.function):
        yield f"{trigger.function!r} is not the name or the ARN of a function"
    for key in TRIGGER.keys:
        value = getattr(trigger, key.name)
        if not is_set(value) or value is None:
            continue
        if isinstance(key.kind, Integer):
            least, most = key.kind.least, key.kind.most
            if (least is not None and value < least) or (most is not None and value > most):
                yield f"{key.name} is {value}; it is {least:,} to {most:,}"
        elif isinstance(key.kind, Choice) and value not in key.kind.words:
            yield f"{key.name} is {value!r}; it is {' or '.join(key.kind.words)}"
    age = trigger.maximum_record_age_seconds
    if is_set(age) and 0 <= age < RECORD_AGE_SECONDS_MIN:
        yield f"maximum_record_age_seconds is {age}; it is -1, or at least {RECORD_AGE_SECONDS_MIN}"
    filters = filters_of(trigger)
    if is_set(filters):
        if len(filters) > FILTERS_MAX:
            yield f"a trigger has at most {FILTERS_MAX} filters, not {len(filters)}"
        for pattern in filters:
            if problem := pattern_problem(pattern):
                yield f"{pattern} is not an event filter of Lambda: {problem}"
    destination = trigger.on_failure_destination
    if is_set(destination) and destination is not None and not DESTINATION.fullmatch(destination):
        yield f"on_failure_destination is {destination!r}; {DESTINATION_SAYS}"
