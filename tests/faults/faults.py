"""Every fault, one entry each, from the tables of this folder."""

from faults.fault import Fault
from faults.headers import HEADERS
from faults.members import MEMBERS
from faults.unfinished import UNFINISHED
from faults.whole_replies import WHOLE_REPLIES
from faults.wires import WIRES

FAULTS: dict[str, Fault] = {fault.name: fault for fault in (*WHOLE_REPLIES, *MEMBERS, *HEADERS, *WIRES, *UNFINISHED)}
assert len(FAULTS) == sum(map(len, (WHOLE_REPLIES, MEMBERS, HEADERS, WIRES, UNFINISHED))), "two faults of one name"
