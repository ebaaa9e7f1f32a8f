"""``{template: gsi1pk, value: "user#{email}"}``: an attribute computed from others, such as the key of an index."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from string import Formatter
from typing import Any, ClassVar, Self

from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item, OnError, Operation, on_error_of, refuse, with_on_error
from dynasmith.operations.remove import Remove
from dynasmith.operations.text_form import text_of


@dataclass(frozen=True, slots=True)
class Template(Operation):
    """Set an attribute to text with other attributes in it: ``Template("gsi1pk", "user#{email}")``.

    Written ``{{`` and ``}}`` braces stand for themselves. An item that lacks one of the attributes is left as it is: it
    is then not in a sparse index.
    """

    WORD: ClassVar[str] = "template"

    attribute: str
    value: str
    _: KW_ONLY
    on_error: OnError | None = None
    pieces: tuple[tuple[str, str | None], ...] = field(init=False, repr=False, compare=False)
    """(text, name of the attribute that follows it, None at the end)."""

    def __post_init__(self) -> None:
        Operation.__post_init__(self)
        object.__setattr__(self, "pieces", template_pieces(self.value) or ())

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """A name and the text."""
        attribute, value = fields.name("template"), fields.text("value")
        on_error = on_error_of(fields)
        pieces = template_pieces(value)
        if pieces is None:
            fields.fault("value", "its braces do not match", "write {name} for an attribute, {{ for a brace")
        elif attribute in [name for _, name in pieces]:
            fields.fault("value", f"{attribute} cannot be made of itself: it would grow with every run")
        return lambda: cls(attribute, value, on_error=on_error)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return with_on_error({"template": self.attribute, "value": self.value}, self.on_error)

    def apply(self, item: Item) -> None:
        """Nothing where a part is absent or the text is there already."""
        text = ""
        for before, name in self.pieces:
            text += before
            if name is None:
                continue
            if name not in item:
                return
            part = text_of(item[name])
            if part is None:
                refuse(self.on_error, f"{name} is neither a string nor a number and has no place in {self.attribute}.")
                return
            text += part
        if item.get(self.attribute) != text:
            item[self.attribute] = text

    def inverse(self) -> tuple[Operation, ...]:
        """Remove it."""
        return (Remove(self.attribute),)

    def describe(self) -> str:
        """It in a few words."""
        return f"compute {self.attribute}"


def template_pieces(value: str) -> tuple[tuple[str, str | None], ...] | None:
    """(text, name of what follows it, None at the end) for each piece; None where the braces do not match."""
    try:
        parsed = list(Formatter().parse(value))
    except ValueError:
        return None
    if any(name is not None and (not name or form or conversion) for _, name, form, conversion in parsed):
        return None
    return tuple((text, name) for text, name, _, _ in parsed)
