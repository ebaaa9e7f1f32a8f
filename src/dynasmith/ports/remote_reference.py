"""What stays in the process that made it: other processes of a job get something that asks it from there."""

from abc import ABC, abstractmethod


class RemoteReference(ABC):
    """Cannot be sent to another process (credentials that are refreshed, a prompt for a code), but asked from it.

    Who sends work to a process keeps this here and puts in its place what passes ``ask`` on.
    """

    @abstractmethod
    async def ask(self, question: bytes) -> bytes:
        """Answer a question from any process. Its errors end the job in the process that has it."""

    def stand_in(self) -> "RemoteReference | None":
        """What a worker on another machine has in the place of this, where it has its own; None: it asks this one."""
        return None
