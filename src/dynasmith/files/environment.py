"""`Environment`: where the tables live and how to get there, as a project file says it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from dynasmith.errors import ProjectError
from dynasmith.masking import masked_url
from dynasmith.ports.engines import ENGINES

# Source: definition.md, "The project file": where the embedded engine listens.
LOCAL_ENDPOINT: Final = "http://127.0.0.1:8000"
_SECRETS: Final = frozenset(("access_key_id", "secret_access_key", "session_token"))


class Environment(Struct, frozen=True, kw_only=True):
    """One environment, with its variables replaced; empty text is "not said". Its repr hides the secrets.

    With an ``endpoint`` every service goes there, or to its own one in ``endpoints``; AWS is then never reached.
    ``declared`` says whether the project file has it; ``local`` and ``aws`` exist without.
    """

    name: str
    declared: bool = False
    endpoint: str = ""
    endpoints: dict[str, str] = {}
    local: bool = False
    region: str = ""
    profile: str = ""
    account: str = ""
    role_arn: str = ""
    external_id: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    table_prefix: str = ""
    table_suffix: str = ""
    protected: bool = False
    dry_run_role_arn: str = ""
    use_fips: bool = False
    use_dualstack: bool = False
    ca_bundle: str = ""
    remote: str = ""
    engine: str = ""
    pointer: str = ""

    def __repr__(self) -> str:
        said = {name: getattr(self, name) for name in self.__struct_fields__ if getattr(self, name)}
        shown = ", ".join(f"{name}={'***' if name in _SECRETS else repr(value)}" for name, value in said.items())
        return f"Environment({shown})"


BUILT_IN: Final = {
    "local": Environment(name="local", endpoint=LOCAL_ENDPOINT, local=True),
    "aws": Environment(name="aws"),
}


def checked(environment: Environment) -> Environment:
    """The environment itself; ProjectError where what it says cannot be. Substituted values are shown as written."""
    name = environment.name
    if environment.local and not environment.endpoint:
        raise ProjectError(
            f"Environment {name} is local and has no endpoint.",
            hint=f'add endpoint = "{LOCAL_ENDPOINT}": a local environment must never reach AWS',
        )
    urls = {"endpoint": environment.endpoint, **{f"endpoints.{key}": url for key, url in environment.endpoints.items()}}
    for key, url in urls.items():
        if url and not _is_url(url):
            raise ProjectError(
                f"The {key} of environment {name} is {masked_url(str(url))!r}, which is not a URL.",
                hint=f'for example "{LOCAL_ENDPOINT}"',
            )
        if environment.local and ".amazonaws." in url:
            raise ProjectError(
                f"Environment {name} is local, and its {key} is an address of AWS.", hint="remove local = true"
            )
    if environment.account and not (environment.account.isdecimal() and len(environment.account) == 12):
        raise ProjectError(
            f"The account of environment {name} is {environment.account!r}, which is not an account id.",
            hint="an account id has 12 digits",
        )
    if bool(environment.access_key_id) != bool(environment.secret_access_key):
        raise ProjectError(
            f"Environment {name} has one of access_key_id and secret_access_key.", hint="give both or neither"
        )
    if environment.engine and environment.engine not in ENGINES:
        raise ProjectError(
            f"The engine of environment {name} is {environment.engine!r}, which is not known.",
            hint=f"known are {', '.join(ENGINES)}; without the key, replies are held to what DynamoDB gives",
        )
    if environment.engine and not (environment.endpoint or environment.endpoints.get("dynamodb")):
        raise ProjectError(
            f"Environment {name} has an engine and no endpoint.", hint="add the endpoint that the engine listens on"
        )
    if environment.external_id and not environment.role_arn:
        raise ProjectError(f"Environment {name} has an external_id and no role_arn.", hint="it belongs to a role")
    return environment


def _is_url(url: str) -> bool:
    scheme, _, rest = url.partition("://")
    return scheme in ("http", "https") and bool(rest.partition("/")[0])
