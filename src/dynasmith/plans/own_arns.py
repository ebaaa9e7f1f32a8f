"""The ARNs that a resource policy means by ``{table_arn}`` and ``{stream_arn}``, once the table is known."""

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.plans.change import Conflict
from dynasmith.tables.description import TableDescription
from dynasmith.tables.policy import STREAM_ARN, placed
from dynasmith.tables.table import StreamView, Table, known


def own_arns(desired: Table, description: TableDescription | None) -> Table:
    """``desired`` with the live table's ARNs in its policy. The ARN of a stream that is to be made or made again is not
    known yet: its word stays, and the call that puts the policy fills it in."""
    policy = desired.resource_policy
    if description is None or not isinstance(policy, str):
        return desired
    live = known(description.table.stream, None)
    stays = live is not None and (isinstance(desired.stream, UnsetType) or desired.stream is live)
    return replace(desired, resource_policy=placed(policy, description.arn, description.stream_arn if stays else ""))


def stream_conflicts(desired: Table, description: TableDescription | None) -> tuple[Conflict, ...]:
    """A policy that names the table's stream, of a table that will have none."""
    policy = desired.resource_policy
    live = None if description is None else known(description.table.stream, None)
    becomes = live if isinstance(desired.stream, UnsetType) else desired.stream
    if not isinstance(policy, str) or STREAM_ARN not in policy or isinstance(becomes, StreamView):
        return ()
    return (
        Conflict(
            path="resource_policy",
            before="no stream",
            after=STREAM_ARN,
            reason="the policy names the table's stream, and the table has none",
            way_out="add stream: {view_type: ...} to the definition, or take the stream out of the policy",
        ),
    )
