"""Telling others that a job has ended: CloudEvents 1.0 in structured JSON, written with the record of the job.

Source: CNCF, CloudEvents 1.0.2, JSON event format, HTTP protocol binding, Kafka protocol binding.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown

from retention.anonymization.models import Notice, Run, Sink

logger = logging.getLogger("console.anonymization")
TYPE = "org.privacy-console.anonymization"
CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"


def tell(run: Run) -> None:
    """One notice for each sink, in the transaction of what it tells of; sent once that is durable."""
    now = timezone.now()
    notices = [
        Notice(run=run, sink=sink, body=cloud_event(run, id=str(uuid.uuid4())), due_at=now)
        for sink in Sink.objects.all()
    ]
    Notice.objects.bulk_create(notices)
    if notices:
        transaction.on_commit(send_soon)


def cloud_event(run: Run, *, id: str) -> dict[str, Any]:
    """The event: what ran and what came of it; no value of the data, and nothing a person could be told by."""
    return {
        "specversion": "1.0",
        "id": id,
        "source": f"{settings.PUBLIC_URL.rstrip('/')}/anonymization",
        "type": f"{TYPE}.{run.outcome}",
        "subject": str(run.pk),
        "time": (run.finished_at or timezone.now()).isoformat(),
        "datacontenttype": "application/json",
        "data": {
            "job": str(run.pk),
            "outcome": run.outcome,
            "source": run.source,
            "destination": run.destination,
            "use": run.use,
            "runner": run.runner,
            "fingerprint": run.fingerprint,
            "rows": run.record_count,
            "location": run.location,
            "sha256": run.digest,
            "problem": run.problem,
            "techniques": {rule["column"]: rule["technique"] for rule in run.rules["rules"]},
        },
    }


def send_soon() -> None:
    """Tell the workers that notices wait. A broker that is down delays them until the schedule looks."""
    try:
        current_app.send_task("anonymization.send_notices", retry=False)
    except BrokerDown:
        logger.warning("The broker does not answer; completion events wait for the schedule.")
