"""Files that hold secrets are known by their names and by what is in them, and ordinary files are not."""

from pathlib import Path

import pytest

from dynasmith.files.bundles.secret_files import secret_reason

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"


@pytest.mark.parametrize(
    "name",
    [
        ".env", ".env.local", ".env.production", "prod.env", ".ENV", "deploy/.env", ".envrc", "id_rsa", "id_ed25519",
        "server.pem", "tls.key", "store.p12", "cert.pfx", "a/b/app.jks", ".npmrc", ".pypirc", ".netrc", ".pgpass",
        ".aws/config", "home/.aws/credentials", "credentials", "credentials.json", "credentials.ini", "secrets.yaml",
        "secrets.toml", "secret.txt", "config/secrets/db.txt", "terraform.tfstate", "terraform.tfstate.backup",
        "prod.tfvars", "accessKeys.csv", "new_user_credentials.csv", "my-service-account-prod.json", ".git-credentials",
        ".ssh/config", "token.json", "password.txt",
    ],
)  # fmt: skip
def test_a_name_of_a_secret(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    assert secret_reason(name, path)


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        "x = 1\n" + KEY,
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
        "[default]\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
        '{"aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}',
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
        "AGE-SECRET-KEY-1" + "Q" * 58,
    ],
)
@pytest.mark.parametrize("name", ["signing", "notes.txt", "settings.py"])
def test_a_key_in_a_file_of_any_name(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert secret_reason(name, tmp_path / name) == "there is a secret key in it"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dynasmith.toml", "[environments.prod]\nsecret_access_key = '${AWS_SECRET_ACCESS_KEY}'\n"),
        ("migrations/0.0.1_secrets_to_vault.py", "def up(m): ...\n"),
        ("credentials.py", "class Credentials: ...\n"),
        ("secrets_table.yaml", "name: secrets\n"),
        ("environment.py", ""),
        ("keys.yaml", "partition_key: pk\n"),
        ("monkey.py", ""),
        ("public.txt", "-----BEGIN PUBLIC KEY-----\n"),
        ("token_types.json", "[]"),
    ],
)
def test_an_ordinary_file(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert secret_reason(name, path) == ""
