"""One suite of behaviours on every engine: each holds, or differs as its flavor says."""

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from contract import items_behave, settings_behave, tables_behave
from contract.behaviours import BEHAVIOURS
from contract.flavors import FLAVORS, Kind
from contract.subject import AcceptedFinding, Subject

REGISTERED = (items_behave, settings_behave, tables_behave)


def outcome(subject: Subject, name: str) -> tuple[Kind | None, str]:
    """What trying the behaviour came to: None when it holds, else how it does not, and the words."""
    try:
        BEHAVIOURS[name].check(subject)
    except AcceptedFinding as error:
        return "accepts", str(error)
    except AssertionError as error:
        return "wrong", str(error) or "another result"
    except KeyError as error:
        return "wrong", f"the answer lacks {error}"
    except (ClientError, BotoCoreError) as error:
        return "refuses", str(error)
    return None, ""


@pytest.mark.engine
@pytest.mark.parametrize("name", sorted(BEHAVIOURS))
def test_an_engine_behaves_as_the_service_or_as_its_flavor_says(subject: Subject, name: str) -> None:
    kind, words = outcome(subject, name)
    flavor = FLAVORS.get(subject.name)
    known = flavor.differs.get(name) if flavor else None
    if known is None:
        assert kind is None, f"{subject.name} {kind}: {words}"
    else:
        assert kind is not None, f"{subject.name} does it rightly now: take {name} out of tests/contract/flavors.py"
        assert kind == known.kind, f"{subject.name} {kind}, and no longer {known.kind}: {words}"


@pytest.mark.parametrize("flavor", FLAVORS.values(), ids=list(FLAVORS))
def test_every_difference_is_of_a_behaviour_that_is_tried(flavor: object) -> None:
    differs = getattr(flavor, "differs", {})
    assert set(differs) <= set(BEHAVIOURS)
