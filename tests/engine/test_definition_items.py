"""Items of a definition with everything that a value can be: put once, as wished afterwards, byte for byte."""

from dynasmith import Consent, Key, KeyAttribute, Table, connect

WISH = Table(
    name="everything-in-items",
    key=Key(partition=(KeyAttribute(name="id", type="B"),)),
    items=(
        {
            "id": {"B": "AAEC"},
            "number": {"N": "1.50"},
            "digits": {"N": "12345678901234567890123456789012345678"},
            "blobs": {"BS": ["AQ==", "Ag=="]},
            "words": {"SS": ["b", "a"]},
            "deep": {"M": {"list": {"L": [{"B": "/w=="}, {"NULL": True}, {"S": ""}]}}},
        },
    ),
)


def test_binary_numbers_and_sets_are_put_and_then_as_wished(ministack_endpoint: str) -> None:
    with connect(endpoint=ministack_endpoint, tables=[WISH]) as project:
        plan = project.plan()
        assert project.apply(plan, consent=Consent(yes=True)).failures == {}
        assert project.plan().is_empty
        item = project.get(WISH.name, {"id": {"B": "AAEC"}})
        assert item["deep"] == {"M": {"list": {"L": [{"B": "/w=="}, {"NULL": True}, {"S": ""}]}}}
        assert sorted(item["blobs"]["BS"]) == ["AQ==", "Ag=="]
        project.delete(WISH.name, consent=Consent(confirm=WISH.name))
