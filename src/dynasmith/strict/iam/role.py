"""A role and what may be done with it."""

from dataclasses import dataclass

from dynasmith.strict.iam.document import PolicyStatement


@dataclass(frozen=True, slots=True)
class Role:
    """A role: who may take it (``trust``), and what it allows."""

    arn: str
    trust: tuple[PolicyStatement, ...] = ()
    policies: tuple[PolicyStatement, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleSession:
    """A key that AssumeRole gave out: of which role, in which account, narrowed by which policy (None: by none).

    ``access`` is the access key that stands for the account, as `Account.key` has it.
    """

    role: str
    arn: str
    access: str
    policy: tuple[PolicyStatement, ...] | None = None
