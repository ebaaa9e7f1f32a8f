"""Variables without proxies: for child processes of an environment that has an endpoint."""

from collections.abc import Mapping

_ENDING = "_proxy"
_LOOPBACK = "127.0.0.1,localhost,::1"


def without_proxies(variables: Mapping[str, str]) -> dict[str, str]:
    """``variables`` in which no program finds a proxy.

    Every ``*_proxy`` goes, in any spelling (``HTTP_PROXY``, ``https_proxy``, ``ALL_PROXY``), but for ``NO_PROXY``, to
    which this machine is added. There is always one: where the variables say nothing about proxies, Python's ``urllib``
    (which botocore asks) takes the proxy from the settings of macOS or Windows.
    """
    kept = {name: value for name, value in variables.items() if not name.lower().endswith(_ENDING)}
    direct = ",".join(filter(None, (variables.get("no_proxy") or variables.get("NO_PROXY"), _LOOPBACK)))
    return {**kept, "NO_PROXY": direct, "no_proxy": direct}
