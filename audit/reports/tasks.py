from celery import shared_task

from audit.ledger.context import Actor, acting
from audit.reports.schedules import delivering, forgetting, issuing

SCHEDULE = Actor("system", "report schedule")


@shared_task(name="reports.make_due")
def make_due() -> None:
    """Every few minutes: what came due is made, and what failed is tried again."""
    with acting(SCHEDULE):
        issuing.open_due()
        issuing.make_waiting()
        delivering.send_due()


@shared_task(name="reports.send")
def send() -> None:
    """Every minute: what was made goes to its places."""
    with acting(SCHEDULE):
        delivering.send_due()


@shared_task(name="reports.forget")
def forget() -> None:
    """Every night: old files and addresses go."""
    with acting(SCHEDULE):
        forgetting.forget()
