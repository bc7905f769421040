from celery import shared_task

from audit.ledger.context import Actor, acting
from erasure import expiring, jobs


@shared_task(name="erasure.expire")
def expire() -> None:
    expiring.expire()


@shared_task(name="erasure.recheck")
def recheck() -> None:
    """Stores that need time, custodians who answer, systems that were down: for as long as it takes."""
    with acting(Actor("system", "schedule")):
        jobs.recheck()
