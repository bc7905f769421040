"""Setting, testing and removing webhooks. The secret is made here, shown to whoever set it, and never again."""

import uuid

import orjson
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.models import System
from erasure.custodians import events
from erasure.custodians.models import Recipient, Webhook
from erasure.custodians.posting import NotSent, post, require_safe_url, resolve
from erasure.custodians.signing import new_secret, signed
from governance.keyring.sealing import CannotOpen


@transaction.atomic
def set_webhook(owner: System | Recipient, url: str) -> tuple[Webhook, str]:
    """The webhook of a system or recipient, with a new secret. Raises ValidationError for an address not to be used."""
    url = url.strip()
    try:
        if len(url) > 500:
            raise NotSent("The address has more than 500 characters.")
        host = resolve_host(url)
    except NotSent as refusal:
        raise ValidationError({"url": str(refusal)}) from None
    Webhook.objects.filter(**_owned(owner)).delete()
    webhook = Webhook(url=url, **_owned(owner))
    secret = new_secret()
    webhook.set_secret(secret)
    webhook.save()
    record(events.WEBHOOK_SET, webhook, whom=str(owner), host=host)
    return webhook, secret


def test(webhook: Webhook) -> str:
    """Send a signed message that asks for nothing; what went wrong, or nothing."""
    body = orjson.dumps({"type": "test", "timestamp": timezone.now().isoformat(), "data": {}})
    try:
        post(webhook.url, body, signed(f"test_{uuid.uuid4()}", body, secret=webhook.secret))
        problem = ""
    except (NotSent, CannotOpen) as refusal:
        problem = str(refusal)
    with transaction.atomic():
        Webhook.objects.filter(pk=webhook.pk).update(tested_at=timezone.now(), problem=problem[:300])
        record(
            events.WEBHOOK_TESTED,
            webhook,
            host=require_safe_url(webhook.url).hostname or "",
            answered=not problem,
        )
    webhook.refresh_from_db()
    return problem


@transaction.atomic
def remove_webhook(webhook: Webhook) -> None:
    """Tasks go to a person from now on."""
    record(events.WEBHOOK_REMOVED, webhook, whom=str(webhook.owner))
    webhook.delete()


def resolve_host(url: str) -> str:
    """The host of an address that may be used. Raises NotSent."""
    parts = require_safe_url(url)
    resolve(parts)
    return parts.hostname or ""


def _owned(owner: System | Recipient) -> dict[str, System | Recipient]:
    return {"system": owner} if isinstance(owner, System) else {"recipient": owner}
