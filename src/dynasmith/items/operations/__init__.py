"""The operations of an operations file: small changes of the shape of items, one file each.

Each is a frozen value, is pure, does nothing to an item that is in the new shape, and has its inverse where there is
one. ``parse_operations`` reads a file's document, ``Operations`` is what a ``Transform`` takes as its function.
"""

from dynasmith.items.operations.document import VOCABULARY, Operations, parse_operations
from dynasmith.items.operations.fields import FieldFault
from dynasmith.items.operations.operation import Operation

__all__ = ["VOCABULARY", "FieldFault", "Operation", "Operations", "parse_operations"]
