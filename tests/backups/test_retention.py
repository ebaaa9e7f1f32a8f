"""Which backups a prune deletes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dynasmith.ports.backups import TableBackup
from dynasmith.project.verbs.backups.retention import beyond

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BACKUPS = st.lists(
    st.builds(
        TableBackup,
        name=st.just("kept"),
        arn=st.uuids().map(str),
        table=st.just("orders"),
        type=st.sampled_from(["user", "system", "aws"]),
        state=st.sampled_from(["AVAILABLE", "CREATING"]),
        created_at=st.integers(0, 100).map(lambda days: NOW - timedelta(days=days)),
    ),
    max_size=12,
)


@given(BACKUPS, st.none() | st.integers(1, 5), st.none() | st.integers(0, 50).map(lambda days: timedelta(days=days)))
def test_only_old_ones_of_a_person_go_and_one_always_stays(
    backups: list[TableBackup], keep: int | None, older_than: timedelta | None
) -> None:
    gone = beyond(backups, NOW, keep=keep, older_than=older_than)
    own = [each for each in backups if each.type == "user" and each.state == "AVAILABLE"]
    assert all(each in own for each in gone)
    left = [each for each in own if each not in gone]
    assert len(left) >= min(len(own), max(1, keep or 0))
    assert all(each.created_at <= other.created_at for each in gone for other in left if older_than is None)
    if older_than is not None:
        assert all(NOW - each.created_at > older_than for each in gone)
