"""Checkpoints: what was written is what is read, and nothing else is believed."""

from hashlib import blake2b

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasmith.errors import CheckpointError
from dynasmith.items.digest import Digest
from dynasmith.jobs.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from dynasmith.jobs.counts import Counts

digests = st.builds(Digest, st.integers(0, 10**12), st.integers(0, 2**128 - 1))
counts = st.builds(Counts, read=st.integers(0, 10**12), written=st.integers(0, 10**12), read_units=st.floats(0, 1e12))
checkpoints = st.builds(
    Checkpoint,
    job=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    segments=st.just(8),
    segment=st.integers(0, 7),
    position=st.none() | st.binary(max_size=80),
    done=st.booleans(),
    mark=st.binary(max_size=20),
    counts=counts,
    source=digests,
    target=digests,
)
SAMPLE = Checkpoint(job="copy-1", segments=8, segment=3, position=b'{"pk":{"S":"a"}}', counts=Counts(read=5))


@settings(max_examples=60, deadline=None)
@given(checkpoints)
def test_a_checkpoint_comes_back(checkpoint: Checkpoint) -> None:
    written = encode_checkpoint(checkpoint)
    assert decode_checkpoint(written, job=checkpoint.job, segments=8, segment=checkpoint.segment) == checkpoint


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_damage_is_noticed(data: st.DataObject) -> None:
    written = encode_checkpoint(SAMPLE)
    place = data.draw(st.integers(0, len(written) - 1))
    if data.draw(st.booleans()):
        damaged = written[:place]
    else:
        damaged = written[:place] + bytes([written[place] ^ data.draw(st.integers(1, 255))]) + written[place + 1 :]
    with pytest.raises(CheckpointError, match="segment 3 of job copy-1"):
        decode_checkpoint(damaged, job="copy-1", segments=8, segment=3)


@pytest.mark.parametrize(("job", "segments", "segment"), [("copy-2", 8, 3), ("copy-1", 9, 3), ("copy-1", 8, 4)])
def test_a_checkpoint_of_something_else_is_refused(job: str, segments: int, segment: int) -> None:
    with pytest.raises(CheckpointError, match="segment 3 of 8 of job copy-1, not of"):
        decode_checkpoint(encode_checkpoint(SAMPLE), job=job, segments=segments, segment=segment)


def resealed(**changes: object) -> bytes:
    """The sample with other fields and a right checksum, as another version would have written it."""
    body = msgspec.json.encode(msgspec.json.decode(encode_checkpoint(SAMPLE).split(b"\n")[0]) | changes)
    return body + b"\n" + blake2b(body, digest_size=16).hexdigest().encode() + b"\n"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (resealed(format=2, news=True), "version 2"),
        (resealed(news=True), "cannot be read"),
        (resealed(segment=8), "segment 8 of 8"),
        (resealed(source="ds2:1:00"), "no|not a digest"),
    ],
)
def test_another_version_is_refused(written: bytes, says: str) -> None:
    with pytest.raises(CheckpointError, match=says):
        decode_checkpoint(written, job="copy-1", segments=8, segment=3)
