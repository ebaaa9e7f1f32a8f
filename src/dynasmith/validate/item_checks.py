"""The checks of items: with `validate --items` alone, since each needs the items themselves."""

from typing import Final, NamedTuple

from dynasmith.validate.finding import Severity


class ItemCheck(NamedTuple):
    """A check of items, as pages and reports list it."""

    code: str
    title: str
    why: str
    fix: str
    source: str
    severities: tuple[Severity, ...]
    when: str = ""


TTL: Final = ItemCheck(
    code="DS076",
    title="TTL can delete the items that have its attribute",
    why="TTL ignores such a value, and the item stays and is paid for.",
    fix="change the values with a backfill: whole seconds since 1970, as a number",
    source="Developer Guide, Using time to live (TTL)",
    severities=("warning",),
)
MODEL: Final = ItemCheck(
    code="DS090",
    title="Items are valid for their model class",
    why="Reads check types only: a validator does not see what another program wrote, or what an older rule let in.",
    fix="change the items with a backfill, or the validator",
    source="pydantic's documentation, Validators; the guide of models, Attributes",
    severities=("critical", "notice"),
    when="a notice has the totals where every item is valid",
)
INDEX_KEYS: Final = ItemCheck(
    code="DS091",
    title="Items have the keys of the indexes, in their types",
    why="An index leaves such an item out, and while the index exists a write of one is refused.",
    fix="change the items with a backfill; suppress the finding where an index is sparse on purpose",
    source="Developer Guide, Managing global secondary indexes, Index key violations",
    severities=("warning", "notice"),
    when="warning for a value of another type, an empty or a too long one; a notice for items without the attribute",
)
SIZES: Final = ItemCheck(
    code="DS092",
    title="No item is near 400 KB",
    why="The write that makes it larger than 400 KB is refused, and each read and write of it is dear.",
    fix="keep large values in S3 and their address in the item, or split the item",
    source="Developer Guide, DynamoDB item sizes and formats",
    severities=("warning",),
)
HOT: Final = ItemCheck(
    code="DS093",
    title="No partition key holds much of the items",
    why="One partition takes 3,000 read and 1,000 write units a second, however much the table may take. "
    "What is stored says nothing about how often it is read: diagnose throttling and contributor insights do.",
    fix="spread the items over more partition keys, for example with a suffix; suppress the finding where it is meant",
    source="Developer Guide, Designing partition keys to distribute your workload",
    severities=("warning",),
)
CENSUS: Final = ItemCheck(
    code="DS094",
    title="The attributes that items have",
    why="An attribute of several types, or that few items have, is often a mistake.",
    fix="nothing to do where it is as it should be",
    source="design: a report says what was read, and what a sample cannot show",
    severities=("notice",),
)
PERSONAL: Final = ItemCheck(
    code="DS095",
    title="What looks like data of persons is named as personal",
    why="Copies and exports out of a protected environment are refused unmasked for named attributes alone.",
    fix="add the place to personal of the table's definition; suppress the finding where it is not of persons",
    source="ITU-T E.164, ISO 13616 (IBAN) and ISO/IEC 7812-1 (payment cards) for values; usual names of attributes",
    severities=("warning", "notice"),
    when="warning for values, of which none is shown; a notice for a name alone",
)
ITEM_CHECKS: Final = (TTL, MODEL, INDEX_KEYS, SIZES, HOT, CENSUS, PERSONAL)
"""Every check of items, in the order of its code."""
