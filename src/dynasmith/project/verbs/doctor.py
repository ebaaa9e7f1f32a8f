"""What `dynasmith doctor` shows of a project."""

from msgspec.structs import replace

from dynasmith.aws.control.doctor import DoctorCheck, diagnose
from dynasmith.aws.control.session import Session
from dynasmith.masking import Masks


def doctor_checks(session: Session, masks: Masks, table: str = "") -> tuple[DoctorCheck, ...]:
    """The checks of an environment, in order, up to the first that failed; of the permissions on ``table``.

    Only reads, a few calls. Values of variables are masked, but for a policy statement, which is there to be pasted.
    """
    return tuple(replace(check, says=masks(check.says), fix=masks(check.fix)) for check in diagnose(session, table))
