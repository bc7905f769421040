from celery import shared_task

from audit.ledger.checkpoints import checkpoint
from audit.ledger.sequencing import sequence


@shared_task(name="ledger.sequence")
def sequence_waiting() -> None:
    """The safety net under `manage.py sequence`, which does this within milliseconds."""
    sequence()


@shared_task(name="ledger.checkpoint")
def sign_checkpoint() -> None:
    """Every few minutes, if there is anything new."""
    checkpoint()
