"""`project.lambdas.bundle`: what is inside, the same bytes again, and what is refused with nothing written."""

import base64
import hashlib
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Bundle, Project
from dynasmith.errors import DynasmithError, RunError, UsageError
from dynasmith.files.bundles.sdk_data import SERVICES
from dynasmith.files.bundles.wheels import PYTHONS, checked_target
from dynasmith.project.verbs import lambda_bundle
from wheels import made_up_wheels, make_wheel


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_up_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project; pip has no index to ask, whatever this machine says."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    folder = tmp_path / "shop"
    for name, text in {
        "dynasmith.toml": 'definitions = ["tables/*.yaml"]\n',
        "tables/orders.yaml": "name: orders\npartition_key: {name: id, type: S}\n",
        "migrations/0.0.1_first.py": 'import helper\n\n\ndef up(m):\n    m.client("sqs")\n',
        "migrations/helper.py": "import json\n",
        ".env": "PASSWORD=1",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def bundle(folder: Path, wheels: Path | None, *, python: str | None = "3.12", **more: Any) -> Bundle:
    return Project.load(folder).lambdas.bundle(folder.parent / "out.zip", wheels=wheels, python=python, **more)


def test_a_bundle_is_for_the_python_that_makes_it_unless_another_is_named(shop: Path, tmp_path: Path) -> None:
    own = "{}.{}".format(*sys.version_info)
    more = made_up_wheels(tmp_path / "more")
    assert bundle(shop, more, python=None).python == (own if own in PYTHONS else PYTHONS[-1])


def inside(folder: Path) -> list[str]:
    with zipfile.ZipFile(folder.parent / "out.zip") as zipped:
        assert zipped.testzip() is None
        return zipped.namelist()


def test_what_is_inside_and_what_is_not(shop: Path, wheels: Path) -> None:
    made = bundle(shop, wheels)
    names = inside(shop)
    assert set(made.files) == {
        "dynasmith.toml", "tables/orders.yaml", "migrations/0.0.1_first.py", "migrations/helper.py"
    } <= set(names)  # fmt: skip
    assert [(each.name, each.reason) for each in made.left_out] == [(".env", "its name is that of a secret")]
    assert {"dynasmith/__init__.py", "dynasmith/project/project.py", "dynasmith/py.typed"} <= set(names)
    parts = {name.split("/")[1] for name in names if name.startswith("dynasmith/")}
    assert not parts & {"cli", "local", "testing", "strict", "__main__.py", "__pycache__"}
    assert {"aiohttp/__init__.py", "msgspec/_core.cpython-312.so", "semver/__init__.py"} <= set(names)
    assert not [name for name in names if name.endswith((".pyc", ".pyx", ".pyi")) or "pysemver" in name]
    assert not [name for name in names if name.split("/")[0] in ("click", "rich", "ministack", "moto")]
    assert made.packages["botocore"] == "1.43.106"
    assert "click" not in made.packages
    assert made.notes == ()
    assert (made.platform, made.python, made.handler) == ("x86_64", "3.12", "dynasmith.lambdas.handler")


def test_data_of_services_that_are_called_alone_and_a_word_about_the_size(
    shop: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lambda_bundle, "LAMBDA_UPLOAD_MAX_BYTES", 200_000)
    made = bundle(shop, wheels, services=["lambda"])
    assert made.services == tuple(sorted({*SERVICES, "lambda", "sqs"}))
    assert "put it into S3" in made.notes[0]
    data = {name.split("/")[2] for name in inside(shop) if name.startswith("botocore/data/")}
    assert data == {*made.services, "endpoints.json", "_retry.json"}
    assert "boto3/data/ec2/2016/r.json" not in inside(shop)
    with pytest.raises(UsageError, match="botocore has no service lamda") as error:
        bundle(shop, wheels, services=["lamda"])
    assert "lambda" in error.value.hint


def test_the_same_input_makes_the_same_bytes(shop: Path, wheels: Path) -> None:
    first = bundle(shop, wheels)
    before = (shop.parent / "out.zip").read_bytes()
    for path in shop.rglob("*.py"):
        os.utime(path, (0, 1_000_000_000))
        path.chmod(0o600)
    (shop.parent / "out.zip").unlink()
    second = bundle(shop, wheels)
    assert (shop.parent / "out.zip").read_bytes() == before
    assert second == first
    assert hashlib.sha256(before).digest() == base64.b64decode(first.sha256)


def test_packages_of_the_project_come_along_with_what_they_require(shop: Path, wheels: Path, tmp_path: Path) -> None:
    more = made_up_wheels(tmp_path / "more")
    make_wheel(
        more,
        "left-pad",
        "1.0",
        {"left_pad.py": ""},
        requires=['new; python_version >= "3.12"', "old; python_version<'3.12'"],
    )
    make_wheel(more, "new", "2.0", {"new.py": "import boto3\nboto3.client('ec2')\n"})
    make_wheel(more, "old", "3.0", {"old.py": ""})
    make_wheel(more, "pydantic", "2.14", {"pydantic/__init__.py": ""})
    (shop / "requirements.txt").write_text("left_pad==1.0\ndynasmith[models]\nmoto\n")
    (shop / "migrations" / "helper.py").write_text("import left_pad, moto\nfrom pandas import DataFrame\n")
    made = bundle(shop, more, python="3.13")
    assert made.packages["left-pad"] == "1.0"
    assert made.packages["new"] == "2.0"  # which this Python may not need, so that pip alone would not have fetched it
    assert "old" not in made.packages
    assert made.packages["pydantic"] == "2.14"
    assert "ec2" in made.services
    assert made.notes == (
        "Packages for tests in requirements.txt are left out: moto.",
        "migrations/helper.py imports moto, which is not inside: it is for tests.",
        "migrations/helper.py imports pandas, which is not inside. Name its package in requirements.txt.",
    )


def test_models_and_keys_of_the_project_file_need_their_packages(shop: Path, wheels: Path, tmp_path: Path) -> None:
    (shop / "dynasmith.toml").write_text('models = ["shop_models:User"]\n')
    with pytest.raises(RunError, match="There is no wheel of pydantic"):
        bundle(shop, wheels)


@pytest.mark.parametrize(
    ("python", "tag"), [("3.11", "manylinux_2_26"), ("3.12", "manylinux_2_34"), ("3.14", "manylinux_2_34")]
)
@pytest.mark.parametrize(("platform", "machine"), [("x86_64", "x86_64"), ("arm64", "aarch64")])
def test_wheels_are_those_of_the_function_s_machine(python: str, tag: str, platform: str, machine: str) -> None:
    tags = checked_target(platform, python).tags
    assert tags[0] == f"{tag}_{machine}"
    assert f"manylinux2014_{machine}" in tags
    assert all(each.endswith(f"_{machine}") for each in tags)


def test_a_wheel_of_another_machine_does_not_serve(shop: Path, tmp_path: Path) -> None:
    more = made_up_wheels(tmp_path / "more")
    (more / "zstandard-0.25.0-py3-none-any.whl").unlink()
    for tag in ("cp312-cp312-manylinux_2_28_aarch64", "cp312-cp312-win_amd64", "cp312-cp312-manylinux_2_39_x86_64"):
        make_wheel(more, "zstandard", "0.25.0", {"zstandard/__init__.py": ""}, tag=tag)
    with pytest.raises(RunError, match=r"no wheel of zstandard\S* for x86_64 and Python 3.12 in ") as error:
        bundle(shop, more)
    assert "python -m pip download zstandard" in error.value.hint
    assert bundle(shop, more, platform="arm64").packages["zstandard"] == "0.25.0"


CASES: dict[str, tuple[dict[str, Any], type[DynasmithError], str]] = {
    "platform": ({"platform": "arm"}, UsageError, "arm is not an architecture of Lambda."),
    "python": ({"python": "3.9"}, UsageError, "Python 3.9 is not a runtime of Lambda that dynasmith runs on."),
    "wheels": ({"wheels": "absent"}, UsageError, "absent is not a folder of wheels."),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_argument_is_one_sentence_and_a_hint(
    shop: Path, wheels: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    arguments, kind, sentence = CASES[case]
    with pytest.raises(kind) as error:
        bundle(shop, **{"wheels": wheels, **arguments})
    assert sentence in error.value.message
    assert error.value.hint
    assert os.listdir(shop.parent) == ["shop"]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("yaml.py", "", "yaml.py of the project would hide the package yaml in the function."),
        ("migrations/0.0.1_again.py", "def up(m): ...\n", "are both version 0.0.1."),
        ("dynasmith.toml", 'definitions = ["../elsewhere/*.yaml"]\n', "are outside of its folder: ../elsewhere"),
        ("dynasmith.toml", 'migrations = "../steps"\n', "are outside of its folder: ../steps"),
        (".gitignore", "*.toml\n", "would not be in the bundle: git ignores it."),
        ("requirements.txt", "-e .\n", "line 1 of requirements.txt is an editable package"),
    ],
)  # fmt: skip
def test_a_project_that_a_function_could_not_run_is_refused(
    shop: Path, wheels: Path, name: str, text: str, sentence: str
) -> None:
    (shop / name).parent.mkdir(parents=True, exist_ok=True)
    (shop / name).write_text(text)
    with pytest.raises(DynasmithError) as error:
        bundle(shop, wheels)
    assert sentence in error.value.message
    assert error.value.hint
    assert os.listdir(shop.parent) == ["shop"]


def test_a_project_that_is_too_large_is_refused_before_it_is_read(shop: Path, wheels: Path) -> None:
    with (shop / "stock.bin").open("wb") as file:
        file.truncate(300_000_000)
    with pytest.raises(RunError, match="would be 300 MB unzipped, and Lambda takes 262 MB") as error:
        bundle(shop, wheels)
    assert "stock.bin (300 MB)" in error.value.hint
    assert os.listdir(shop.parent) == ["shop"]


def test_packages_that_exclude_each_other_are_one_sentence(shop: Path, tmp_path: Path) -> None:
    more = made_up_wheels(tmp_path / "more")
    make_wheel(more, "picky", "1.0", {"picky.py": ""}, requires=["semver<3"])
    make_wheel(more, "semver", "2.0.0", {"semver/__init__.py": ""})
    (shop / "requirements.txt").write_text("picky\n")
    with pytest.raises(RunError, match=r"go together for x86_64 and Python 3\.12: .*picky 1.0 depends on semver<3"):
        bundle(shop, more)


def test_a_folder_without_a_project_is_refused(tmp_path: Path, wheels: Path) -> None:
    with pytest.raises(UsageError, match="There is no project in"):
        Project.load(directory=tmp_path).lambdas.bundle(tmp_path / "out.zip", wheels=wheels)


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("notes.txt", "notes.txt does not end in .zip."),
        ("taken.zip", "taken.zip exists and is not a zip; it is not overwritten."),
        ("folder.zip", "folder.zip is a folder."),
        ("absent/out.zip", "The folder absent does not exist."),
    ],
)
def test_a_place_that_cannot_be_written_is_refused(
    shop: Path, wheels: Path, out: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    (shop / "taken.zip").write_text("somebody's")
    (shop / "folder.zip").mkdir()
    with pytest.raises(UsageError) as error:
        Project.load(shop).lambdas.bundle(out, wheels=wheels)
    assert error.value.message == sentence
    assert (shop / "taken.zip").read_text() == "somebody's"
