"""The Celery application: a task is a claim and a call, found in each app's `tasks`."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")

app = Celery("governance")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def settle(**_: Any) -> None:
    """What a worker has loaded stays: the garbage collector need not go through it again with each large batch."""
    gc.collect()
    gc.freeze()
