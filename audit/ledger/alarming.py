"""Alarms about the ledger: raised once, standing until a person says what was found."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.events import Event, Fact
from audit.ledger.models import Alarm
from audit.ledger.recording import record

RAISED = Event(
    "ledger.alarm_raised", "raised an alarm about the ledger", {"kind": Fact.WORD, "message": Fact.TEXT}
)
SETTLED = Event(
    "ledger.alarm_settled", "settled an alarm about the ledger", {"kind": Fact.WORD, "how": Fact.TEXT}
)


@transaction.atomic
def raise_alarm(kind: str, message: str, *, up_to: int | None = None) -> Alarm:
    """The alarm of that kind; one that stands already is left as it is, and recorded once."""
    alarm, fresh = Alarm.objects.get_or_create(
        kind=kind, settled_at=None, defaults={"message": message, "raised_at": timezone.now(), "up_to": up_to}
    )
    if fresh:
        record(RAISED, alarm, kind=kind, message=message[:1_000])
    return alarm


@transaction.atomic
def settle(alarm: Alarm, *, how: str) -> None:
    """Somebody has looked and says what it was. Raises ValidationError."""
    if not how.strip():
        raise ValidationError({"how": "Say what you found and what was done."})
    settled = Alarm.objects.filter(pk=alarm.pk, settled_at=None).update(
        settled_at=timezone.now(), settled_how=how.strip()[:300]
    )
    if not settled:
        raise ValidationError("This alarm has been settled already.")
    alarm.refresh_from_db()
    record(SETTLED, alarm, kind=alarm.kind, how=how.strip()[:300])
