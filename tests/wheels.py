"""Wheels for tests without an index: small ones that are made up, and those of what is installed here."""

import importlib.metadata
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from dynasmith.files.bundles.markers import normalized
from dynasmith.files.bundles.sdk_data import SERVICES


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, str | bytes],
    *,
    requires: Iterable[str] = (),
    tag: str = "py3-none-any",
) -> Path:
    """A wheel with these files (names with slashes)."""
    base = f"{name.replace('-', '_')}-{version}"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in requires]
    inside = {
        **files,
        f"{base}.dist-info/METADATA": "\n".join((*metadata, "")),
        f"{base}.dist-info/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{base}.dist-info/RECORD": "",
    }
    path = folder / f"{base}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in inside.items():
            archive.writestr(file, content)
    return path


def made_up_wheels(folder: Path) -> Path:
    """A folder with a small wheel for each package that dynasmith requires, and for what those do."""
    services = (*SERVICES, "sqs", "ec2", "lambda")
    data = {f"botocore/data/{each}/2012-08-10/service-2.json.gz": each for each in services}
    data |= {"botocore/data/endpoints.json": "{}", "botocore/data/_retry.json": "{}", "botocore/cacert.pem": "x"}
    folder.mkdir(exist_ok=True)
    make_wheel(folder, "aiohttp", "3.14.5", {"aiohttp/__init__.py": "", "aiohttp/_c.pyx": "", "aiohttp/x.pyi": ""})
    make_wheel(
        folder, "boto3", "1.43.106", {"boto3/__init__.py": "", "boto3/data/ec2/2016/r.json": ""}, requires=["botocore"]
    )
    make_wheel(folder, "botocore", "1.43.106", {"botocore/__init__.py": "", **data})
    make_wheel(folder, "msgspec", "0.22.0", {"msgspec/__init__.py": "", "msgspec/_core.cpython-312.so": b"\x7fELF"})
    make_wheel(folder, "PyYAML", "6.0.3", {"yaml/__init__.py": "", "yaml/__pycache__/x.cpython-312.pyc": ""})
    make_wheel(folder, "semver", "3.1.2", {"semver/__init__.py": "", "semver-3.1.2.data/scripts/pysemver": "#!"})
    make_wheel(folder, "zstandard", "0.25.0", {"zstandard/__init__.py": ""})
    make_wheel(folder, "click", "8.5.1", {"click/__init__.py": ""})
    return folder


def installed_wheels(folder: Path, names: Iterable[str]) -> Path:
    """A folder with wheels of these distributions, as they are installed here, under the tags that they came with."""
    folder.mkdir(exist_ok=True)
    for name in names:
        distribution = importlib.metadata.distribution(name)
        tags = [
            line.removeprefix("Tag: ")
            for line in (distribution.read_text("WHEEL") or "").splitlines()
            if "Tag: " in line
        ]
        parts = [".".join(dict.fromkeys(tag.split("-")[part] for tag in tags)) for part in range(3)]
        base = f"{normalized(name).replace('-', '_')}-{distribution.version}"
        with zipfile.ZipFile(folder / f"{base}-{'-'.join(parts)}.whl", "w") as archive:
            for file in distribution.files or ():
                if ".." not in file.parts and file.suffix != ".pyc":
                    archive.write(str(file.locate()), file.as_posix())
    return folder
