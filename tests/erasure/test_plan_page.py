"""The page of a plan: all of it, the second person's decision, and what is refused."""

import pytest
from django.test import Client

from catalog.models import System
from erasure.models import Plan, SubjectRequest
from governance.console.models import User
from retention import holds
from tests.erasure.estate import data_set, find, request_of
from tests.erasure.officers import offered, refused, text_of, told
from tests.people import client_of
from tests.services.fixtures import Database


def test_the_plan_says_exactly_what_will_happen(
    shop: System, asked: SubjectRequest, second: Client, amir: User, work
) -> None:
    reason = "Tax law: invoices are kept ten years"
    keep = ["id", "customer_id", "placed", "total"]
    holds.place(data_set(shop, "purchase"), keep_columns=keep, exemption="b", reason=reason)
    plan = find(asked, amir, work).plans.get()
    response = second.get(plan.get_absolute_url())
    told_of = {shown.step.data_set.name: (shown.method, shown.fields) for shown in response.context["steps"]}
    assert told_of == {
        "public.purchase_line": ("Delete the rows", []),
        "public.newsletter": ("Delete the rows", []),
        "public.purchase": (
            "Overwrite personal fields",
            [
                ("becomes nothing (null)", ["ip", "ship_to"]),
                ("stays, the legal hold requires it", ["customer_id"]),
            ],
        ),
        "public.customer": (
            "Overwrite personal fields",
            [
                ("becomes nothing (null)", ["address", "phone"]),
                ("becomes “erased” and a random ending, different in each row", ["email"]),
                ("becomes “erased”", ["name"]),
                (
                    "stays, the key of the row, which says nothing about the person once the other fields are gone",
                    ["id"],
                ),
            ],
        ),
    }
    page = text_of(response)
    for words in (
        plan.fingerprint,
        "becomes nothing (null):",
        "<code>ship_to</code>",
        f"{reason} (Legal obligation or public task, Art. 17(3)(b))",
        f"Type {plan.request.reference} to confirm",
        "Approve and carry out",
    ):
        assert words in page, words


def test_the_maker_is_told_why_there_is_no_button(
    planned: SubjectRequest, officer: Client, vera: User
) -> None:
    url = planned.plans.get().get_absolute_url()
    page = text_of(officer.get(url))
    assert "You made this plan, so somebody else has to approve it" in page
    assert "Approve and carry out" not in page
    assert "Reject the plan" in page
    auditor = text_of(client_of(vera).get(url))
    assert "You made this plan" not in auditor
    assert "Reject the plan" not in auditor


def approval(plan: Plan, **values: str) -> dict[str, str]:
    return {"typed": plan.request.reference, "fingerprint": plan.fingerprint, **values}


def test_the_second_person_types_the_reference_and_it_is_done(
    planned: SubjectRequest, second: Client, shop_database: Database, work
) -> None:
    plan = planned.plans.get()
    response = second.post(f"{plan.get_absolute_url()}approve/", approval(plan), follow=True)
    assert response.redirect_chain == [(planned.get_absolute_url(), 302)]
    assert "is approved and will be carried out now" in text_of(response)
    work()
    planned.refresh_from_db()
    assert (planned.state, planned.outcome) == ("complete", "erased")
    assert shop_database.execute("SELECT id FROM customer ORDER BY id") == [(2,), (3,)]
    page = text_of(second.get(planned.get_absolute_url()))
    assert "4 of 4 steps done" in page
    assert "Nothing of the person was found any more." in page
    assert {state for _, state in told(planned)} == {"done"}
    assert "Approve and carry out" not in text_of(second.get(plan.get_absolute_url()))


@pytest.mark.parametrize("typed", ["", "r-2026", "ERASE"])
def test_another_word_approves_nothing(planned: SubjectRequest, second: Client, work, typed: str) -> None:
    plan = planned.plans.get()
    response = second.post(f"{plan.get_absolute_url()}approve/", approval(plan, typed=typed))
    assert response.status_code == 422
    assert f"Type exactly {planned.reference} to go on. Nothing has been changed." in text_of(response)
    assert f'value="{plan.fingerprint}"' in text_of(response)
    assert work() == []


def test_what_changed_meanwhile_is_a_conflict_page(
    planned: SubjectRequest, officer: Client, second: Client, ada: User, work
) -> None:
    plan = planned.plans.get()
    url = f"{plan.get_absolute_url()}approve/"
    refused(officer.post(url, approval(plan)), "You made this plan: somebody else has to approve it.")
    refused(second.post(url, approval(plan, fingerprint="0" * 64)), "is not the plan you saw: read it again.")
    assert second.post(url, approval(plan)).status_code == 302
    refused(second.post(url, approval(plan)), f"{plan} is approved: there is nothing to decide.")
    refused(
        second.post(f"{plan.get_absolute_url()}reject/", {"reason": "Late."}),
        f"{plan} is approved: there is nothing to decide.",
    )
    assert [job.kind for job in work()] == ["erasure.execute"]


def test_a_plan_is_rejected_with_a_reason_and_made_again(
    planned: SubjectRequest, officer: Client, second: Client, amir: User, work
) -> None:
    plan = planned.plans.get()
    url = f"{plan.get_absolute_url()}reject/"
    assert "Kept in the ledger for ever" in text_of(second.get(url))
    assert second.post(url, {"reason": " "}).status_code == 422
    assert second.post(url, {"reason": "The invoices must stay."})["Location"] == plan.get_absolute_url()
    assert "Rejected: The invoices must stay." in text_of(second.get(plan.get_absolute_url()))
    assert offered(planned, amir)[0] == "Plan again"
    officer.post(f"{planned.get_absolute_url()}plans/")
    work()
    assert list(planned.plans.values_list("number", "state")) == [(2, "proposed"), (1, "rejected")]


def test_a_plan_under_a_search_cannot_be_approved(
    planned: SubjectRequest, officer: Client, second: Client
) -> None:
    plan = planned.plans.get()
    officer.post(f"{planned.get_absolute_url()}search/")
    assert "Approve and carry out" not in text_of(second.get(plan.get_absolute_url()))
    refused(
        second.post(f"{plan.get_absolute_url()}approve/", approval(plan)),
        "is searching: this is not possible now",
    )
    plan.refresh_from_db()
    assert plan.state == "proposed"


def test_a_plan_of_another_request_is_not_there(planned: SubjectRequest, officer: Client, amir: User) -> None:
    other = request_of("bo@example.org", amir)
    assert officer.get(f"{other.get_absolute_url()}plans/1/").status_code == 404
