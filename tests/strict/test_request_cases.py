"""The table of requests on the strict endpoint: each is answered with the code that the service answers."""

import itertools
from collections.abc import Iterator

import pytest

from dynasmith.strict import StrictServer
from strict.expression_cases import EXPRESSION_CASES
from strict.operation_cases import OPERATION_CASES
from strict.request_case import ITEMS, CaseClient, RequestCase, tables

CASES = (*EXPRESSION_CASES, *OPERATION_CASES)
_accounts = itertools.count(200_000_000_001)


@pytest.fixture(scope="module", params=["ministack", "moto"])
def case_client(request: pytest.FixtureRequest) -> Iterator[CaseClient]:
    """A client of a strict endpoint in front of an engine, with the tables of the cases and their items."""
    with StrictServer(request.getfixturevalue(f"{request.param}_endpoint")) as server:
        client = CaseClient(server.endpoint, "cases-", str(next(_accounts)))
        for body in tables("cases-").values():
            assert client.send("CreateTable", body)[0] == 200
        server.clock.advance(60)
        for table, item in ITEMS:
            assert client.send("PutItem", {"TableName": table, "Item": item})[0] == 200
        yield client
        client.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_a_request_gets_the_services_answer(case_client: CaseClient, case: RequestCase) -> None:
    assert case_client.code(case) == case.code


def test_each_case_has_a_name_and_a_page() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.source.startswith("https://docs.aws.amazon.com/") for case in CASES)
