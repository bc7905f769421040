import pytest
from axes.models import AccessLog
from django.test import Client
from django.urls import reverse

from governance.console import people, signing_views
from tests.people import client_of

PASSWORD = "four words of nonsense"
SIGN_IN = "/sign-in/"


@pytest.fixture
def fast_hashing(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def vera_with_password(vera, fast_hashing):
    vera.set_password(PASSWORD)
    vera.save()
    return vera


def sign_in(client, username, password):
    return client.post(SIGN_IN, {"username": username, "password": password})


def actions(entries):
    return [entry.action for entry in entries]


def test_right_password_opens_the_overview_and_is_recorded(vera_with_password, sam, sequenced):
    answer = sign_in(sam, "vera", PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    (entry,) = sequenced()
    assert (entry.action, entry.actor, entry.object_id) == (
        "user.signed_in",
        str(vera_with_password.public_id),
        str(vera_with_password.pk),
    )


@pytest.mark.parametrize("username", ["vera", "nobody"])
def test_wrong_sign_in_is_one_answer_whatever_was_wrong(username, vera_with_password, sam, sequenced):
    answer = sign_in(sam, username, "wrong")
    assert answer.status_code == 422
    text = answer.content.decode()
    assert text.count("Please enter a correct username and password") == 1
    (entry,) = sequenced()
    assert (entry.action, entry.content["facts"]) == (
        "user.sign_in_failed",
        {"known_user": username == "vera"},
    )
    assert username.encode() not in bytes(entry.body)


def test_closed_account_is_told_nothing_else(vera_with_password, sam):
    vera_with_password.is_active = False
    vera_with_password.save()
    answer = sign_in(sam, "vera", PASSWORD)
    assert answer.status_code == 422
    assert "Please enter a correct username and password" in answer.content.decode()


def test_fifth_failure_locks_out_even_the_right_password(vera_with_password, sam, sequenced):
    codes = [sign_in(sam, "vera", "wrong").status_code for _ in range(5)]
    assert codes == [422, 422, 422, 422, 429]
    refused = sign_in(sam, "vera", PASSWORD)
    assert refused.status_code == 429
    assert "Locked after too many attempts" in refused.content.decode()
    assert actions(sequenced()).count("user.locked_out") >= 1
    assert "user.signed_in" not in actions(sequenced())


def test_sign_out_takes_a_post_and_is_recorded(vera, sequenced):
    client = client_of(vera)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/").status_code == 302
    assert actions(sequenced()) == ["user.signed_out"]


def test_stranger_comes_back_to_where_they_wanted(vera_with_password, sam):
    turned_away = sam.get("/jobs/?state=done")
    assert turned_away["Location"] == "/sign-in/?next=%2Fjobs%2F%3Fstate%3Ddone"
    answer = sam.post(turned_away["Location"], {"username": "vera", "password": PASSWORD})
    assert answer["Location"] == "/jobs/?state=done"


def test_sign_in_does_not_lead_to_other_sites(vera_with_password, sam):
    answer = sam.post("/sign-in/?next=https://example.org/", {"username": "vera", "password": PASSWORD})
    assert answer["Location"] == "/"


def test_changing_the_password_is_recorded_and_signs_other_browsers_out(vera_with_password, sequenced):
    here, elsewhere = client_of(vera_with_password), client_of(vera_with_password)
    new = "six other words of nonsense"
    answer = here.post("/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert actions(sequenced()) == ["user.password_changed"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("wrong", "six other words of nonsense", "Your old password was entered incorrectly"),
        (PASSWORD, "short", "This password is too short"),
    ],
)
def test_password_that_cannot_be_is_refused(old, new, problem, vera_with_password, sequenced):
    answer = client_of(vera_with_password).post(
        "/password/", {"old_password": old, "new_password1": new, "new_password2": new}
    )
    assert answer.status_code == 422
    assert problem in answer.content.decode()
    vera_with_password.refresh_from_db()
    assert vera_with_password.check_password(PASSWORD)
    assert sequenced() == []


def test_password_link_works_once(vera, fast_hashing, sequenced):
    link = people.password_link(vera)
    browser = Client()
    form_url = browser.get(link)["Location"]
    answer = browser.post(form_url, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert answer["Location"] == SIGN_IN
    vera.refresh_from_db()
    assert vera.check_password(PASSWORD)
    assert "This link has been used or has expired" in Client().get(link).content.decode()
    entries = sequenced()
    assert actions(entries) == ["user.link_issued", "user.password_changed"]
    assert [entry.actor for entry in entries] == ["test", str(vera.public_id)]


def test_health_tells_strangers_only_whether_it_is_well(sam, settings):
    answer = sam.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"healthy": True, "database": True, "broker": True})
    settings.CELERY_BROKER_URL = "redis://:secret@127.0.0.1:1/0"
    answer = sam.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"healthy": False, "database": True, "broker": False})


def test_sign_in_page_is_for_strangers_only(vera, sam):
    assert sam.get(reverse("console:sign_in")).status_code == 200
    assert client_of(vera).get(reverse("console:sign_in"))["Location"] == "/"


def test_guesses_are_limited_whatever_names_they_try(vera_with_password, sam, sequenced, monkeypatch):
    """Each leaves an entry for ever, and no name is tried often enough to be locked."""
    monkeypatch.setattr(signing_views, "ATTEMPTS", "3/h")
    answers = [sign_in(sam, f"name{number}", "wrong") for number in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert 0 < int(answers[3]["Retry-After"]) <= 3600
    assert actions(sequenced()) == ["user.sign_in_failed"] * 3


def test_another_address_of_the_same_ipv6_network_does_not_unlock(vera_with_password, sam):
    answers = [
        sam.post(SIGN_IN, {"username": "vera", "password": "wrong"}, REMOTE_ADDR=f"2001:db8:1:2::{number}")
        for number in range(1, 6)
    ]
    assert answers[-1].status_code == 429
    right = {"username": "vera", "password": PASSWORD}
    assert sam.post(SIGN_IN, right, REMOTE_ADDR="2001:db8:1:2::77").status_code == 429
    assert sam.post(SIGN_IN, right, REMOTE_ADDR="2001:db8:1:3::1").status_code == 302


def test_who_signed_in_from_where_is_kept_in_no_other_log(vera_with_password, sam):
    assert sign_in(sam, "vera", PASSWORD).status_code == 302
    assert AccessLog.objects.count() == 0


def test_no_cache_keeps_what_staff_see(vera_with_password, sam):
    sign_in(sam, "vera", PASSWORD)
    for address in ("/", "/requests/", "/requests/?format=csv", "/api/v1/requests/", "/nowhere/"):
        assert "no-store" in sam.get(address)["Cache-Control"], address
