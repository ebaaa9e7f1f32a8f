"""What an environment says differently: deep merge, by name, with places that stay."""

from msgspec import UNSET

from definitions import one, only, read
from dynasmith.tables.parse import ParseOptions
from dynasmith.tables.table import Capacity, Scaling

BASE = """
tables:
  - name: orders
    attributes: [{name: id, type: S}, {name: status, type: S}]
    key_schema: [{attribute_name: id, key_type: HASH}]
    billing_mode: PROVISIONED
    provisioned_throughput: {read: 5, write: 5}
    autoscaling:
      read: {min: 5, max: 10}
    global_secondary_indexes:
      - name: by_status
        key_schema: [{attribute_name: status, key_type: HASH}]
        provisioned_throughput: {read: 1, write: 1}
    time_to_live: {enabled: false}
    deletion_protection: false
    tags: {team: checkout, env: dev}
    access_patterns: [one, two]
environments:
  prod:
    tables:
"""
PROD = ParseOptions(environment="prod")


def _prod(*lines: str) -> str:
    return BASE + "      - name: orders\n" + "\n".join(f"        {line}" for line in lines)


def test_maps_merge_and_lists_without_names_replace() -> None:
    table = one(
        read(
            _prod(
                "deletion_protection: true",
                "tags: {env: prod}",
                "access_patterns: [three]",
                "autoscaling: {read: {max: 50}}",
            ),
            PROD,
        )
    )
    assert table.deletion_protection is True
    assert table.tags == {"team": "checkout", "env": "prod"}
    assert table.access_patterns == ("three",)
    assert table.autoscaling.read == Scaling(min=5, max=50, target=UNSET)  # type: ignore[union-attr]


def test_lists_of_named_things_merge_by_name() -> None:
    table = one(
        read(
            _prod(
                "attributes: [{name: total, type: N}]",
                "global_secondary_indexes:",
                "  - {name: by_status, provisioned_throughput: {read: 9}}",
                "  - IndexName: by_total",
                "    KeySchema: [{AttributeName: total, KeyType: HASH}]",
                "    ProvisionedThroughput: {ReadCapacityUnits: 2, WriteCapacityUnits: 3}",
            ),
            PROD,
        )
    )
    assert [index.name for index in table.indexes] == ["by_status", "by_total"]  # type: ignore[union-attr]
    assert table.index("by_status").capacity == Capacity(read=9, write=1)  # type: ignore[union-attr]
    assert table.index("by_total").capacity == Capacity(read=2, write=3)  # type: ignore[union-attr]


def test_another_environment_or_none_leaves_the_base() -> None:
    text = _prod("deletion_protection: true")
    assert one(read(text)).deletion_protection is False
    assert one(read(text, ParseOptions(environment="dev"))).deletion_protection is False


def test_null_is_not_managed_again() -> None:
    table = one(read(_prod("tags: null", "deletion_protection: null", "autoscaling: {read: null}"), PROD))
    assert "UNSET" in repr(table.tags)
    assert "UNSET" in repr(table.deletion_protection)
    assert "UNSET" in repr(table.autoscaling.read)  # type: ignore[union-attr]


def test_an_empty_list_wants_none() -> None:
    finding = only(read(_prod("global_secondary_indexes: []"), PROD))
    assert finding.message == "is status, which no key of the table or of an index uses"
    table = one(read(_prod("access_patterns: []", "replicas: []"), PROD))
    assert (table.access_patterns, table.replicas) == ((), ())


def test_saying_how_turns_on_what_the_base_says_is_off() -> None:
    assert one(read(_prod("time_to_live: {attribute: expires_at}"), PROD)).time_to_live == "expires_at"
    assert one(read(_prod("stream: {enabled: false}"), PROD)).stream is None


def test_mistakes_in_an_override_have_its_line() -> None:
    finding = only(read(_prod("tags: {env: 5}"), PROD))
    assert (finding.line, finding.path) == (21, "environments.prod.tables[0].tags.env")


def test_the_environments_that_are_not_chosen_are_held_against_the_form() -> None:
    finding = only(read(_prod("tag: {env: x}", "description: ${NOT_SET}", "warm_throughput: {read: '${ALSO_NOT}'}")))
    assert finding.sentence == (
        "tables/orders.yaml:21: environments.prod.tables[0].tag is not a key of a table (did you mean tags?)"
    )


def test_an_override_of_no_table_is_a_mistake() -> None:
    finding = only(read(BASE + "      - {name: order, deletion_protection: true}", PROD))
    assert finding.sentence == (
        "tables/orders.yaml:20: environments.prod.tables[0] overrides order, which is not a table of the definition "
        "(did you mean orders?)"
    )


def test_a_table_can_be_of_one_environment_only() -> None:
    text = BASE + (
        "      - name: audit\n"
        "        attributes: [{name: id, type: S}]\n"
        "        key_schema: [{attribute_name: id, key_type: HASH}]\n"
    )
    assert [table.name for table in read(text, PROD).tables] == ["orders", "audit"]
    assert [table.name for table in read(text).tables] == ["orders"]


def test_environments_that_are_no_map_are_a_mistake() -> None:
    (finding,) = read("tables: []\nenvironments: [prod]\n").errors
    assert finding.sentence == "tables/orders.yaml:2: environments expects a map, not a list"
