"""Which files of a project hold secrets: by their names, and by what is in them. None of them leaves this machine."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

_FOLDERS: Final = frozenset((".aws", ".ssh", ".gnupg", ".azure", ".gcloud", ".kube", ".docker", "secrets", ".secrets"))
_NAMES: Final = (
    ".env", ".env.*", "*.env", ".envrc", ".netrc", "_netrc", ".pgpass", ".my.cnf", ".npmrc", ".yarnrc.yml", ".pypirc",
    "pip.conf", ".htpasswd", ".git-credentials", ".dockercfg", ".dockerconfigjson", ".s3cfg", ".boto", ".vault-token",
    "kubeconfig", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "*.pem", "*.key", "*.p8", "*.p12", "*.pfx", "*.jks",
    "*.keystore", "*.ppk", "*.kdbx", "*.gpg", "*.asc", "*.age", "*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json",
    "accesskeys*.csv", "*_accesskeys.csv", "*credentials.csv", "credentials", "*service-account*.json",
    "*service_account*.json", ".streamlit/secrets.toml",
)  # fmt: skip
_DATA_NAMES: Final = ("secret", "secrets", "credentials", "password", "passwords", ".secret", ".secrets", "token")
_DATA_SUFFIXES: Final = frozenset(
    ("", ".txt", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".csv", ".conf", ".xml")
)
_CONTENT: Final = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|AGE-SECRET-KEY-1[0-9A-Z]{20}"
    rb"|aws_secret_access_key[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
    re.IGNORECASE,
)
READ_BYTES_MAX: Final = 1_000_000
"""How much of a file is looked through: a file that holds a key is small."""


def secret_reason(name: str, path: Path) -> str:
    """Why a file is not packed, as a clause ("its name is that of a secret"); empty where nothing speaks against it.

    ``name`` is relative to the project, with slashes. The beginning of the file is read.
    """
    pure = PurePosixPath(name.lower())
    if _FOLDERS.intersection(pure.parts[:-1]):
        return "its folder is one of secrets"
    if any(fnmatchcase(pure.name, each) or fnmatchcase(str(pure), each) for each in _NAMES):
        return "its name is that of a secret"
    if pure.suffix in _DATA_SUFFIXES and (pure.stem in _DATA_NAMES or pure.name in _DATA_NAMES):
        return "its name is that of a secret"
    with path.open("rb") as file:
        return "there is a secret key in it" if _CONTENT.search(file.read(READ_BYTES_MAX)) else ""
