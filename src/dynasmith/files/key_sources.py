"""Where the keys of ``[crypto]`` come from, as a project file says it. No message shows what may be a key itself."""

from __future__ import annotations

from typing import Final

from dynasmith.errors import UsageError
from dynasmith.ports.encryption import EncryptionKey, checked_keys
from dynasmith.tables.document import Node
from dynasmith.tables.findings import DefinitionFinding, finding_at
from dynasmith.tables.substitution import SubstitutedText, real

_EXAMPLE: Final = 'write pii = { variable = "PII_KEY" }'


def without_literals(section: Node | None, findings: list[DefinitionFinding]) -> Node | None:
    """The section without what cannot be a source, which would be shown by the general sentences about documents."""
    if section is None:
        return None
    if not section.is_map:
        findings.append(finding_at(section, "D005", "must be a map of keys by their names", _EXAMPLE))
        return section.with_value({})
    kept = {}
    for name, entry in section.entries().items():
        said = entry.entries() if entry.is_map else {}
        is_format = "format" not in said or said["format"].value == "onetable"
        if entry.is_map and is_format and all(isinstance(each.value, str | None) for each in said.values()):
            kept[name] = entry
        else:
            what = "says where a key is and does not hold it; what it holds is not shown"
            findings.append(finding_at(entry, "D013", what, _EXAMPLE))
    return section.with_value(kept)


def read_keys(section: Node | None, findings: list[DefinitionFinding]) -> dict[str, EncryptionKey]:
    """The keys of the section ``[crypto]`` in its order; mistakes are added to ``findings``."""
    if section is None or not section.is_map or section.broken:
        return {}
    keys = {}
    for name, node in section.entries().items():
        if node.broken or not node.is_map:
            continue  # it was named already
        said = node.plain()
        if isinstance(said.get("variable"), SubstitutedText):
            hint = "write its name alone, without ${}"
            findings.append(finding_at(node, "D013", "has a variable's value in place of its name", hint))
            continue
        try:
            keys[name] = EncryptionKey(**real(said))
            checked_keys({name: keys[name]})
        except UsageError as cause:
            findings.append(finding_at(node, "D013", f"is not a key: {cause.message.rstrip('.')}", cause.hint))
    return keys
