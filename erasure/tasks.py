from celery import shared_task

from erasure import expiring


@shared_task(name="erasure.expire")
def expire() -> None:
    expiring.expire()
