"""Variables without proxies: for child processes of an environment that has an endpoint."""

from collections.abc import Mapping

_ENDING = "_proxy"


def without_proxies(variables: Mapping[str, str]) -> dict[str, str]:
    """``variables`` in which no program finds a proxy.

    Every ``*_proxy`` goes, in any spelling (``HTTP_PROXY``, ``https_proxy``, ``ALL_PROXY``). ``NO_PROXY=*`` is added:
    without it Python's ``urllib`` (which botocore asks) takes the proxy from the settings of macOS or Windows where the
    variables name none.
    """
    kept = {name: value for name, value in variables.items() if not name.lower().endswith(_ENDING)}
    return {**kept, "NO_PROXY": "*", "no_proxy": "*"}
