"""What a rendering gives back."""

from typing import Literal

from msgspec import Struct

from dynasmith.iac.cli_requests import printed
from dynasmith.iac.unsaid import Unsaid

IacForm = Literal["terraform", "cloudformation", "create-table"]


class RenderedFiles(Struct, frozen=True, kw_only=True):
    """Files for another tool, as text by name, in the order in which they are read. ``unsaid`` is what the form has no
    word for: it stays as it is, and dynasmith goes on to manage it. ``notes`` say what could not
    be read of the live tables, so that nothing is imported of it."""

    form: IacForm
    files: dict[str, str]
    unsaid: tuple[Unsaid, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All files of the tool's own language, one after the other; of requests each document after its command."""
        if self.form == "create-table":
            return printed(self.files)
        return "\n".join(text for name, text in self.files.items() if not name.endswith(".json"))
