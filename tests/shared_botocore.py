"""What botocore works out again for every session and client, worked out once: the suite opens thousands of each.

Pure functions: the name by which an event is known, whether a handler takes keywords, a part of the user agent without
what it may not hold; the model of a service, its methods and its rules for endpoints, which follow from a document that
botocore reads once, for all sessions; and the copy of a tree of handlers, by a shorter way. Only processes of the tests
are changed; those that run dynasmith alone have botocore as it is.
"""

import inspect
from collections.abc import Callable, Hashable, Iterable
from functools import cache
from types import FunctionType, MethodType
from typing import Any, TypeVar

from botocore import client, hooks, regions, session, useragent
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader
from botocore.model import ServiceModel

from dynasmith.aws.control import client_settings
from dynasmith.ports.access import DUMMY_KEYS, ResolvedAccess

_T = TypeVar("_T")
_NAMES: dict[str, str] = {}
_SHARED: dict[Hashable, tuple[Any, Any]] = {}
"""What follows from documents, by their identity; the documents beside it, so that no other takes their place."""
_as_it_is = hooks.EventAliaser.__init__
_accepts_keywords = hooks.accepts_kwargs
_creator: Any = client.ClientCreator
_methods: Callable[..., dict[str, Any]] = _creator._create_methods


def _once(kind: str, documents: tuple[Any, ...], make: Callable[[], _T], *more: Hashable) -> _T:
    """What ``make`` makes of documents that nobody changes: made for the first who asks."""
    key = (kind, *map(id, documents), *more)
    found = _SHARED.get(key)
    if found is None:
        found = _SHARED.setdefault(key, (make(), documents))
    made: _T = found[0]
    return made


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


def _copied_handlers(self: Any, tree: dict[str, Any]) -> dict[str, Any]:
    """A copy of what a tree of handlers holds; the handlers are the same."""
    return {name: _copied_node(node) for name, node in tree.items()}


def _copied_node(node: dict[str, Any]) -> dict[str, Any]:
    children, values = node["children"], node["values"]
    return {
        "chunk": node["chunk"],
        "children": {name: _copied_node(child) for name, child in children.items()} if children else {},
        "values": None if values is None else hooks.NodeList(*[each.copy() for each in values]),
    }


def _shared_model(self: Any, service_name: str, api_version: str | None = None) -> ServiceModel:
    """The model of a service, with the shapes that clients before found in it."""
    document = self._loader.load_service_model(service_name, "service-2", api_version=api_version)
    return _once("model", (document,), lambda: ServiceModel(document, service_name=service_name), service_name)


def _shared_methods(self: Any, service_model: ServiceModel) -> dict[str, Any]:
    """The methods of a client, which its class may add to."""
    return _once("methods", (service_model,), lambda: _methods(self, service_model)).copy()


def _shared_provider(
    ruleset_data: dict[str, Any], partition_data: dict[str, Any], excluded_params: set[str] | None = None
) -> EndpointProvider:
    """The rules of a service for its endpoints."""

    def make() -> EndpointProvider:
        return EndpointProvider(ruleset_data, partition_data, excluded_params)

    return _once("endpoints", (ruleset_data, partition_data), make, *sorted(excluded_params or ()))


class _Paths(list[str]):
    """Folders of documents; boto3 adds its own for each of its sessions."""

    def append(self, path: str) -> None:
        """Add one that is not there."""
        if path not in self:
            super().append(path)


def _shared_documents(search_path_string: str | None = None) -> Loader:
    """The documents of botocore, which the sessions of dynasmith share by themselves."""
    loader: Any = client_settings._shared_loader(search_path_string)
    if type(loader._search_paths) is list:
        loader._search_paths = _Paths(loader._search_paths)
    found: Loader = loader
    return found


def services_in_use() -> list[str]:
    """The services of which this process has made a client."""
    return sorted({str(key[-1]) for key in _SHARED if isinstance(key, tuple) and key[0] == "model"})


def make_known(services: Iterable[str]) -> None:
    """Read what a client of each of these services needs, before forks need it."""
    access = ResolvedAccess(environment="none", endpoint="http://127.0.0.1:1", credentials=DUMMY_KEYS)
    opened = client_settings.open_session(access)
    for service in services:
        opened.create_client(service, region_name="us-east-1", endpoint_url="http://127.0.0.1:1").close()


def share() -> None:
    """Sessions and clients that are made from now on share what they work out."""
    changed: Any = hooks.EventAliaser
    changed.__init__ = _with_shared_names
    changed = hooks
    changed.accepts_kwargs = _accepts_kwargs
    changed._PrefixTrie._recursive_copy = _copied_handlers
    changed = useragent
    changed.sanitize_user_agent_string_component = cache(useragent.sanitize_user_agent_string_component)
    _creator._load_service_model = _shared_model
    _creator._create_methods = _shared_methods
    changed = session
    changed.create_loader = _shared_documents
    changed = regions
    changed.EndpointProvider = _shared_provider
