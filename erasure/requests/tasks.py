from celery import shared_task

from erasure.requests.letters import sending


@shared_task(name="requests.send_letters")
def send_letters() -> None:
    sending.send_due()
