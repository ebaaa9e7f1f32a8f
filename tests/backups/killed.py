"""``dynasmith`` in a process that is gone before, or right after, a call of the control plane: no handler runs."""

import os
import sys
from typing import Any

from dynasmith.aws.control.session import Session
from dynasmith.cli.main import main


def deadly(operation: str, when: str, nth: int) -> None:
    """End this process at the ``nth`` call of ``operation``: ``before`` it is sent or ``after`` it was answered."""
    send, seen = Session._send, [0]

    def sent(self: Session, client: Any, service: str, name: str, *arguments: Any) -> dict[str, Any]:
        seen[0] += name == operation
        mine = name == operation and seen[0] == nth
        if mine and when == "before":
            os._exit(9)
        answer = send(self, client, service, name, *arguments)
        if mine:
            os._exit(9)
        return answer

    Session._send = sent  # type: ignore[method-assign, assignment]  # the one place that every call goes through


if __name__ == "__main__":
    deadly(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    main(sys.argv[4:])
