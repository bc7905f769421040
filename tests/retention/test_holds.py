from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from catalog.models import Column, DataSet, System
from retention import holds
from retention.models import Hold
from tests.people import api_of, client_of

REASON = "Section 147 of the fiscal code: ten years"
FORM = {"keep_columns": ["total", "invoiced_on"], "exemption": "b", "reason": REASON}


@pytest.fixture
def invoices(db):
    system = System.objects.create(name="shop", kind="postgresql")
    data_set = DataSet.objects.create(system=system, name="public.invoice", kind="table")
    for position, name in enumerate(["invoice_id", "invoiced_on", "address", "total"]):
        Column.objects.create(data_set=data_set, name=name, position=position, data_type="text", kind="text")
    return data_set


@pytest.fixture
def hold(invoices):
    return holds.place(invoices, keep_columns=["total"], exemption="b", reason=REASON)


def test_placing_asks_for_the_data_set_first(amir, invoices):
    browser = client_of(amir)
    answer = browser.get(f"/holds/add/?data_set={invoices.pk}")
    assert answer["Location"] == f"/holds/add/{invoices.pk}/"
    text = browser.get(answer["Location"]).content.decode()
    assert text.count('name="keep_columns"') == 4


def test_hold_is_placed_and_recorded(amir, invoices, sequenced):
    answer = client_of(amir).post(f"/holds/add/{invoices.pk}/", FORM)
    placed = Hold.objects.get()
    assert answer["Location"] == f"/holds/{placed.pk}/"
    assert (placed.state, placed.placed_by, placed.keep_columns) == ("active", amir, ["invoiced_on", "total"])
    (entry,) = sequenced()
    assert (entry.action, entry.actor) == ("hold.placed", str(amir.public_id))
    assert entry.content["object"] == {
        "type": "retention.hold",
        "id": str(placed.pk),
        "name": "Hold on shop / public.invoice",
    }
    assert entry.content["facts"] == {
        "exemption": "b",
        "keep_columns": ["invoiced_on", "total"],
        "until": "",
        "reason": REASON,
    }


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"reason": ""}, "This field is required."),
        ({"keep_columns": ["salary"]}, "salary is not one of the available choices"),
        ({"until": "2001-01-01"}, "This day has passed"),
        ({"exemption": "z"}, "z is not one of the available choices"),
    ],
)
def test_hold_that_cannot_be_is_refused(change, problem, amir, invoices, sequenced):
    answer = client_of(amir).post(f"/holds/add/{invoices.pk}/", FORM | change)
    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert not Hold.objects.exists()
    assert sequenced() == []


def test_second_hold_in_force_is_refused(amir, hold):
    answer = client_of(amir).post(f"/holds/add/{hold.data_set_id}/", FORM)
    assert answer.status_code == 422
    assert "A hold on public.invoice is in force; release it first." in answer.content.decode()
    assert Hold.objects.count() == 1


def test_unknown_column_is_named(invoices):
    with pytest.raises(ValidationError, match=r"public\.invoice has no column salary"):
        holds.place(invoices, keep_columns=["salary"], exemption="b", reason=REASON)


def test_release_needs_a_reason_and_happens_once(amir, hold, sequenced):
    browser, url = client_of(amir), f"/holds/{hold.pk}/release/"
    assert browser.post(url, {"reason": ""}).status_code == 422
    assert browser.post(url, {"reason": "Ten years are over"})["Location"] == f"/holds/{hold.pk}/"
    again = browser.post(url, {"reason": "Ten years are over"}, follow=True)
    assert "This hold has been released already." in again.content.decode()
    hold.refresh_from_db()
    assert (hold.state, hold.released_by) == ("released", amir)
    assert [(entry.action, entry.content["facts"]) for entry in sequenced()][1:] == [
        ("hold.released", {"reason": "Ten years are over"})
    ]


def test_hold_past_its_last_day_is_expired_and_gives_way(hold):
    Hold.objects.update(until=timezone.localdate() - timedelta(days=1))
    assert holds.holds_on([hold.data_set]) == {}
    following = holds.place(hold.data_set, keep_columns=[], exemption="e", reason="A claim")
    assert holds.holds_on([hold.data_set]) == {hold.data_set_id: following}
    hold.refresh_from_db()
    assert hold.state == "released"


@pytest.mark.parametrize("state", ["active", "expired", "released"])
def test_state_filter_and_badge_agree(state, vera, hold):
    yesterday = timezone.localdate() - timedelta(days=1)
    Hold.objects.update(
        **{
            "active": {},
            "expired": {"until": yesterday},
            "released": {"until": yesterday, "released_at": timezone.now()},
        }[state]
    )
    browser, program = client_of(vera), api_of(vera)
    for asked in ("active", "expired", "released"):
        shown = f'id="row-{hold.pk}"' in browser.get(f"/holds/?state={asked}").content.decode()
        listed = program.get(f"/api/v1/holds/?state={asked}").json()["count"]
        assert (shown, listed) == (asked == state, int(asked == state))
    assert f">{state.capitalize()}</span>" in browser.get(f"/holds/{hold.pk}/").content.decode()


def test_only_an_officer_may_release(vera, hold):
    browser = client_of(vera)
    assert "Release the hold" not in browser.get(f"/holds/{hold.pk}/").content.decode()
    assert browser.post(f"/holds/{hold.pk}/release/", {"reason": "x"}).status_code == 403
    hold.refresh_from_db()
    assert hold.state == "active"


def test_holds_over_the_api(amir, invoices, sequenced):
    program = api_of(amir)
    placed = program.post("/api/v1/holds/", FORM | {"data_set": invoices.pk}, format="json")
    assert placed.status_code == 201
    url = f"/api/v1/holds/{placed.json()['id']}/"
    refused = program.post("/api/v1/holds/", FORM | {"data_set": invoices.pk}, format="json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["data_set"])
    assert program.post(f"{url}release/", {}, format="json").status_code == 400
    assert program.post(f"{url}release/", {"reason": "Over"}, format="json").json()["state"] == "released"
    assert program.post(f"{url}release/", {"reason": "Over"}, format="json").status_code == 409
    assert [entry.action for entry in sequenced()] == ["hold.placed", "hold.released"]


def test_card_counts_holds_in_force(vera, hold):
    text = client_of(vera).get("/holds/card/").content.decode()
    assert f'<a href="/holds/{hold.pk}/">{hold.data_set}</a></td><td class="numeric">open-ended</td>' in text
    assert '<span class="figure-number">1</span> in force' in text
