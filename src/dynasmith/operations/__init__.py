"""What a transform does to an item: the operations of an operations file, and the same as Python objects.

::

    from dynasmith.operations import Add, Operations, Rename

    project.copy("users", "users_v2", transform=[Rename("name", "full_name"), Add("country", "CH")])
    project.backfill("users", Operations([Add("adult", True)], where="age >= 18"))

Each operation is a frozen value with the arguments that its entry in a file has. It is pure, does nothing to an item
that is in the new shape already, and has its inverse where there is one. An argument that cannot be is a UsageError.
"""

from dynasmith.operations.add import Add
from dynasmith.operations.cast import Cast
from dynasmith.operations.chain import Chain
from dynasmith.operations.date import Date
from dynasmith.operations.decrypt import Decrypt
from dynasmith.operations.document import VOCABULARY, Operations, parse_operations
from dynasmith.operations.encrypt import Encrypt
from dynasmith.operations.fields import FieldFault
from dynasmith.operations.hash import Hash
from dynasmith.operations.join import Join
from dynasmith.operations.keep import Keep
from dynasmith.operations.map import Map
from dynasmith.operations.mask import Mask
from dynasmith.operations.operation import Operation
from dynasmith.operations.redact import Redact
from dynasmith.operations.remove import Remove
from dynasmith.operations.rename import Rename
from dynasmith.operations.sample import Sample
from dynasmith.operations.set import Set
from dynasmith.operations.sets import ListToSet, SetToList
from dynasmith.operations.shift_dates import ShiftDates
from dynasmith.operations.split import Split
from dynasmith.operations.template import Template

__all__ = [
    "VOCABULARY",
    "Add",
    "Cast",
    "Chain",
    "Date",
    "Decrypt",
    "Encrypt",
    "FieldFault",
    "Hash",
    "Join",
    "Keep",
    "ListToSet",
    "Map",
    "Mask",
    "Operation",
    "Operations",
    "Redact",
    "Remove",
    "Rename",
    "Sample",
    "Set",
    "SetToList",
    "ShiftDates",
    "Split",
    "Template",
    "parse_operations",
]
