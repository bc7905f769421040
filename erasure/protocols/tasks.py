from celery import shared_task

from audit.ledger.context import Actor, acting
from erasure.protocols import notifying


@shared_task(name="protocols.notify")
def notify() -> None:
    with acting(Actor("system", "schedule")):
        notifying.notice_changes()
        notifying.send_due()
