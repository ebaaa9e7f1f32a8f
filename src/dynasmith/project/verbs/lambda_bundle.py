"""`lambda bundle`: a project with its packages as the zip of a Lambda function."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from os.path import relpath
from pathlib import Path
from typing import Final

from msgspec import Struct

from dynasmith.errors import UsageError
from dynasmith.files.bundles.archive import check_place, refuse_too_large, write_archive
from dynasmith.files.bundles.imports import missing_modules, module_of
from dynasmith.files.bundles.package_files import own_files, wheel_files
from dynasmith.files.bundles.project_files import ExcludedFile, ProjectFiles, project_files
from dynasmith.files.bundles.requirements import (
    ONLY_FOR_TESTS,
    REQUIREMENTS_FILE,
    ProjectRequirements,
    own_requirements,
    project_requirements,
)
from dynasmith.files.bundles.sdk_data import SERVICES, known_services, service_of, services_in
from dynasmith.files.bundles.wheels import Wheel, checked_target, find_wheels, own_python
from dynasmith.files.migrations.folder import read_folder
from dynasmith.files.project import ProjectFile, find_project, load_project
from dynasmith.limits import LAMBDA_UNZIPPED_MAX_BYTES, LAMBDA_UPLOAD_MAX_BYTES
from dynasmith.project.world import World
from dynasmith.tables.findings import did_you_mean
from dynasmith.version import __version__

HANDLER: Final = "dynasmith.lambdas.handler"
"""What a function with a bundle has as its handler."""


class Bundle(Struct, frozen=True, kw_only=True):
    """A bundle that was written: its file, what is inside, and what of the project is not.

    ``files`` are those of the project, ``packages`` the versions of the packages by name, ``services`` those whose data
    of botocore is in it. ``sha256`` is Lambda's ``CodeSha256``. ``notes`` are sentences, such as one about its size.
    """

    path: str
    size_bytes: int
    unzipped_bytes: int
    sha256: str
    platform: str
    python: str
    files: tuple[str, ...]
    packages: dict[str, str]
    services: tuple[str, ...]
    left_out: tuple[ExcludedFile, ...] = ()
    notes: tuple[str, ...] = ()
    handler: str = HANDLER


def make_bundle(
    world: World,
    out: str | Path,
    *,
    platform: str,
    python: str | None,
    wheels: str | Path | None,
    services: Sequence[str],
) -> Bundle:
    """See `Lambdas.bundle`."""
    python = python or own_python()
    target = checked_target(platform, python)
    check_place(Path(out))
    if wheels is not None and not Path(wheels).is_dir():
        raise UsageError(f"{wheels} is not a folder of wheels.", hint="make one with `python -m pip download --dest`")
    project = _project(world)
    chosen = _project_files(world, project, Path(out))
    sizes = {name: path.stat().st_size for name, path in chosen.files.items()}
    refuse_too_large(sizes, LAMBDA_UNZIPPED_MAX_BYTES)  # before anything is read
    required = project_requirements(Path(project.directory))
    with tempfile.TemporaryDirectory(prefix="dynasmith-wheels-") as folder:
        found = find_wheels(
            (*own_requirements(required.extras | _extras(project)), *required.requirements),
            target,
            Path(folder),
            wheels=None if wheels is None else Path(wheels),
            options=required.options,
        )
        content = _content(chosen, found)
    used = _services(content, services)
    kept = [(name, body) for name, body in content.items() if not service_of(name) or service_of(name) in used]
    written = write_archive(Path(out), kept, unzipped_bytes_max=LAMBDA_UNZIPPED_MAX_BYTES)
    return Bundle(
        path=str(out),
        size_bytes=written.size_bytes,
        unzipped_bytes=written.unzipped_bytes,
        sha256=written.sha256,
        platform=platform,
        python=python,
        files=tuple(sorted(chosen.files)),
        packages={"dynasmith": __version__, **{wheel.name: wheel.version for wheel in found}},
        services=tuple(sorted(used)),
        left_out=chosen.left_out,
        notes=tuple(_notes(written.size_bytes, required, missing_modules(content, chosen.files))),
    )


def _project(world: World) -> ProjectFile:
    """The project of the folder, as a function will find it: by the name of its file. Raises UsageError where it has
    none, or where it names files outside of its folder."""
    folder = Path(world.settings.folder)
    file = find_project(folder)
    if file is None or file.parent != folder.absolute():
        raise UsageError(f"There is no project in {folder}.", hint="a bundle has a project: dynasmith init makes one")
    project = load_project(directory=folder)
    for what, name in (*(("definitions", each) for each in project.definitions), ("migrations", project.migrations)):
        if not (folder / name).resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"The {what} of the project are outside of its folder: {relpath(folder / name, folder)}.",
                hint="a bundle has the files of the project's folder; move them there",
            )
    read_folder(folder / project.migrations)  # a broken migration is found here, not in the function
    return project


def _extras(project: ProjectFile) -> frozenset[str]:
    """The extras of dynasmith that the project file cannot do without."""
    needed = {"models": project.models, "crypto": project.crypto}
    return frozenset(name for name, parts in needed.items() if parts)


def _project_files(world: World, project: ProjectFile, out: Path) -> ProjectFiles:
    folder = Path(project.directory)
    places = (world.settings.ledger, world.settings.journal)
    records = tuple((folder / place).resolve() for place in places if place and ":" not in place)
    keys = tuple((folder / key.file).resolve() for key in project.crypto.values() if key.file)
    chosen = project_files(folder, records=records, keys=keys, out=out)
    name = Path(project.path).name
    if name not in chosen.files:
        reason = next((each.reason for each in chosen.left_out if each.name == name), "git ignores it")
        raise UsageError(
            f"The project file {project.path} would not be in the bundle: {reason}.",
            hint="a function needs it; `git check-ignore -v` shows the rule that ignores a file",
        )
    return chosen


def _content(chosen: ProjectFiles, found: Iterable[Wheel]) -> dict[str, bytes]:
    """Every file of the bundle. Raises UsageError where a file of the project would hide a package."""
    content: dict[str, bytes] = dict(own_files())
    for wheel in found:
        for name, body in wheel_files(wheel):
            content.setdefault(name, body)
    modules = {module_of(name) for name in content} - {""}
    for name, path in chosen.files.items():
        if module_of(name) in modules:
            raise UsageError(
                f"{name} of the project would hide the package {module_of(name)} in the function.",
                hint="give the file, or its folder, another name",
            )
        content[name] = path.read_bytes()
    return content


def _services(content: dict[str, bytes], further: Sequence[str]) -> frozenset[str]:
    """The services whose data is kept: dynasmith's, those that the code of the project and its packages names, and
    ``further``. Raises UsageError for one that botocore does not know."""
    known = known_services(content)
    for name in further:
        if name not in known:
            hint = did_you_mean(name, sorted(known)) or "a service has the name that boto3.client takes"
            raise UsageError(f"botocore has no service {name}.", hint=hint)
    sdk = ("boto3/", "botocore/", "dynasmith/", "s3transfer/")
    sources = (body for name, body in content.items() if name.endswith(".py") and not name.startswith(sdk))
    named = frozenset[str]().union(*map(services_in, sources))
    return frozenset((*SERVICES, *further)) | (named & known)


def _notes(size_bytes: int, required: ProjectRequirements, missing: Mapping[str, str]) -> Iterable[str]:
    if size_bytes > LAMBDA_UPLOAD_MAX_BYTES:
        yield (
            f"It is larger than the {LAMBDA_UPLOAD_MAX_BYTES // 1_048_576} MB that an upload to Lambda may have: put "
            "it into S3, and name that object in place of the file."
        )
    if required.left_out:
        yield f"Packages for tests in {required.source} are left out: {', '.join(required.left_out)}."
    for module, name in missing.items():
        is_for_tests = module in ONLY_FOR_TESTS or "." in module
        what = ": it is for tests." if is_for_tests else f". Name its package in {REQUIREMENTS_FILE}."
        yield f"{name} imports {module}, which is not inside{what}"
