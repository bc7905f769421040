"""A step becomes a task of whoever can do it: by webhook where they have one, otherwise by letter and page."""

import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.models import System
from erasure.custodians import events
from erasure.custodians.letters import custodian_of, write
from erasure.custodians.models import Recipient, Task, Webhook
from erasure.models import Step, SubjectRequest

LEFT_TO_THEM = ("ask", "ask to correct")  # the methods of steps on rows that a custodian changes
USUAL = timedelta(days=14)
BEFORE_THE_ANSWER = timedelta(days=3)  # the person has to be answered after it
LINK_FOR = timedelta(days=30)
# After which a letter that was not seen to go out is sent by the sweep: whoever was to send it may have died.
UNSENT = timedelta(minutes=2)


def ask_custodian(step: Step, system: System, *, data_sets: Iterable[str]) -> Task:
    """The task of this step, made and sent the first time."""
    return _ask(step, data_sets, system=system)


def tell_recipient(step: Step, recipient: Recipient, *, data_sets: Iterable[str]) -> Task:
    """The notice of Art. 19 for this step, made and sent the first time."""
    return _ask(step, data_sets, recipient=recipient)


@transaction.atomic
def _ask(
    step: Step, data_sets: Iterable[str], *, system: System | None = None, recipient: Recipient | None = None
) -> Task:
    request = step.plan.request
    assert request is not None
    webhook = Webhook.objects.filter(system=system, recipient=recipient).exists()
    # A later plan of the same request takes over what an earlier one asked for and has had no answer to.
    earlier = Task.objects.filter(
        request=request, system=system, recipient=recipient, state__in=Task.OPEN
    ).exclude(step=step)
    if taken_over := earlier.select_for_update().first():
        taken_over.step, taken_over.data_sets = step, sorted(data_sets)
        taken_over.save(update_fields=["step", "data_sets"])
        return taken_over
    task, made = Task.objects.get_or_create(
        step=step,
        defaults={
            "request": request,
            "system": system,
            "recipient": recipient,
            "data_sets": sorted(data_sets),
            "due_on": due_on(request),
            "next_try_at": timezone.now() + (timedelta() if webhook else UNSENT),
        },
    )
    if not made:
        return task
    record(
        events.TASK_GIVEN,
        task,
        subject=request.subject,
        whom=str(task.whom),
        way="webhook" if webhook else "letter",
        due=task.due_on.isoformat(),
        plan=step.plan.number,
        step=step.position,
    )
    if not webhook:
        transaction.on_commit(lambda: send_letter(task))
    return task


def due_on(request: SubjectRequest) -> date:
    """In two weeks, or some days before the person must be answered; tomorrow at the earliest."""
    today = timezone.localdate()
    return max(today + timedelta(days=1), min(today + USUAL, request.due_on - BEFORE_THE_ANSWER))


def send_letter(task: Task, *, reminder: bool = False) -> bool:
    """Write to whom it is for; a recipient's letter has a link of its own, which ends the earlier one."""
    if task.recipient is None:
        template = "task_reminder" if reminder else "task"
        sent = write(template, custodian_of(task), task=task)
    elif task.recipient.contact_email:
        secret = secrets.token_urlsafe(32)
        Task.objects.filter(pk=task.pk).update(
            link_digest=digest_of(secret), link_expires_at=timezone.now() + LINK_FOR
        )
        template = "notice_reminder" if reminder else "notice"
        sent = write(template, [task.recipient.contact_email], task=task, secret=secret)
    else:
        sent = False
    problem = (
        "" if sent else "No letter could be sent: nobody has an e-mail address, or the mail server is down."
    )
    told: dict[str, datetime | None] = {"told_at": timezone.now()} if sent else {}
    if sent and not reminder:
        told["next_try_at"] = None
    Task.objects.filter(pk=task.pk).update(problem=problem, **told)
    return sent


def digest_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def task_for(secret: str) -> Task | None:
    """The task that a recipient's link leads to, while it is open and the link is not too old."""
    return (
        Task.objects.select_related("request", "recipient", "step")
        .filter(link_digest=digest_of(secret), link_expires_at__gt=timezone.now(), state__in=Task.OPEN)
        .first()
    )
