"""Ways to install: the wheel alone, the Dockerfiles, and what the page Install says.

`make test` installs dynasmith into a fresh environment that finds the packages which are installed here already;
`make test-wheel` installs every package from an index, and runs pipx and uvx too.
"""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from cli.story import Answer
from dynasmith.version import __version__
from examples.test_readme import commands, free_port
from fresh_python import WHOLE, FreshPython, fresh_python, interpreter
from page_commands.tutorial import run_tutorial

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guide" / "install.md").read_text("utf-8")
DOCKERFILES = (ROOT / "Dockerfile", ROOT / "examples" / "container" / "Dockerfile")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> FreshPython:
    return fresh_python(tmp_path_factory.mktemp("fresh") / "venv")


@pytest.fixture(scope="module")
def wheel(fresh: FreshPython, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as `make wheel` makes it."""
    folder = tmp_path_factory.mktemp("dist")
    (line,) = re.findall(r"-m (pip wheel .*)\n", (ROOT / "Makefile").read_text("utf-8"))
    made = fresh.bash(f"python -m {line}".replace("--wheel-dir dist .", f"--wheel-dir {folder} {ROOT}"), folder)
    assert made.returncode == 0, made.stdout
    (found,) = folder.iterdir()
    assert found.name == f"dynasmith-{__version__}-py3-none-any.whl"
    return found


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    package = ROOT / "src" / "dynasmith"
    files = {path.relative_to(package.parent).as_posix() for path in package.rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert inside == {name for name in files if "__pycache__" not in name}


def test_the_wheel_alone_runs_the_commands_of_the_readme(fresh: FreshPython, wheel: Path, tmp_path: Path) -> None:
    installed = fresh.bash(f"python -m pip install '{wheel}[local]'", tmp_path)
    assert installed.returncode == 0, installed.stdout
    where = fresh.bash("python -c 'import dynasmith; print(dynasmith.__file__)'", tmp_path)
    assert Path(where.stdout.strip()).is_relative_to(fresh.programs.parent / "lib"), where.stdout
    line = re.findall(r"^\$ (dynasmith .*)$", PAGE, re.MULTILINE)[0]
    assert fresh.bash(line, tmp_path).stdout.strip().endswith(__version__)
    first, *rest = commands()
    assert fresh.bash(" ".join(first), tmp_path).returncode == 0
    port = str(free_port())
    project = tmp_path / "shop" / "dynasmith.toml"
    project.write_text(project.read_text("utf-8").replace(":8000", f":{port}"), "utf-8")
    more = {"local": f"--port {port}", "apply": "--yes"}
    try:
        for words in rest:
            ran = fresh.bash(f"{' '.join(words)} {more.get(words[1], '')}", tmp_path / "shop")
            assert ran.returncode == 0, ran.stdout
    finally:
        fresh.bash(f"dynasmith local stop --port {port}", tmp_path / "shop")


@pytest.mark.skipif(not WHOLE, reason="make test-wheel runs it; make test runs the tutorial from the source")
def test_the_wheel_alone_runs_the_tutorial(fresh: FreshPython, wheel: Path, tmp_path: Path) -> None:
    installed = fresh.bash(f"python -m pip install '{wheel}[local]'", tmp_path)
    assert installed.returncode == 0, installed.stdout
    empty, port = tmp_path / "empty", str(free_port())
    empty.mkdir()

    def dynasmith(folder: Path, words: list[str]) -> Answer:
        ran = fresh.bash(
            f"dynasmith {shlex.join(words)} 2> {tmp_path / 'err'}",
            folder,
            AWS_ENDPOINT_URL_DYNAMODB=f"http://127.0.0.1:{port}",
        )
        return Answer(ran.returncode, ran.stdout, (tmp_path / "err").read_text("utf-8"))

    try:
        run_tutorial(empty, port, dynasmith)
    finally:
        fresh.bash(f"dynasmith local stop --port {port}", empty)


@pytest.mark.skipif(not WHOLE, reason="make test-wheel installs the packages that an action needs")
def test_the_action_installs_its_own_version(tmp_path: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    python = fresh_python(tmp_path / "venv")
    ran = python.bash(action["runs"]["steps"][0]["run"], tmp_path, ACTION=str(ROOT))
    assert ran.returncode == 0, ran.stdout
    assert python.bash("dynasmith --version", tmp_path).stdout.strip().endswith(__version__)


@pytest.mark.parametrize("file", DOCKERFILES, ids=("dynasmith", "container"))
def test_the_lines_of_a_dockerfile_run_in_a_fresh_folder(file: Path, wheel: Path, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.mkdir()
    python = fresh_python(tmp_path / "venv")
    instructions = [line.split(maxsplit=1) for line in file.read_text("utf-8").splitlines() if line[:1].isupper()]
    assert instructions[0] == ["FROM", "python:3.13-slim"]
    assert [words for words in instructions if words[0] == "USER"], "an image does not run as root"
    for word, rest in instructions:
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                place = image / target if source in (".", target) else image / target / source
                if (file.parent / source).is_dir():
                    shutil.copytree(file.parent / source, place, dirs_exist_ok=True)
                else:
                    shutil.copy(file.parent / source, image / target)
        if word == "RUN":
            ran = python.bash(rest, image, PIP_FIND_LINKS=str(wheel.parent))
            assert ran.returncode == 0, ran.stdout
    assert python.bash("dynasmith --version", image).stdout.strip().endswith(__version__)


def test_the_dockerfiles_have_no_findings() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    if not linter.exists():
        pytest.skip("hadolint has no wheel for this machine")
    found = subprocess.run([linter, *DOCKERFILES], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_the_page_names_every_extra_and_this_version() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = PAGE.partition("## Extras")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", extras, re.MULTILINE)) == set(document["project"]["optional-dependencies"])
    assert set(re.findall(r"dynasmith-([\d.]+)-py3", PAGE)) == {__version__}


@pytest.mark.skipif(not WHOLE, reason="make test-wheel installs pipx and uv")
def test_the_lines_of_the_page_install_it(fresh: FreshPython, wheel: Path, tmp_path: Path) -> None:
    made = fresh.bash("python -m pip install pipx uv", tmp_path)
    assert made.returncode == 0, made.stdout
    where = {"PIPX_HOME": str(tmp_path / "pipx"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    where |= {"PIP_FIND_LINKS": str(wheel.parent), "UV_FIND_LINKS": str(wheel.parent), "UV_PYTHON": sys.executable}
    lines = [line for line in re.findall(r"`((?:pipx install|uvx) '?[^`]*)`", PAGE) if ".whl" not in line]
    assert len(lines) == 2
    for line in [
        *lines,
        re.findall(r"`(pipx install '[^`]*\.whl[^`]*)`", PAGE)[0].replace("install '", "install --force '"),
    ]:
        ran = fresh.bash(line.replace("dist/", f"{wheel.parent}/"), tmp_path, **where)
        assert ran.returncode == 0, ran.stdout
    assert (tmp_path / "bin" / "dynasmith").exists()


@pytest.mark.skipif(not WHOLE, reason="make test-wheel installs every package for each Python")
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_each_python_installs_and_runs_it(version: str, wheel: Path, tmp_path: Path) -> None:
    subprocess.run([interpreter(version), "-m", "venv", tmp_path / "venv"], check=True)
    python = FreshPython(tmp_path / "venv" / "bin")
    shutil.copytree(ROOT / "examples" / "ci", tmp_path / "ci")
    for line in (f"python -m pip install {wheel}", "dynasmith validate --offline", "dynasmith schema"):
        ran = python.bash(line, tmp_path / "ci")
        assert ran.returncode == 0, ran.stdout
