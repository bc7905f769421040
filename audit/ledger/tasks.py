from celery import shared_task

from audit.ledger import guarding, stamping
from audit.ledger.context import Actor, acting
from audit.ledger.sequencing import sequence


@shared_task(name="ledger.sequence")
def sequence_waiting() -> None:
    """The safety net under `manage.py sequence`, which does this within milliseconds."""
    sequence()


@shared_task(name="ledger.checkpoint")
def sign_checkpoint() -> None:
    """Every few minutes, if there is anything new."""
    with acting(Actor("system", "schedule")):
        guarding.sign()


@shared_task(name="ledger.stamp")
def stamp() -> None:
    """Every hour, where an authority is configured."""
    with acting(Actor("system", "schedule")):
        stamping.stamp_latest()


@shared_task(name="ledger.export")
def export() -> None:
    """Every hour: what is new goes to write-once storage."""
    with acting(Actor("system", "schedule")):
        guarding.export_now()


@shared_task(name="ledger.verify")
def verify() -> None:
    """Every night: the whole ledger, and every checkpoint against it."""
    with acting(Actor("system", "schedule")):
        guarding.verify()
