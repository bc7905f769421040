from celery import shared_task

from audit.ledger.context import Actor, acting
from erasure.expiry import jobs


@shared_task(name="expiry.run_standing")
def run_standing() -> None:
    """After the nightly count: what policies with a standing approval ask for."""
    with acting(Actor("system", "schedule")):
        jobs.request_standing()


@shared_task(name="expiry.resume")
def resume() -> None:
    """A store that was silent is asked again, for as long as it takes."""
    with acting(Actor("system", "schedule")):
        jobs.resume_all()
