"""`Lambdas`: what a project has to do with Lambda functions: its bundle, and the policy of its role."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.lambda_bundle import Bundle, make_bundle
from dynasmith.project.verbs.lambda_policy import FunctionPolicy, function_policy
from dynasmith.project.world import World


class Lambdas:
    """What a project has to do with Lambda functions. Nothing of it calls AWS."""

    def __init__(self, world: World) -> None:
        self._world = world

    @checked()
    def bundle(
        self,
        dest: str | Path,
        *,
        platform: str = "x86_64",
        python: str | None = None,
        wheels: str | Path | None = None,
        services: Sequence[str] = (),
    ) -> Bundle:
        """Write the project with its packages to the zip ``dest``, for a function with the handler
        ``dynasmith.lambdas.handler``, and say what is inside.

        ``platform`` is Lambda's architecture, ``x86_64`` or ``arm64``, and ``python`` its runtime, 3.11 to 3.14:
        without one, that of this process, which is what the embedded engine runs functions with.
        Packages are dynasmith's own without those of the command line, and those of the project's ``requirements.txt``
        (or ``[project] dependencies`` of pyproject.toml), in the versions that are installed here;
        ``dynasmith[models]`` there adds the packages of an extra, as do models and keys of the project file. pip finds
        their wheels, in its index or, without any network, in the folder ``wheels`` alone. Of botocore's data those
        services are kept that dynasmith needs, that the code names in ``client("NAME")``, and ``services``.

        Of the project's folder goes in what git does not ignore. Secrets (``.env``, keys, credentials), records of
        jobs, and links that lead out are left out and named in ``left_out``. The same input makes the same bytes.
        ``dest`` is written when the zip is whole, and replaces only a zip. Takes 10 to 30 s with an index.

        Raises UsageError for what cannot be in a bundle, ProjectError, NotOffered where pip is missing, RunError where
        a wheel is not found or the content is larger than Lambda takes (250 MB).
        """
        return make_bundle(self._world, dest, platform=platform, python=python, wheels=wheels, services=services)

    @checked()
    def policy(self, verbs: Sequence[str] = (), *, account: str = "") -> FunctionPolicy:
        """The IAM policy of the role of a function that runs these verbs (``migrate``, ``ensure``, ``backfill``,
        ``copy``, ``populate``; ``migrate`` where none is named) in this environment.

        It has the actions of the calls that are made, on the tables that are made for: those that the project defines
        or its migrations name, the history, the ledger, the prefix of the bucket and the keys of ``[crypto]``. What a
        migration needs is read from the names of the steps in its source, so a policy belongs to a bundle; what the
        source does not tell, and calls of ``m.client``, are in ``notes``. ``account`` is an account id; without it that
        of the environment, or every one. The right to write logs is not in it: AWSLambdaBasicExecutionRole has it.

        Nothing is sent to AWS. Raises UsageError for other verbs, DefinitionError for a broken definition.
        """
        return function_policy(self._world, verbs, account=account)
