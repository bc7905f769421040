from celery import shared_task

from audit.ledger.context import Actor, acting
from erasure.custodians import expiring, reminding, sending


@shared_task(name="custodians.send")
def send() -> None:
    with acting(Actor("system", "schedule")):
        sending.send_due()


@shared_task(name="custodians.remind")
def remind() -> None:
    with acting(Actor("system", "schedule")):
        reminding.remind()
        expiring.expire()
