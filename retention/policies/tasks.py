from celery import shared_task

from audit.ledger.context import Actor, acting
from retention.policies import jobs


@shared_task(name="policies.count_due")
def count_due() -> None:
    """Every night, before anybody comes to look."""
    with acting(Actor("system", "schedule")):
        jobs.request()
