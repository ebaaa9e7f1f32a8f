"""Replies that are none, of something between here and the service: one sentence, whatever comes."""

from collections.abc import Callable
from typing import Any

import pytest

from dynasmith.aws.items.exchange import Answer
from dynasmith.aws.items.failure import failure_of
from dynasmith.aws.items.replies import batch_get_reply, batch_write_reply, item_reply, statements_reply
from dynasmith.errors import RunError


@pytest.mark.parametrize("read", [batch_get_reply, batch_write_reply, item_reply, statements_reply])
@pytest.mark.parametrize("body", [b"<html>Log in</html>", b'{"Item'])
def test_a_200_that_is_no_reply_is_an_error_of_ours(read: Callable[[bytes], Any], body: bytes) -> None:
    with pytest.raises(RunError, match="cannot be read") as caught:
        read(body)
    assert "proxy" in caught.value.hint


@pytest.mark.parametrize("body", [b"<html>", b'{"message":"caf\xe9"}', b""])
def test_a_failure_in_no_words_of_ours_is_judged_by_its_status(body: bytes) -> None:
    assert failure_of(Answer(503, {}, body)).code == "HTTP503"
