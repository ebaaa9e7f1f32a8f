"""Where the keys of ``[crypto]`` come from, as a project file says it. No message shows what may be a key itself."""

from __future__ import annotations

from dynasmith.errors import UsageError
from dynasmith.ports.encryption import EncryptionKey, checked_keys
from dynasmith.tables.document import Node
from dynasmith.tables.findings import DefinitionFinding, finding_at
from dynasmith.tables.substitution import SubstitutedText, real


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
