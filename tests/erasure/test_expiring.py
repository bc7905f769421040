"""What has run out goes by itself: once, and nothing a day too early."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from audit.ledger.models import Entry
from audit.ledger.sealed import DESTROYED, open_facts
from erasure import expiring
from erasure.models import Hit, Identifier, Package, PackagePart, SubjectRequest
from erasure.requests import identity, intake
from erasure.tasks import expire
from governance.keyring.lookups import lookup_of
from tests.erasure.answering import stored_as
from tests.erasure.estate import approve, entries, find, request_of
from tests.erasure.letters import letters
from tests.erasure.together import at_once

NOTHING = {"rejected": 0, "packages": 0, "keys": 0, "forgotten": 0}
DAY = timedelta(days=1)


def aged(request: SubjectRequest, age: timedelta) -> None:
    SubjectRequest.objects.filter(pk=request.pk).update(closed_at=timezone.now() - age)


def ask(email: str = "ana@example.org") -> SubjectRequest:
    return intake.receive(kind="erasure", identifiers=[("contact.email", email)], channel="form")


def test_the_schedule_names_the_task() -> None:
    assert expire.name == "erasure.expire"
    assert "erasure.expire" in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}


def test_thirty_days_after_the_end_identifiers_and_keys_are_destroyed(shop, amir, petra, work) -> None:
    request = approve(find(request_of("ana@example.org", amir), amir, work), petra, work)
    assert request.state == "complete"
    aged(request, timedelta(days=40))
    assert expiring.expire() == NOTHING  # it is to be searched for once more
    SubjectRequest.objects.update(look_again_at=None)
    aged(request, timedelta(days=30) - timedelta(minutes=1))
    assert expiring.expire() == NOTHING
    assert Hit.objects.filter(sealed_keys=None).count() == 0

    aged(request, timedelta(days=30))
    assert expiring.expire() == {**NOTHING, "keys": 1}
    identifier = Identifier.objects.get()
    assert (identifier.sealed, identifier.value) == (None, "")
    assert bytes(identifier.lookup) == lookup_of("contact.email", "ana@example.org")
    assert list(Hit.objects.values_list("sealed_keys", flat=True)) == [None] * 4
    assert [hit.rows for hit in request.hits.order_by("data_set__name")] == [1, 2, 2, 3]
    assert request.plans.get().steps.count() == 4

    assert expiring.expire() == NOTHING
    assert entries("request.keys_destroyed") == [{}]
    assert Entry.objects.get(action="request.keys_destroyed").actor == "expiry"
    verified = Entry.objects.get(action="request.identity_verified")
    assert open_facts(verified) == {"method": "officer", "note": DESTROYED}


@pytest.mark.parametrize(
    "state", [s for s in SubjectRequest.State.values if s not in ("complete", "rejected")]
)
def test_an_open_request_keeps_what_it_needs(amir, state: str) -> None:
    request = request_of("ana@example.org", amir)
    SubjectRequest.objects.update(state=state, closed_at=timezone.now() - 90 * DAY)
    assert expiring.expire() == NOTHING
    assert request.identifiers.get().value == "ana@example.org"


def test_a_rejected_request_is_forgotten_too(amir) -> None:
    request = request_of("ana@example.org", amir)
    SubjectRequest.objects.update(state="rejected")
    aged(request, 31 * DAY)
    assert expiring.expire() == {**NOTHING, "keys": 1}
    assert request.identifiers.get().sealed is None


def test_an_expired_package_is_deleted_with_its_parts(amir) -> None:
    for email in ("ana@example.org", "bo@example.org"):
        request = request_of(email, amir, kind="access")
        SubjectRequest.objects.filter(pk=request.pk).update(state="found")
        request.refresh_from_db()
        stored_as(request, email.encode())
    first, second = Package.objects.order_by("pk")
    Package.objects.filter(pk=first.pk).update(expires_at=timezone.now())
    assert expiring.expire() == {**NOTHING, "packages": 1}
    assert Package.objects.get() == second
    assert PackagePart.objects.get().package == second
    assert entries("package.expired") == [{"sha256": first.sha256}]
    assert expiring.expire() == NOTHING


def test_who_never_confirms_is_rejected_once_the_answer_was_due(
    db: None, django_capture_on_commit_callbacks: Callable
) -> None:
    late, pending, due_today, confirmed = (ask(f"p{number}@example.org") for number in range(4))
    with django_capture_on_commit_callbacks(execute=True):
        identity.send_link(pending)
    identity.confirm_by_officer(confirmed, how="By telephone.")
    yesterday = timezone.localdate() - DAY
    SubjectRequest.objects.exclude(pk=due_today.pk).update(due_on=yesterday)
    SubjectRequest.objects.filter(pk=due_today.pk).update(due_on=timezone.localdate())

    with django_capture_on_commit_callbacks(execute=True):
        assert expiring.expire() == {**NOTHING, "rejected": 2}
        assert expiring.expire() == NOTHING
    states = {request.pk: request.state for request in SubjectRequest.objects.all()}
    assert states == {
        late.pk: "rejected",
        pending.pk: "rejected",
        due_today.pk: "received",
        confirmed.pk: "verified",
    }
    late.refresh_from_db()
    assert late.outcome == f"rejected: {expiring.UNCONFIRMED}"
    assert late.closed_at is not None
    assert [to for to, _ in letters()] == [
        "p1@example.org"
    ]  # the link alone: the address was never confirmed
    assert entries("request.rejected") == [{"reason": expiring.UNCONFIRMED}] * 2
    assert ask("p0@example.org").reference != late.reference


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_it_once(amir) -> None:
    for number in range(40):
        request = request_of(f"p{number}@example.org", amir)
        SubjectRequest.objects.filter(pk=request.pk).update(
            state="complete", closed_at=timezone.now() - 31 * DAY
        )
    first, second = at_once(*[(expiring.EXPIRY, expiring.expire)] * 2)
    assert first["keys"] + second["keys"] == 40
    assert entries("request.keys_destroyed") == [{}] * 40
    assert not Identifier.objects.filter(sealed__isnull=False).exists()
