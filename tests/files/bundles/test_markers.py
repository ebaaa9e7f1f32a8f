"""Markers are judged for the function's machine, not for this one. Held against `packaging`, which pip has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pip._vendor.packaging.markers import Marker

from dynasmith.files.bundles.markers import holds, target_variables

MARKERS = [
    "",
    'python_version < "3.13"',
    'python_version >= "3.12"',
    "python_version=='3.12'",
    'python_version != "3.9"',
    'python_version == "3.*"',
    'python_version == "3.12.*"',
    'python_full_version < "3.11.0a6"',
    'sys_platform == "win32"',
    'sys_platform != "win32" and platform_python_implementation == "CPython"',
    "os_name == 'nt' or python_version > '3.9'",
    '"x86" in platform_machine',
    '"arm" not in platform_machine',
    'extra == "binary"',
    'extra == "c-one" or extra == "d"',
    '(python_version < "3.12" and extra == "binary") or platform_system == "Linux"',
    'implementation_name == "pypy"',
    'python_version < "3.9" and (sys_platform == "linux" or extra == "binary")',
    '"3.12" >= python_version',
]


@given(
    st.sampled_from(MARKERS),
    st.sampled_from(["3.11", "3.12", "3.13", "3.14"]),
    st.sampled_from(["x86_64", "aarch64"]),
    st.sampled_from(["", "binary", "c-one"]),
)
def test_it_judges_as_pip_does(marker: str, python: str, machine: str, extra: str) -> None:
    variables = target_variables(python, machine)
    wanted = not marker or Marker(marker).evaluate({**variables, "extra": extra})
    assert holds(marker, variables, frozenset({extra} - {""})) == wanted


@pytest.mark.parametrize("marker", ["(", "python_version", "os_name ==", "unknown == 'x'", "1 + 1"])
def test_one_that_cannot_be_read_leaves_nothing_out(marker: str) -> None:
    assert holds(marker, target_variables("3.12", "x86_64"), frozenset())
