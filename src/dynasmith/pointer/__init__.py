"""Where a table is now: the name that a replacement switches, for applications.

``dynasmith.pointer.table("orders")`` gives the physical name, from a parameter of Systems Manager, a file or a command,
and reads it again every few seconds. It loads neither the planner nor the command line; only a parameter needs boto3.
"""

from dynasmith.pointer.kinds import pointer_at
from dynasmith.pointer.place import Pointer, PointerValue
from dynasmith.pointer.reader import table

__all__ = ["Pointer", "PointerValue", "pointer_at", "table"]
