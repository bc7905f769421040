from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import System
from erasure.registry import backups
from erasure.registry.models import Backup
from governance.console.models import User
from tests.people import client_of


@pytest.fixture
def nightly(shop: System, emil: User, somebody_acts) -> Backup:
    today = timezone.localdate()
    return backups.note(
        shop,
        name="nightly",
        made_at=timezone.now() - timedelta(days=1),
        kept_until=today + timedelta(days=30),
        by=emil,
    )


def test_a_backup_holds_whom_it_was_made_before(nightly: Backup, planned, second, work) -> None:
    plan = planned.plans.get()
    assert backups.held_by(nightly) == []
    second.post(
        f"{plan.get_absolute_url()}approve/",
        {"fingerprint": plan.fingerprint, "typed": plan.request.reference},
    )
    work()
    plan.request.refresh_from_db()
    assert plan.request.state == "complete"
    later = backups.note(
        nightly.system, name="later", made_at=timezone.now(), kept_until=timezone.localdate()
    )
    assert backups.held_by(nightly) == [plan.request]
    assert backups.held_by(later) == []
    assert [(each.request, each.backup) for each in backups.still_hold([plan.request])] == [
        (plan.request, nightly)
    ]
    backups.confirm_destroyed(nightly, evidence="The bucket is empty.")
    assert backups.held_by(nightly) == []
    assert backups.still_hold([plan.request]) == []
    with pytest.raises(ValidationError, match="destroyed already"):
        backups.confirm_destroyed(nightly, evidence="Again.")


def test_what_cannot_be_noted(nightly: Backup) -> None:
    now, today = timezone.now(), timezone.localdate()
    for values, sentence in (
        ({"name": "nightly", "made_at": now, "kept_until": today}, "is known already"),
        ({"name": " ", "made_at": now, "kept_until": today}, "Give the name"),
        ({"name": "a", "made_at": now, "kept_until": today - timedelta(days=2)}, "cannot end before"),
        (
            {"name": "a", "made_at": now + timedelta(hours=1), "kept_until": today + timedelta(9)},
            "in the future",
        ),
    ):
        with pytest.raises(ValidationError, match=sentence):
            backups.note(nightly.system, **values)
    assert Backup.objects.count() == 1


def test_a_backup_past_its_day_is_overdue_until_somebody_confirms(nightly: Backup, emil: User) -> None:
    Backup.objects.update(
        kept_until=timezone.localdate() - timedelta(days=1), made_at=timezone.now() - timedelta(days=9)
    )
    client = client_of(emil)
    assert "nightly" in client.get("/retention/registry/backups/?state=overdue").content.decode()
    assert client.post(f"{nightly.get_absolute_url()}destroyed/", {"evidence": ""}).status_code == 422
    client.post(f"{nightly.get_absolute_url()}destroyed/", {"evidence": "Seen in the console of S3."})
    nightly.refresh_from_db()
    assert nightly.state == "destroyed"


def test_the_tool_that_makes_backups_notes_them(shop: System, emil: User, vera: User) -> None:
    api = APIClient()
    api.force_authenticate(emil)
    given = {
        "system": shop.name,
        "name": "2026-11-29",
        "made_at": "2026-11-01T02:00:00Z",
        "kept_until": "2027-02-28",
    }
    made = api.post("/api/v1/backups/", given, format="json")
    assert (made.status_code, made.json()["state"]) == (201, "kept")
    again = api.post("/api/v1/backups/", given, format="json")
    assert again.status_code == 400
    assert again.json()["errors"] == {"name": [f"The backup 2026-11-29 of {shop.name} is known already."]}
    api.force_authenticate(vera)
    assert api.post("/api/v1/backups/", given, format="json").status_code == 403
    assert api.get("/api/v1/backups/").json()["count"] == 1


def test_a_list_is_checked_and_forgotten(shop: System, amir: User, vera: User) -> None:
    client = client_of(amir)
    answer = client.post(
        "/retention/registry/check/",
        {"category": "contact.email", "use": "keep", "values": "ana@example.org\nben@example.org"},
    )
    text = answer.content.decode()
    assert "None of 2 lines is of a registered person." in text
    assert "ana@example.org" not in text
    assert client_of(vera).get("/retention/registry/check/").status_code == 403
