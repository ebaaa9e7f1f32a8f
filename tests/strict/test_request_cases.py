"""The table of requests on the strict endpoint: each is answered with the code that the service answers."""

import itertools
import re
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dynasmith.strict import StrictServer
from dynasmith.strict.rules.request_shapes import service_model
from strict.expression_cases import EXPRESSION_CASES
from strict.operation_cases import OPERATION_CASES
from strict.request_case import ITEMS, CaseClient, RequestCase, tables

DIFFERENCES = Path(__file__).parent / "dynalite_differences.toml"
CASES = (*EXPRESSION_CASES, *OPERATION_CASES)
_accounts = itertools.count(200_000_000_001)


@pytest.fixture(scope="module", params=["ministack", "moto"])
def case_client(request: pytest.FixtureRequest) -> Iterator[CaseClient]:
    """A client of a strict endpoint in front of an engine, with the tables of the cases and their items."""
    upstream = request.getfixturevalue(f"{request.param}_endpoint")
    with (
        StrictServer(upstream) as server,
        closing(CaseClient(server.endpoint, "cases-", str(next(_accounts)))) as client,
    ):
        for body in tables("cases-").values():
            assert client.send("CreateTable", body)[0] == 200
        server.clock.advance(60)
        for table, item in ITEMS:
            assert client.send("PutItem", {"TableName": table, "Item": item})[0] == 200
        yield client
        server.wipe()


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_a_request_gets_the_services_answer(case_client: CaseClient, case: RequestCase) -> None:
    assert case_client.code(case) == case.code


def test_what_a_foreign_suite_asks_beyond_the_reference_is_quoted_from_it() -> None:
    found = tomllib.loads(DIFFERENCES.read_text(encoding="utf-8"))["difference"]
    assert len(found) <= 40
    assert len({one["title"] for one in found}) == len(found)
    # The service model of botocore carries the text of the API reference.
    model = service_model()
    for one in found:
        operation = re.match(r"API_(\w+)\.html", one["place"])
        assert operation is not None
        described = model.operation_model(operation[1])
        members = described.input_shape.members.values() if described.input_shape is not None else ()
        texts = [described.documentation, *(member.documentation for member in members)]
        plain = " ".join(re.sub(r"<[^>]+>", "", text) for text in texts)
        assert one["quote"] in re.sub(r"\s+", " ", plain), one["title"]


def test_each_case_has_a_name_and_a_page() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.source.startswith("https://docs.aws.amazon.com/") for case in CASES)
