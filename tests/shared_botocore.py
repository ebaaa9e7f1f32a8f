"""What botocore works out again for every session and client, worked out once: the suite opens thousands of each.

Three pure functions: the name by which an event is known, whether a handler takes keywords, and a part of the user
agent without what it may not hold. Only the process of a test is changed; those that tests begin run botocore as it is.
"""

import inspect
from collections.abc import Callable
from functools import cache
from types import FunctionType, MethodType
from typing import Any

from botocore import hooks, useragent

_NAMES: dict[str, str] = {}
_as_it_is = hooks.EventAliaser.__init__
_accepts_keywords = hooks.accepts_kwargs


def _with_shared_names(self: Any, event_emitter: Any, event_aliases: dict[str, str] | None = None) -> None:
    """The aliaser of a session or of a client; those with the usual aliases share the names that they found."""
    _as_it_is(self, event_emitter, event_aliases)
    if self._event_aliases == hooks.EVENT_ALIASES:
        self._alias_name_cache = _NAMES


def _accepts_kwargs(handler: Callable[..., Any]) -> bool:
    """Whether a handler has ``**kwargs``: what a plain function says in its flags."""
    function = handler.__func__ if isinstance(handler, MethodType) else handler
    if isinstance(function, FunctionType) and not hasattr(function, "__signature__"):
        return bool(function.__code__.co_flags & inspect.CO_VARKEYWORDS)
    return bool(_accepts_keywords(handler))


def share() -> None:
    """Sessions and clients that are made from now on share what they work out."""
    changed: Any = hooks.EventAliaser
    changed.__init__ = _with_shared_names
    changed = hooks
    changed.accepts_kwargs = _accepts_kwargs
    changed = useragent
    changed.sanitize_user_agent_string_component = cache(useragent.sanitize_user_agent_string_component)
