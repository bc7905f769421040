"""The record of a run: what became of it, in its row, in the ledger, and for whoever is to be told."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from retention.anonymization import events
from retention.anonymization.destinations.base import Delivered
from retention.anonymization.models import Run
from retention.anonymization.noticing import tell

MOST_RULES = 200  # in one entry of the ledger, which has 64 KB


@transaction.atomic
def completed(run: Run, delivered: Delivered, *, persons: int) -> None:
    """Once: a run that is told again was recorded before its worker died."""
    ended = (
        Run.objects.filter(pk=run.pk)
        .exclude(outcome=Run.Outcome.DELIVERED)
        .update(
            outcome=Run.Outcome.DELIVERED,
            location=delivered.location,
            digest=delivered.digest,
            record_count=run.record_count,
            problem="",
            finished_at=timezone.now(),
        )
    )
    if not ended:
        return
    run.refresh_from_db()
    record(
        events.COMPLETED,
        run,
        **facts_of(run),
        rules=rules_table(run),
        records=run.record_count or 0,
        checks=len(run.validation.get("checks", ())),
        validation="passed" if run.validation.get("passed") else "none",
        output=run.digest,
        persons=persons,
    )
    tell(run)


def failed(run: Run, reason: str) -> None:
    """In the transaction that ends the job. A run that validation refused says which columns; no value is named."""
    leaks = sorted(
        {check["column"] for check in run.validation.get("checks", ()) if check["result"] == "leak"}
    )
    refused = bool(leaks) or run.validation.get("passed") is False
    run.outcome = Run.Outcome.REFUSED if refused else Run.Outcome.FAILED
    run.problem, run.finished_at = reason[:500], timezone.now()
    run.save(update_fields=["outcome", "problem", "finished_at"])
    if refused:
        record(events.REFUSED, run, **facts_of(run), rules=rules_table(run), columns=leaks)
    else:
        record(events.FAILED, run, **facts_of(run), reason="problem")
    tell(run)


def facts_of(run: Run) -> dict[str, Any]:
    return {
        "destination": run.destination,
        "use": run.use,
        "runner": run.runner,
        "fingerprint": run.fingerprint,
    }


def rules_table(run: Run) -> list[dict[str, str]]:
    """The technique of each column, and why; of very wide tables the first columns, the rest is in the fingerprint."""
    rules = run.rules["rules"][:MOST_RULES]
    return [
        {"column": rule["column"][:100], "technique": rule["technique"], "reason": rule["reason"][:60]}
        for rule in rules
    ]
