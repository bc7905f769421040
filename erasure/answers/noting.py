"""What every package says of the controller."""

from django.db import transaction

from audit.ledger.recording import record
from erasure.answers import events
from erasure.answers.models import Notice

FIELDS = ("authority", "automated_decisions", "sources")


@transaction.atomic
def change_notice(**texts: str) -> Notice:
    """Set the given fields; the ledger has which of them changed."""
    notice = Notice.objects.first() or Notice()
    changed = [name for name, text in texts.items() if name in FIELDS and getattr(notice, name) != text]
    for name in changed:
        setattr(notice, name, texts[name])
    if changed:
        notice.save()
        record(events.NOTICE_CHANGED, notice, fields=changed)
    return notice
