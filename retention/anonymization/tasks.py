from celery import shared_task

from audit.ledger.context import Actor, acting
from retention.anonymization import sending, staging, taking


@shared_task(name="anonymization.send_notices")
def send_notices() -> None:
    with acting(Actor("system", "schedule")):
        sending.send_due()
        staging.sweep()


@shared_task(name="anonymization.work_on")
def work_on(run_id: str) -> None:
    taking.work_on(run_id)
