"""One erasure, and every store read as it is afterwards: nothing of the person, everything of everybody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from erasure.models import Step, SubjectRequest
from governance.console.models import User
from retention.vault.models import PersonKey, Token
from tests.erasure.estate import approve, find, request_of
from tests.erasure.everywhere.conftest import Estate
from tests.erasure.everywhere.console import console_bytes
from tests.erasure.everywhere.lake import COUNTED, TOWN
from tests.erasure.everywhere.needles import needles_of, standing
from tests.erasure.everywhere.people import BO, OTHERS, ZDENKA
from tests.erasure.everywhere.postgresql import ABOUT_HER
from tests.erasure.everywhere.store import Rows
from tests.erasure.test_asking import ACCEPTED, again, answered
from tests.erasure.test_whole_erasures import later
from tests.people import client_of

State = SubjectRequest.State
# A broker takes nothing out on demand. What was written to the topics stands there until it compacts, and until the
# retention is over; the plan says both, and nothing else stays anywhere.
CLICK = {"number", "address on the network"}
DECLARED = {
    "Topics, carts at 1": {"e-mail"},
    "Topics, carts at 5": {"e-mail"},
    "Topics, clicks at 1": CLICK,
    "Topics, clicks at 5": CLICK,
}
# What is hers and somebody else's: it stays theirs, without her.
SHARED = [
    ((1, ZDENKA.number, BO.number, "Tea at four?"), (1, None, BO.number, "Tea at four?")),
    ((2, BO.number, ZDENKA.number, "With pleasure."), (2, BO.number, None, "With pleasure.")),
    ((BO.numbered(8), BO.number, ABOUT_HER), (BO.numbered(8), BO.number, "erased")),
]
# What counts her is counted anew.
COUNTED_ANEW: dict[str, Rows] = {
    "Shop": {"mailing": [("tea", BO.email.upper(), len(OTHERS))]},
    "Lake": {COUNTED: [{"town": TOWN, "readers": len(OTHERS), "spent": 0 + 20 + 30}]},
}


@pytest.fixture
def planned(estate: Estate, amir: User, work: Callable[[], object]) -> SubjectRequest:
    """Her request, by her e-mail address alone, searched and planned in the whole estate.

    The search asks whose tickets those are that name her address: one is of another customer's number.
    """
    request = find(request_of(ZDENKA.email, amir), amir, work)
    answered(request.questions.get(), ACCEPTED, amir)
    return again(request, amir, work)


def test_nothing_of_her_and_everything_of_everybody_else(
    estate: Estate, planned: SubjectRequest, amir: User, petra: User, work: Any, sequenced: Any
) -> None:
    hers = needles_of(ZDENKA)
    before = estate.rows()
    stood = standing(hers, estate.raw())
    assert {place.partition(",")[0] for place in stood} == set(estate.stores)
    assert set().union(*stood.values()) == set(ZDENKA.values())
    assert (planned.state, planned.plans.get().problems) == (State.PLANNED, [])

    request = approve(planned, petra, work)

    sequenced()
    assert request.state == State.WAITING
    left = {step.data_set.name: step.method for step in Step.objects.filter(state=Step.State.WAITING)}
    assert left == {"carts": "tombstone", "clicks": "outlive"}
    assert standing(hers, estate.raw()) == DECLARED

    estate.stores["Topics"].age(ZDENKA)
    request = later(request, work)
    sequenced()
    assert (request.state, request.outcome, request.residue) == (State.COMPLETE, "erased", [])
    assert standing(hers, estate.raw()) == {}
    assert standing(hers, console_bytes(estate.console, estate.folder)) == {}
    assert standing(hers, proof(request, amir)) == {}
    assert written(estate.rows()) == written(expected(before))
    assert (Token.objects.count(), PersonKey.objects.count()) == (len(OTHERS), 2 * len(OTHERS))


def proof(request: SubjectRequest, officer: User) -> list[tuple[str, bytes]]:
    """The document that an auditor gets, in the forms that are text."""
    browser, about = client_of(officer), {"request": request.reference}
    forms = ("", "html", "json", "csv")
    answers = [
        browser.get("/reports/erasure_proof/", about | {"format": form} if form else about) for form in forms
    ]
    assert [answer.status_code for answer in answers] == [200] * len(forms)
    return [(f"the proof, {form}", answer.getvalue()) for form, answer in zip(forms, answers, strict=True)]


def expected(before: dict[str, Rows]) -> dict[str, Rows]:
    """What the estate had, without the rows that name her; what she shares and what counts her as it has to be."""
    values = [value.casefold() for value in ZDENKA.values().values()]

    shared = {repr(row): after for row, after in SHARED}

    def left(rows: list[Any]) -> list[Any]:
        without = [shared.get(repr(row), row) for row in rows]
        return [row for row in without if not any(value in repr(row).casefold() for value in values)]

    return {
        store: {name: left(found) for name, found in rows.items()} | COUNTED_ANEW.get(store, {})
        for store, rows in before.items()
    }


def written(rows: dict[str, Rows]) -> dict[str, dict[str, list[str]]]:
    """As text in which 1, 1.0, True and Decimal(1) are different."""
    return {
        store: {name: [repr(row) for row in found] for name, found in of_store.items()}
        for store, of_store in rows.items()
    }
