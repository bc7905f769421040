"""The register of recipients: who receives personal data, from what, and how they are reached."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.localization.regions import require_region
from catalog.models import DataSet
from erasure.custodians import events
from erasure.custodians.models import Recipient
from erasure.models import SubjectRequest
from erasure.requests.letters import send_letter
from erasure.requests.states import NotNow
from governance.activities.models import ProcessingActivity

FIELDS = ("name", "kind", "contact_email", "region")


@transaction.atomic
def add(
    *,
    name: str,
    kind: str,
    contact_email: str = "",
    region: str = "",
    activities: Iterable[ProcessingActivity] = (),
    data_sets: Iterable[DataSet] = (),
) -> Recipient:
    """A new recipient. Raises ValidationError by field."""
    recipient = Recipient(
        name=name.strip(), kind=kind, contact_email=contact_email, region=require_region(region)
    )
    recipient.full_clean()
    recipient.save()
    recipient.activities.set(activities)
    recipient.data_sets.set(data_sets)
    record(events.RECIPIENT_ADDED, recipient, kind=str(recipient.kind), region=recipient.region)
    return recipient


@transaction.atomic
def change(
    recipient: Recipient,
    *,
    name: str,
    kind: str,
    contact_email: str = "",
    region: str = "",
    activities: Iterable[ProcessingActivity] = (),
    data_sets: Iterable[DataSet] = (),
) -> list[str]:
    """Change it; the names of the fields that changed. Raises ValidationError by field."""
    wanted = {
        "name": name.strip(),
        "kind": kind,
        "contact_email": contact_email,
        "region": require_region(region),
    }
    recipient = Recipient.objects.select_for_update().get(pk=recipient.pk)
    changed = [field for field in FIELDS if getattr(recipient, field) != wanted[field]]
    for field in changed:
        setattr(recipient, field, wanted[field])
    recipient.full_clean()
    recipient.save()
    for field, related in (("activities", activities), ("data_sets", data_sets)):
        manager = getattr(recipient, field)
        before = set(manager.values_list("pk", flat=True))
        if before != {each.pk for each in related}:
            manager.set(related)
            changed.append(field)
    if changed:
        record(events.RECIPIENT_CHANGED, recipient, fields=sorted(changed))
    return changed


@transaction.atomic
def end(recipient: Recipient) -> None:
    """Nothing is disclosed to them any more: no further plan tells them. Raises ValidationError if it ended before."""
    ended = Recipient.objects.filter(pk=recipient.pk, ended_at=None).update(ended_at=timezone.now())
    if not ended:
        raise ValidationError(f"{recipient} is out of the register already.")
    recipient.refresh_from_db()
    record(events.RECIPIENT_ENDED, recipient)


def recipients_of(data_sets: Iterable[DataSet]) -> dict[DataSet, list[Recipient]]:
    """Who receives data from each of these, by its activities or directly."""
    by_key = {data_set.pk: data_set for data_set in data_sets}
    of_activities = DataSet.objects.filter(pk__in=by_key).values_list("pk", "activities__known_recipients")
    directly = DataSet.objects.filter(pk__in=by_key).values_list("pk", "recipients")
    pairs = {*of_activities, *directly}
    known = Recipient.objects.filter(ended_at=None).in_bulk(
        [recipient for _, recipient in pairs if recipient]
    )
    found: dict[DataSet, list[Recipient]] = {data_set: [] for data_set in by_key.values()}
    for data_set, recipient in pairs:
        if recipient in known:
            found[by_key[data_set]].append(known[recipient])
    return found


def not_in_register() -> list[str]:
    """Recipients that activities name in words and that nobody has registered: they are not told of anything."""
    known = {name.casefold() for name in Recipient.objects.values_list("name", flat=True)}
    named = {
        name
        for names in ProcessingActivity.objects.values_list("recipients", flat=True)
        for name in names
        if name.casefold() not in known and name.casefold() not in ("none", "nobody")
    }
    return sorted(named)


@transaction.atomic
def name_recipients(request: SubjectRequest) -> list[str]:
    """Write to the person who was told of their request, as they may ask: Art. 19. Raises NotNow if nobody was."""
    told = list(
        Recipient.objects.filter(tasks__request=request)
        .distinct()
        .order_by("name")
        .values_list("name", flat=True)
    )
    if not told:
        raise NotNow(f"No recipient was told about {request}: there is nobody to name.")
    if request.verified_at is None:
        raise NotNow(f"The identity behind {request} is not verified: nothing is disclosed before.")
    record(events.RECIPIENTS_NAMED, request, subject=request.subject, recipients=told)
    send_letter(request, "recipients", recipients=told)
    return told
