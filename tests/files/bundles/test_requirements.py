"""What a project requires: its file, what is taken from it and what is refused."""

from pathlib import Path

import pytest

from dynasmith.errors import UsageError
from dynasmith.files.bundles.requirements import own_requirements, project_requirements


def names(folder: Path) -> list[str]:
    return [" ".join(each.text.split()) for each in project_requirements(folder).requirements]


def test_lines_comments_and_included_files(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "# ours\nrequests>=2  # for the webhook\n\n-r more/base.txt\nPillow \\\n  >=10\n"
        "--extra-index-url https://example.org/simple\n"
    )
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("orjson[fast]==3; python_version < '3.13'\r\n")
    found = project_requirements(tmp_path)
    assert names(tmp_path) == ["requests>=2", "orjson[fast]==3; python_version < '3.13'", "Pillow >=10"]
    assert found.requirements[1].extras == {"fast"}
    assert found.requirements[1].marker == "python_version < '3.13'"
    assert found.options == ("--extra-index-url https://example.org/simple",)


def test_dynasmith_gives_its_extras_and_packages_for_tests_are_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "dynasmith[models,crypto,local,test]>=0.1\nmoto[dynamodb]\nminiSTACK\nrich\n"
    )
    found = project_requirements(tmp_path)
    assert found.extras == {"models", "crypto"}
    assert found.left_out == ("ministack", "moto")
    assert names(tmp_path) == ["rich"]


def test_dependencies_of_pyproject_where_there_is_no_file(tmp_path: Path) -> None:
    assert names(tmp_path) == []
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["requests>=2", "dynasmith"]\n')
    assert names(tmp_path) == ["requests>=2"]
    (tmp_path / "requirements.txt").write_text("orjson\n")
    assert names(tmp_path) == ["orjson"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("-e .", "editable"),
        ("--editable=../shared", "editable"),
        ("./vendor/x.whl", "is not the name of a package"),
        ("/opt/x", "is not the name of a package"),
        ("shared @ file:///opt/shared", "names a folder"),
        ("requests==2.0 --hash=sha256:00", "has a hash"),
        ("requests==2.0 \\\n    --hash=sha256:00", "has a hash"),
        ("-c constraints.txt", "has -c"),
        ("https://example.org/x.whl", "is not the name of a package"),
        ("--no-such-option", "option"),
        ("-r requirements.txt", "includes a file that includes it"),
        ("-r absent.txt", "cannot be read"),
    ],
)
def test_what_cannot_be_in_a_bundle_is_refused_with_its_line(tmp_path: Path, line: str, what: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"semver\n{line}\n")
    with pytest.raises(UsageError, match=what) as error:
        project_requirements(tmp_path)
    assert "line 2" in error.value.message or "absent.txt" in error.value.message
    assert error.value.hint


def test_own_requirements_are_those_without_the_command_line() -> None:
    own = {each.name for each in own_requirements(())}
    assert {"boto3", "msgspec", "pyyaml", "semver", "zstandard"} <= own
    assert not own & {"click", "rich", "ministack", "moto", "pytest", "pydantic"}
    models = {each.name: each.text for each in own_requirements(("models",))}
    assert models["pydantic"].startswith("pydantic>=")
    assert "extra" not in models["pydantic"]
