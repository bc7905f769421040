import re

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from governance.console import people, tokens
from governance.console.models import ApiToken, User
from governance.console.permissions import PERMISSIONS, Role
from tests.people import api_of, client_of, person

NEW = {
    "username": "nora",
    "first_name": "Nora",
    "last_name": "Ito",
    "email": "nora@example.org",
    "role": "steward",
}


def actions(entries):
    return [(entry.action, entry.object_id, entry.content["facts"]) for entry in entries]


def test_added_person_has_no_password_and_stands_in_the_ledger_without_a_name(ada, sequenced):
    answer = client_of(ada).post("/people/add/", NEW)
    nora = User.objects.get(username="nora")
    assert answer["Location"] == f"/people/{nora.pk}/"
    assert not nora.has_usable_password()
    (entry,) = sequenced()
    assert actions([entry]) == [("user.added", str(nora.pk), {"role": "steward"})]
    assert entry.actor == str(ada.public_id)
    assert b"ora" not in bytes(entry.body)


def test_username_taken_is_said_on_the_form(ada, vera):
    answer = client_of(ada).post("/people/add/", NEW | {"username": "vera"})
    assert answer.status_code == 422
    assert "A user with that username already exists." in answer.content.decode()


def test_role_and_access_change_and_are_recorded(ada, vera, sequenced):
    client_of(ada).post(f"/people/{vera.pk}/", {"role": "officer"})
    vera.refresh_from_db()
    assert (vera.role, vera.is_active) == ("officer", False)
    assert actions(sequenced()) == [("user.changed", str(vera.pk), {"role": "officer", "active": False})]


def test_unchanged_access_leaves_no_entry(ada, vera, sequenced):
    people.change(vera, role=vera.role, active=True, by=ada)
    assert sequenced() == []


@pytest.mark.parametrize(("role", "active"), [("officer", True), ("administrator", False)])
def test_nobody_changes_their_own_access(role, active, ada, sequenced):
    person("alma", Role.ADMINISTRATOR)
    answer = client_of(ada).post(f"/people/{ada.pk}/", {"role": role} | ({"active": "on"} if active else {}))
    assert answer.status_code == 422
    assert "Nobody changes their own role or access" in answer.content.decode()
    ada.refresh_from_db()
    assert (ada.role, ada.is_active) == ("administrator", True)
    assert sequenced() == []


def test_last_active_administrator_stays(ada, vera):
    closed = person("alma", Role.ADMINISTRATOR)
    closed.is_active = False
    closed.save()
    with pytest.raises(ValidationError, match="last active administrator"):
        people.change(ada, role=Role.OFFICER, active=True, by=vera)
    people.change(closed, role=Role.ADMINISTRATOR, active=True, by=ada)
    assert people.change(ada, role=Role.OFFICER, active=True, by=closed).role == "officer"


def test_closed_account_is_out_at_once(ada, vera):
    browser, program = client_of(vera), api_of(vera)
    people.change(vera, role=vera.role, active=False, by=ada)
    assert browser.get("/").status_code == 302
    assert program.get("/api/v1/me/").status_code == 401


def test_password_link_is_shown_to_the_administrator_only_once(ada, vera, sequenced):
    answer = client_of(ada).post(f"/people/{vera.pk}/link/")
    link = re.search(r"<code data-link>(.*?)</code>", answer.content.decode())[1]
    assert link.startswith("http://testserver/password/")
    assert "no-store" in answer["Cache-Control"]
    assert actions(sequenced()) == [("user.link_issued", str(vera.pk), {})]


def test_people_are_filtered_by_the_url(ada, vera, dana):
    text = client_of(ada).get("/people/?role=auditor").content.decode()
    assert f'id="row-{vera.pk}"' in text
    assert f'id="row-{dana.pk}"' not in text


def test_token_secret_is_shown_once_and_kept_as_a_hash(emil, sequenced):
    browser = client_of(emil)
    form = {"name": "pipeline", "days": 30, "scopes": ["catalog.view", "catalog.scan"]}
    answer = browser.post("/account/", form)
    secret = re.search(r"<code data-secret>(.*?)</code>", answer.content.decode())[1]
    token = ApiToken.objects.get()
    assert token.digest == ApiToken.hash(secret)
    assert token.scopes == ["catalog.scan", "catalog.view"]
    assert secret not in browser.get("/account/").content.decode()
    (entry,) = sequenced()
    assert actions([entry]) == [
        (
            "token.issued",
            str(token.pk),
            {"scopes": token.scopes, "expires": token.expires_at.date().isoformat()},
        )
    ]
    assert secret.encode() not in bytes(entry.body)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"scopes": ["people.manage"], "days": 30}, "scopes"),
        ({"scopes": ["catalog.view"], "days": 366}, "days"),
        ({"scopes": ["catalog.view"], "days": 0}, "days"),
        ({"scopes": [], "days": 30}, "scopes"),
    ],
)
def test_token_beyond_role_or_a_year_is_refused(asked, field, emil, sequenced):
    with pytest.raises(ValidationError) as refusal:
        tokens.issue(emil, name="pipeline", **asked)
    assert list(refusal.value.message_dict) == [field]
    assert client_of(emil).post("/account/", {"name": "pipeline", **asked}).status_code == 422
    assert not ApiToken.objects.exists()
    assert sequenced() == []


def test_revoked_token_opens_nothing(emil, sequenced):
    program = api_of(emil)
    token = ApiToken.objects.get()
    assert program.get("/api/v1/me/").status_code == 200
    assert client_of(emil).post(f"/account/tokens/{token.pk}/revoke/").status_code == 302
    answer = program.get("/api/v1/me/")
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["detail"] == "This token is revoked: issue a new one on your account page."
    assert [entry.action for entry in sequenced()] == ["token.revoked"]


def test_somebody_elses_token_is_not_there(emil, vera):
    api_of(emil)
    token = ApiToken.objects.get()
    assert client_of(vera).post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert api_of(vera).post(f"/api/v1/tokens/{token.pk}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_expired_token_opens_nothing(emil):
    program = api_of(emil)
    ApiToken.objects.update(expires_at=timezone.now())
    assert program.get("/api/v1/me/").json()["detail"].startswith("This token is expired")


def test_scopes_limit_a_token_below_its_role(emil):
    program = api_of(emil, "jobs.view")
    assert program.get("/api/v1/jobs/").status_code == 200
    refused = program.get("/api/v1/me/")
    assert refused.status_code == 403
    assert refused.json()["detail"] == "Your role, or your token's scopes, do not include this."


def test_me_says_what_the_token_may(emil):
    body = api_of(emil, "overview.view", "jobs.view").get("/api/v1/me/").json()
    assert body == {
        "id": str(emil.public_id),
        "username": "emil",
        "name": "Emil",
        "role": "engineer",
        "scopes": ["overview.view", "jobs.view"],
    }


def test_token_cannot_issue_beyond_itself(emil):
    program = api_of(emil, "account.manage", "jobs.view")
    refused = program.post(
        "/api/v1/tokens/", {"name": "x", "scopes": ["catalog.scan"], "days": 1}, format="json"
    )
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == ["scopes"]
    longer = program.post(
        "/api/v1/tokens/", {"name": "x", "scopes": ["jobs.view"], "days": 200}, format="json"
    )
    assert list(longer.json()["errors"]) == ["days"]
    issued = program.post("/api/v1/tokens/", {"name": "x", "scopes": ["jobs.view"], "days": 1}, format="json")
    assert issued.status_code == 201
    assert ApiToken.objects.filter(digest=ApiToken.hash(issued.json()["secret"])).get().scopes == [
        "jobs.view"
    ]
    assert "secret" not in program.get("/api/v1/tokens/").json()["results"][0]


def test_people_over_the_api(ada, sequenced):
    program = api_of(ada)
    created = program.post("/api/v1/people/", NEW, format="json")
    assert created.status_code == 201
    nora = User.objects.get(username="nora")
    assert not nora.has_usable_password()
    changed = program.patch(f"/api/v1/people/{nora.pk}/", {"active": False}, format="json")
    assert (changed.json()["role"], changed.json()["active"]) == ("steward", False)
    refused = program.patch(f"/api/v1/people/{ada.pk}/", {"role": "auditor"}, format="json")
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("Nobody changes their own role or access")
    listed = program.get("/api/v1/people/?active=false").json()
    assert [row["username"] for row in listed["results"]] == ["nora"]
    assert [entry.action for entry in sequenced()] == ["user.added", "user.changed"]


def test_every_permission_is_held_by_somebody():
    assert all(roles for roles in PERMISSIONS.values())
    assert {role for roles in PERMISSIONS.values() for role in roles} == set(Role)
