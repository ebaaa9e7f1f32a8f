"""A definition for each code of form (D001 to D016) that raises it, as files of a project.

Rules (from D020 on) have theirs in the tests of rules. `mistakes_of` finds what a project raises, without a call.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from dynasmith import Project
from dynasmith.errors import DefinitionError, FindingText, ProjectError
from dynasmith.project.project import world_of

_ORDERS: Final = """\
tables:
  - name: orders
    attributes: [{name: id, type: S}]
    key_schema: [{attribute_name: id, key_type: HASH}]
"""
_PROJECT: Final = """\
definitions = ["tables.yaml"]
default_environment = "local"
"""
_MODEL: Final = """\
from dynasmith import Model
from dynasmith.models import Attr, Partition


class Order(Model, table="orders"):
    id: Partition[str]
    status: Attr[str]
"""
_MODELS: Final = 'models = ["shop:Order"]\n'

FORM_EXAMPLES: Final[Mapping[str, Mapping[str, str]]] = {
    "D001": {"tables.yaml": "tables: [\n"},
    "D002": {"tables.yaml": "- name: orders\n"},
    "D003": {"tables.yaml": _ORDERS + "    billing_mod: PAY_PER_REQUEST\n"},
    "D004": {"tables.yaml": "tables:\n  - name: orders\n    attributes: [{name: id, type: S}]\n"},
    "D005": {"tables.yaml": _ORDERS + "    deletion_protection: yes please\n"},
    "D006": {"tables.yaml": _ORDERS + "    billing_mode: ON_DEMAND\n"},
    "D007": {"tables.yaml": _ORDERS + "    point_in_time_recovery: {recovery_days: 90}\n"},
    "D008": {"tables.yaml": _ORDERS + '    tags: {team: "${TEAM}"}\n'},
    "D009": {"tables.yaml": _ORDERS.replace("attribute_name: id", "attribute_name: id, AttributeName: id")},
    "D010": {"tables.yaml": _ORDERS + _ORDERS.removeprefix("tables:\n")},
    "D011": {
        "tables.yaml": _ORDERS + "environments:\n  local:\n    tables: [{name: order, deletion_protection: true}]\n"
    },
    "D012": {"tables.yaml": _ORDERS + "    resource_policy: {file: policy.json}\n"},
    "D013": {
        "dynasmith.toml": _PROJECT + '\n[environments.prod]\nsecret_access_key = "wJalrXUtnFEMIexample"\n',
        "tables.yaml": _ORDERS,
    },
    "D014": {"tables.yaml": "tables: []\n"},
    "D015": {
        "dynasmith.toml": _MODELS,
        "shop.py": _MODEL.replace("id: Partition[str]", "id: Partition[bool]"),
    },
    "D016": {
        "dynasmith.toml": _MODELS + _PROJECT,
        "shop.py": _MODEL,
        "tables.yaml": _ORDERS.replace("{name: id, type: S}", "{name: id, type: N}"),
    },
}


def mistakes_of(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """Code and sentence of each mistake of a project with these files. Nothing of it stays in the process."""
    modules, search = sys.modules.copy(), list(sys.path)
    with tempfile.TemporaryDirectory() as home:
        for name, text in files.items():
            (Path(home) / name).write_text(text, encoding="utf-8")
        file = Path(home) / ("dynasmith.toml" if "dynasmith.toml" in files else next(iter(files)))
        found: Sequence[FindingText]
        try:
            project = Project.load(str(file))
            project.tables()
            found = world_of(project).definitions.findings
        except (DefinitionError, ProjectError) as error:
            found = error.findings
        finally:
            sys.path[:] = search
            for name in sys.modules.keys() - modules.keys():
                if str(getattr(sys.modules[name], "__file__", None) or "").startswith(home):
                    del sys.modules[name]
    return [(getattr(each, "code", ""), each.sentence.replace(f"{home}/", "")) for each in found]
