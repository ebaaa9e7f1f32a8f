"""An operations file: its version, which items it concerns, what is done to them in order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any, Final, TypeVar

from dynasmith.errors import DefinitionError, UsageError
from dynasmith.items.condition import Condition, parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.transform import ItemRefused
from dynasmith.items.value_cipher import ValueCipher
from dynasmith.operations.add import Add
from dynasmith.operations.cast import Cast
from dynasmith.operations.cipher_operation import CipherOperation
from dynasmith.operations.date import Date
from dynasmith.operations.decrypt import Decrypt
from dynasmith.operations.encrypt import Encrypt
from dynasmith.operations.fields import FieldFault, Fields
from dynasmith.operations.hash import Hash
from dynasmith.operations.join import Join
from dynasmith.operations.keep import Keep
from dynasmith.operations.keyed_operation import KeyedOperation
from dynasmith.operations.map import Map
from dynasmith.operations.mask import Mask
from dynasmith.operations.operation import Item, Operation
from dynasmith.operations.pseudonym import Pseudonyms
from dynasmith.operations.redact import Redact
from dynasmith.operations.remove import Remove
from dynasmith.operations.rename import Rename
from dynasmith.operations.sample import Sample
from dynasmith.operations.set import Set
from dynasmith.operations.sets import ListToSet, SetToList
from dynasmith.operations.shift_dates import ShiftDates
from dynasmith.operations.split import Split
from dynasmith.operations.template import Template

#: The version of the file. A newer one is refused.
VERSION: Final = 1
_OPERATIONS: Final[tuple[type[Operation], ...]] = (
    Add,
    Rename,
    Remove,
    Set,
    Cast,
    Split,
    Join,
    Date,
    SetToList,
    ListToSet,
    Template,
    Map,
    Encrypt,
    Decrypt,
    Mask,
    Hash,
    ShiftDates,
    Redact,
    Keep,
    Sample,
)
#: Every operation by its word.
VOCABULARY: Final[Mapping[str, type[Operation]]] = {operation.WORD: operation for operation in _OPERATIONS}
_KEYS: Final = ("version", "where", "operations", "$schema")
Done = TypeVar("Done")
EXAMPLE: Final = 'write Operations([Rename("name", "full_name"), Remove("legacy")])'


@dataclass(frozen=True, slots=True, init=False)
class Operations:
    """Operations in order, on the items that meet ``where``, a condition: what an operations file holds.

    Raises UsageError for what is not an operation, for none at all, and for a condition that cannot be read.
    """

    operations: tuple[Operation, ...]
    where: Condition | None

    def __init__(self, operations: Operation | Sequence[Operation], where: str | Condition | None = None) -> None:
        object.__setattr__(self, "operations", _checked(operations))
        object.__setattr__(self, "where", _condition(where))

    def __call__(self, item: Item, ctx: Context) -> Item | None:
        """The item after all operations; None where a sample leaves it out. Raises ItemRefused with the operation."""
        if self.where is not None and not self.where.matches(item):
            return item
        # A sample and how far dates move are decided before anything is masked that they ask for.
        for operation in self.operations:
            if isinstance(operation, Sample) and not operation.keeps(item):
                return None
        shifts = {
            number: self._named(number, partial(operation.shift_of, item, ctx.key.names[0]))
            for number, operation in enumerate(self.operations)
            if isinstance(operation, ShiftDates)
        }
        for number, operation in enumerate(self.operations):
            if isinstance(operation, ShiftDates):
                self._named(number, partial(operation.shift, item, shifts[number]))
            else:
                self._named(number, partial(operation.apply, item))
        return item

    def _named(self, number: int, work: Callable[[], Done]) -> Done:
        try:
            return work()
        except ItemRefused as cause:
            raise ItemRefused(
                f"operations[{number}] ({self.operations[number].describe()}): {cause.message}",
                hint=cause.hint,
                policy=cause.policy,
            ) from cause

    @property
    def cipher_operations(self) -> tuple[CipherOperation, ...]:
        """Those that encrypt or decrypt."""
        return tuple(each for each in self.operations if isinstance(each, CipherOperation))

    @property
    def masks(self) -> bool:
        """Whether an operation masks, so that messages show neither keys nor values of items."""
        return any(isinstance(each, KeyedOperation | Redact | Keep) for each in self.operations)

    @property
    def keyed_operations(self) -> tuple[KeyedOperation, ...]:
        """Those that need the key of masking."""
        return tuple(each for each in self.operations if isinstance(each, KeyedOperation))

    def with_pseudonyms(self, keys: Pseudonyms) -> "Operations":
        """The same with the key of masking for those that need it."""
        given = [each.with_pseudonyms(keys) if isinstance(each, KeyedOperation) else each for each in self.operations]
        return Operations(given, self.where)

    def with_cipher(self, cipher: ValueCipher) -> "Operations":
        """The same with keys for those that encrypt or decrypt."""
        given = [each.with_cipher(cipher) if isinstance(each, CipherOperation) else each for each in self.operations]
        return Operations(given, self.where)

    def inverse(self) -> "Operations | None":
        """What takes items back to the old shape, last change first; None where one operation has no inverse.

        It has no ``where``: the condition spoke of the old shape.
        """
        back: list[Operation] = []
        for operation in reversed(self.operations):
            inverse = operation.inverse()
            if inverse is None:
                return None
            back.extend(inverse)
        return Operations(tuple(back))

    def describe(self) -> tuple[str, ...]:
        """Each operation in a few words."""
        return tuple(operation.describe() for operation in self.operations)


def _checked(operations: object) -> tuple[Operation, ...]:
    given = (operations,) if isinstance(operations, Operation) else operations
    if not isinstance(given, list | tuple) or not given:
        raise UsageError(
            f"operations.Operations: operations: a list of operations was expected, not {_brief(given)}.", hint=EXAMPLE
        )
    for number, each in enumerate(given):
        if not isinstance(each, Operation):
            raise UsageError(
                f"operations.Operations: operations[{number}]: an operation was expected, not {_brief(each)}.",
                hint=EXAMPLE,
            )
    return tuple(given)


def _condition(where: object) -> Condition | None:
    if where is None or isinstance(where, Condition):
        return where
    if not isinstance(where, str):
        raise UsageError(
            f"operations.Operations: where: a condition in a string was expected, not {_brief(where)}.",
            hint='where="attribute_exists(age)"',
        )
    return parse_condition(where)


def _brief(value: object) -> str:
    return "an empty list" if value in ((), []) else f"a value of type {type(value).__name__}"


def parse_operations(document: Any) -> Operations:
    """The operations in a parsed YAML or JSON document. Raises DefinitionError with every mistake at once."""
    faults: list[FieldFault] = []
    if not isinstance(document, Mapping):
        raise DefinitionError([FieldFault("", "An operations file is a map with version and operations")])
    unknown = [key for key in document if key not in _KEYS]
    faults += [FieldFault(str(key), "this key is not known here", _meant(key, _KEYS)) for key in unknown]
    version = document.get("version")
    if version != VERSION or isinstance(version, bool):
        problem = "version is missing" if version is None else f"version {version!r} is not known"
        faults.append(FieldFault("version", problem, f"this dynasmith reads version {VERSION}"))
    if not isinstance(document.get("$schema"), str | None):
        faults.append(
            FieldFault("$schema", "text was expected", "it names the JSON Schema, for editors; it is not read")
        )
    where = _where(document.get("where"), faults)
    entries = document.get("operations")
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        faults.append(FieldFault("operations", "a list of operations was expected", "- {add: country, value: CH}"))
        entries = []
    makers = [_operation(entry, f"operations[{number}]", faults) for number, entry in enumerate(entries)]
    if faults:
        raise DefinitionError(faults, hint="docs/reference/operations.md shows every operation")
    return Operations(tuple(maker() for maker in makers if maker is not None), where)


def _where(said: Any, faults: list[FieldFault]) -> Condition | None:
    if said is None:
        return None
    if not isinstance(said, str):
        faults.append(FieldFault("where", "a condition in quotes was expected", 'where: "attribute_exists(age)"'))
        return None
    try:
        return parse_condition(said)
    except UsageError as cause:
        faults.append(FieldFault("where", cause.message.rstrip("."), cause.hint))
        return None


def _operation(entry: Any, path: str, faults: list[FieldFault]) -> Any:
    """What makes the operation of an entry; None, and faults, where it is not one."""
    if not isinstance(entry, Mapping):
        faults.append(FieldFault(path, "an operation was expected", "{add: country, value: CH}"))
        return None
    # A reader of YAML 1.1 takes the bare key ``on`` for true, and nobody means that.
    entry = {"on" if key is True else key: value for key, value in entry.items()}
    words = [key for key in entry if key in VOCABULARY]
    if len(words) != 1:
        if words:
            faults.append(FieldFault(path, f"{' and '.join(words)} are two operations", "make two entries of it"))
        else:
            said = next(iter(entry), "")
            problem = f"no operation is named ({', '.join(map(str, entry)) or 'it is empty'})"
            hint = _meant(said, tuple(VOCABULARY)) or f"there are {', '.join(VOCABULARY)}"
            faults.append(FieldFault(path, problem, hint))
        return None
    fields = Fields(entry, path, faults)
    maker = VOCABULARY[words[0]].read(fields)
    fields.close()
    return maker


def _meant(said: object, options: Sequence[str]) -> str:
    close = get_close_matches(str(said), options, n=1)
    return f"did you mean {close[0]}?" if close else ""
