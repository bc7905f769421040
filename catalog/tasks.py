from celery import shared_task

from audit.ledger.context import Actor, acting
from catalog import scanning
from catalog.lineage import expiring


@shared_task(name="catalog.scan_nightly")
def scan_nightly() -> None:
    with acting(Actor("system", "schedule")):
        scanning.request_nightly()


@shared_task(name="catalog.expire_lineage")
def expire_lineage() -> None:
    with acting(Actor("system", "schedule")):
        expiring.expire()
