from celery import shared_task

from audit.ledger.context import Actor, acting
from catalog import scanning


@shared_task(name="catalog.scan_nightly")
def scan_nightly() -> None:
    with acting(Actor("system", "schedule")):
        scanning.request_nightly()
