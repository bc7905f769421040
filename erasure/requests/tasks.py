from celery import shared_task

from erasure.requests import importing, reminding
from erasure.requests.letters import sending


@shared_task(name="requests.send_letters")
def send_letters() -> None:
    sending.send_due()


@shared_task(name="requests.remind")
def remind() -> None:
    reminding.remind()
    importing.forget()
