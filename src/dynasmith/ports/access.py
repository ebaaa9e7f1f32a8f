"""Which account, Region and endpoint the calls go to, and with whose credentials: decided here, purely, in one place.

The order, for each value: options of the command line, then environment variables, then the environment's section of
the project file, then what botocore finds by itself (shared files, SSO, process, web identity, instance roles).

Keys, session token and profile are one thing, an identity: it is taken whole from the first source that has any of
it, so that the key of one source never meets the secret, the token or the profile of another.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.errors import ProjectError, UsageError
from dynasmith.masking import has_userinfo, masked_url

LOCAL_ENDPOINT = "http://127.0.0.1:8000"
"""Where the built-in environment ``local`` is: the address that ``dynasmith local start`` listens on."""

ISOLATED_REGION = "us-east-1"
"""The Region of an environment with an endpoint where nothing names one: the engines' own default."""

REGION_ASSUMED = "the engines' default, since nothing names one"
"""The source of a Region that nobody named."""

DUMMY_SOURCE = "dummy keys, since the environment has an endpoint and sets none"
"""The source of the keys of an environment that needs none."""

AWS_DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn")
"""Domains of AWS itself (botocore, endpoints.json, dnsSuffix of the partitions): an endpoint there *is* AWS."""

_ROLE = re.compile(r"arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/\S+")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Secret(str):
    """A text that is used and never shown: its ``repr`` is three asterisks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class AccessKeys(Struct, frozen=True, kw_only=True):
    """An access key with its secret and, where it is temporary, its session token."""

    access_key: str
    secret_key: Secret
    session_token: Secret = Secret("")

    def __repr__(self) -> str:
        return f"Keys(access_key={self.access_key[:4] + '...'!r})"


DUMMY_KEYS = AccessKeys(access_key="dynasmith", secret_key=Secret("dynasmith"))
"""What an environment with an endpoint signs with where none are set: engines want a signature, not an identity."""


class AccessOptions(Struct, frozen=True, kw_only=True):
    """What the command line, or the caller of the library, said. Empty is not said."""

    access_key: str = ""
    secret_key: str = ""
    session_token: str = ""
    profile: str = ""
    region: str = ""
    endpoint: str = ""
    role_arn: str = ""
    external_id: str = ""

    def __repr__(self) -> str:
        return f"AccessOptions(profile={self.profile!r}, region={self.region!r}, endpoint={self.endpoint!r})"


class AccessSection(Struct, frozen=True, kw_only=True):
    """What the environment's section of the project file says about access. Empty is not said."""

    name: str
    local: bool = False
    endpoint: str = ""
    endpoints: dict[str, str] = {}
    region: str = ""
    profile: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    role_arn: str = ""
    external_id: str = ""
    account: str = ""
    use_fips: bool = False
    use_dualstack: bool = False
    ca_bundle: str = ""
    engine: str = ""

    def __repr__(self) -> str:
        return f"AccessSection(name={self.name!r}, endpoint={self.endpoint!r}, region={self.region!r})"


BUILT_IN_SECTIONS: Mapping[str, AccessSection] = {
    "local": AccessSection(name="local", local=True, endpoint=LOCAL_ENDPOINT),
    "aws": AccessSection(name="aws"),
}
"""The environments that exist without being declared."""


class ResolvedAccess(Struct, frozen=True, kw_only=True):
    """The way to the service, resolved. Empty means: what botocore finds by itself.

    ``sources`` says where each value came from (``region`` -> ``AWS_REGION``), ``notes`` what was said and is not
    used, and why. Neither holds a secret.
    """

    environment: str = ""
    endpoint: str = ""
    endpoints: dict[str, str] = {}
    region: str = ""
    profile: str = ""
    credentials: AccessKeys | None = None
    role_arn: str = ""
    external_id: str = ""
    account: str = ""
    use_fips: bool = False
    use_dualstack: bool = False
    ca_bundle: str = ""
    engine: str = ""
    local: bool = False
    sources: dict[str, str] = {}
    notes: tuple[str, ...] = ()

    @property
    def isolated(self) -> bool:
        """Whether no call may go to AWS: there is an endpoint that is not AWS's own."""
        return self.local or bool(self.endpoint) or any(not is_aws(url) for url in self.endpoints.values())

    def endpoint_of(self, service: str) -> str:
        """The endpoint of that service (botocore's name of it), or empty: then botocore decides, or it is refused."""
        return self.endpoints.get(service, "") or self.endpoint

    @property
    def place(self) -> str:
        """Where the calls go, in a few words for a sentence."""
        where = self.endpoint or self.endpoints.get("dynamodb", "")
        return where or (f"AWS {self.region}" if self.region else "AWS")


def is_aws(url: str) -> bool:
    """Whether a URL is one of AWS's own (a VPC or FIPS endpoint, say)."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return any(host == domain or host.endswith("." + domain) for domain in AWS_DOMAINS)


def is_loopback(url: str) -> bool:
    """Whether a URL is this machine."""
    host = urlsplit(url).hostname or ""
    return host in LOOPBACK or host.startswith("127.")


def resolve_access(options: AccessOptions, variables: Mapping[str, str], section: AccessSection) -> ResolvedAccess:
    """Decide, from what was said in each place. Pure: reads no file, no variable, calls nothing.

    Raises UsageError and ProjectError for what contradicts itself or is incomplete.
    """
    sources: dict[str, str] = {}
    notes: list[str] = []
    where = f"environment {section.name}"
    endpoint = _first(
        sources,
        "endpoint",
        (options.endpoint, "--endpoint"),
        (variables.get("AWS_ENDPOINT_URL_DYNAMODB", ""), "AWS_ENDPOINT_URL_DYNAMODB"),
        (section.endpoint, where),
        (_endpoint_of_every_service(variables), "AWS_ENDPOINT_URL"),
    )
    region = _first(
        sources,
        "region",
        (options.region, "--region"),
        (variables.get("AWS_REGION", ""), "AWS_REGION"),
        (variables.get("AWS_DEFAULT_REGION", ""), "AWS_DEFAULT_REGION"),
        (section.region, where),
    )
    endpoints = _checked_endpoints(section, endpoint, sources)
    if endpoint and is_aws(endpoint):
        endpoint, endpoints = "", {"dynamodb": endpoint, **endpoints}
    keys, profile = _identity(options, variables, section, sources, notes)
    role_arn, external_id = _role(options, section, sources)
    access = ResolvedAccess(
        environment=section.name,
        endpoint=endpoint.rstrip("/"),
        endpoints=endpoints,
        region=region,
        profile=profile,
        credentials=keys,
        role_arn=role_arn,
        external_id=external_id,
        account=section.account,
        use_fips=section.use_fips,
        use_dualstack=section.use_dualstack,
        ca_bundle=section.ca_bundle,
        engine=section.engine,
        local=section.local,
    )
    if options.profile and access.isolated:
        raise UsageError(
            f"The profile {options.profile} cannot be used: the calls go to {access.place}, which is not AWS.",
            hint="remove the option that names it, or choose an environment without an endpoint, such as --env aws",
        )
    return _closed(access, sources, notes)


def _role(options: AccessOptions, section: AccessSection, sources: dict[str, str]) -> tuple[str, str]:
    """The role to assume and its external id: those of the options, where they name a role, else those of the section.
    An external id alone is one of the section's role."""
    role = _first(
        sources, "role_arn", (options.role_arn, "--role-arn"), (section.role_arn, f"environment {section.name}")
    )
    if options.role_arn and not _ROLE.fullmatch(options.role_arn):
        raise UsageError(
            f"--role-arn {options.role_arn!r} is not the ARN of a role.",
            hint="write it like arn:aws:iam::123456789012:role/NAME",
        )
    if options.external_id and not role:
        raise UsageError("--external-id was given without a role.", hint="add --role-arn ARN")
    return role, options.external_id or ("" if options.role_arn else section.external_id)


def _endpoint_of_every_service(variables: Mapping[str, str]) -> str:
    """AWS_ENDPOINT_URL, where botocore would use it. One of AWS's own is left to botocore."""
    url = variables.get("AWS_ENDPOINT_URL", "")
    ignored = variables.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"
    return "" if ignored or (_is_url(url) and is_aws(url)) else url


def _closed(access: ResolvedAccess, sources: dict[str, str], notes: list[str]) -> ResolvedAccess:
    """Fill in what an environment with an endpoint needs, so that nothing is left for botocore to find."""
    if not access.isolated:
        for value in ("region", "credentials"):
            sources.setdefault(value, "what botocore finds by itself")
        return replace(access, sources=sources, notes=tuple(notes))
    if access.profile:
        notes.append(f"profile {access.profile} is not used: the environment has an endpoint and never calls AWS")
        del sources["profile"]
    for what, said in (("use_fips", access.use_fips), ("use_dualstack", access.use_dualstack)):
        if said:
            notes.append(f"{what} is not used: it picks an address of AWS, and the environment has an endpoint")
    if not access.region:
        sources["region"] = REGION_ASSUMED
    if access.credentials is None:
        sources["credentials"] = DUMMY_SOURCE
    closed = replace(
        access,
        profile="",
        region=access.region or ISOLATED_REGION,
        credentials=access.credentials or DUMMY_KEYS,
        use_fips=False,
        use_dualstack=False,
    )
    return replace(closed, sources=sources, notes=tuple(notes))


def _first(sources: dict[str, str], value: str, *candidates: tuple[str, str]) -> str:
    for said, source in candidates:
        if said:
            sources[value] = source
            return said
    return ""


def _checked_endpoints(section: AccessSection, endpoint: str, sources: dict[str, str]) -> dict[str, str]:
    """The endpoints of single services, once they and the endpoint are URLs and a local environment is local."""
    named = {"endpoint": endpoint, **{f"endpoints.{service}": url for service, url in section.endpoints.items()}}
    for key, url in named.items():
        source = sources.get("endpoint", "") if key == "endpoint" else f"environment {section.name}"
        refuse_userinfo(url, f"The {key} ({source})")
        if url and not _is_url(url):
            raise ProjectError(
                f"The {key} {masked_url(url)!r} ({source}) is not a valid URL.",
                hint=f"write it like {LOCAL_ENDPOINT}, with http:// or https://",
            )
        if url and section.local and is_aws(url):
            raise ProjectError(
                f"The environment {section.name} is local, and its {key} {url} ({source}) is AWS.",
                hint="give it the address of an engine, or choose another environment with --env",
            )
    if section.local and not endpoint:
        raise ProjectError(
            f"The environment {section.name} is local and has no endpoint.",
            hint=f'add endpoint = "{LOCAL_ENDPOINT}" to it, where `dynasmith local start` listens',
        )
    return dict(section.endpoints)


def refuse_userinfo(url: str, what: str) -> None:
    """Raise ProjectError where a URL names a user or a password: calls are signed, and an address is shown and kept."""
    if has_userinfo(url):
        raise ProjectError(
            f"{what} is {masked_url(url)}: a URL of a service must not hold a user or a password.",
            hint="remove user and password before the @; keys go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _identity(
    options: AccessOptions,
    variables: Mapping[str, str],
    section: AccessSection,
    sources: dict[str, str],
    notes: list[str],
) -> tuple[AccessKeys | None, str]:
    """Keys or a profile, whole, from the first source that has either."""
    if options.profile and (options.access_key or options.secret_key or options.session_token):
        raise UsageError(
            "Both a profile and keys were given on the command line.",
            hint="give --profile or --aws-access-key, not both",
        )
    where = f"environment {section.name}"
    candidates = (
        (
            _keys(
                (options.access_key, "--aws-access-key"),
                (options.secret_key, "--aws-secret-key"),
                (options.session_token, "--aws-session-token"),
                error=UsageError,
            ),
            options.profile,
            ("--aws-access-key", "--profile"),
        ),
        (_keys_of_variables(variables), variables.get("AWS_PROFILE", ""), ("AWS_ACCESS_KEY_ID", "AWS_PROFILE")),
        (
            _keys(
                (section.access_key_id, f"access_key_id of {where}"),
                (section.secret_access_key, f"secret_access_key of {where}"),
                (section.session_token, f"session_token of {where}"),
                error=ProjectError,
            ),
            section.profile,
            (where, where),
        ),
    )
    chosen: tuple[AccessKeys | None, str] | None = None
    by = ""
    for keys, profile, (keys_source, profile_source) in candidates:
        if chosen is None and keys is not None:
            chosen, by = (keys, ""), keys_source
            sources["credentials"] = keys_source
            if profile:
                notes.append(f"profile {profile} ({profile_source}) is not used: {keys_source} is set")
        elif chosen is None and profile:
            chosen, by = (None, profile), profile_source
            sources["profile"] = profile_source
            sources["credentials"] = f"profile {profile}"
        elif keys is not None and keys_source != by:
            notes.append(f"the keys of {keys_source} are not used: {by} comes first")
        elif profile and profile_source != by and (chosen is None or chosen[1] != profile):
            notes.append(f"profile {profile} ({profile_source}) is not used: {by} comes first")
    return chosen or (None, "")


def _keys_of_variables(variables: Mapping[str, str]) -> AccessKeys | None:
    """The keys of the variables. Without an access key a secret or a token there means nothing, as in botocore."""
    if not variables.get("AWS_ACCESS_KEY_ID"):
        return None
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    access, secret, token = ((variables.get(name, ""), name) for name in names)
    return _keys(access, secret, token, error=ProjectError)


def _keys(
    access: tuple[str, str], secret: tuple[str, str], token: tuple[str, str], *, error: type[UsageError]
) -> AccessKeys | None:
    said = [name for value, name in (access, secret, token) if value]
    missing = [name for value, name in (access, secret) if not value]
    if not said:
        return None
    if missing:
        raise error(
            f"{' and '.join(said)} was given without {' and '.join(missing)}.",
            hint="give all of the keys together, or none of them",
        )
    return AccessKeys(access_key=access[0], secret_key=Secret(secret[0]), session_token=Secret(token[0]))
