"""`CodeNames`: the objects that generated code uses, each under a name of its own."""

from typing import Any, Final

from dynasmith.errors import ItemInvalid


class CodeNames:
    """The globals of one generated function. No text of an item or of a class enters the code: only these names."""

    def __init__(self) -> None:
        self.objects: Final[dict[str, Any]] = {}
        self._count = 0

    def add(self, value: Any) -> str:
        """A name for ``value``."""
        name = self.local("o")
        self.objects[name] = value
        return name

    def local(self, letter: str = "v") -> str:
        """A name that nothing has yet, for a local variable."""
        self._count += 1
        return f"{letter}{self._count}"

    def function(self, source: str) -> Any:
        """The function ``made`` of ``source``, which this package generated."""
        exec(compile(source, "<model>", "exec"), self.objects)  # only names from `add` and `local` are in it
        return self.objects["made"]


def invalid(message: str, hint: str = "") -> ItemInvalid:
    """The error for one value; the item's codec adds model, key and attribute."""
    return ItemInvalid(message, hint=hint)
