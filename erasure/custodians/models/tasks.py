import uuid

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from catalog.models import System
from erasure.custodians.models.recipients import Recipient
from erasure.models import Step, SubjectRequest
from erasure.requests.attaching import Attachment
from governance.console.models import User
from governance.keyring.sealing import open_json, seal_json
from retention.models import Exemption

Kind = SubjectRequest.Kind
TO_DO = {
    Kind.ERASURE: "Erase what this system holds of the person",
    Kind.RECTIFICATION: "Correct what this system holds of the person",
    Kind.RESTRICTION: "Restrict the processing of what this system holds of the person",
}
TO_TELL = {
    Kind.ERASURE: "We have erased the data of the person that you received from us: erase yours.",
    Kind.RECTIFICATION: "We have corrected the data of the person that you received from us: correct yours.",
    Kind.RESTRICTION: "We have restricted the processing of data of the person that you received from us: do so too.",
}


class Task(models.Model):
    """One step that somebody else carries out: the custodian of a system, or a recipient who is told (Art. 19)."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked"
        NEEDS_TIME = "needs time", "Needs time"
        DONE = "done", "Done"
        NOTHING_FOUND = "nothing found", "Nothing found"
        REFUSED = "refused", "Refused"
        IMPOSSIBLE = "impossible", "Impossible or disproportionate"  # to tell this recipient, Art. 19

    OPEN = (State.ASKED, State.NEEDS_TIME)
    GOOD = (State.DONE, State.NOTHING_FOUND)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # the idempotency key
    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="tasks")
    step = models.OneToOneField(Step, on_delete=models.CASCADE, related_name="task")
    system = models.ForeignKey(System, on_delete=models.PROTECT, null=True, related_name="tasks")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, null=True, related_name="tasks")
    data_sets = models.JSONField(default=list)  # their names
    state = models.CharField(max_length=16, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField()
    until = models.DateField(null=True)  # asked for by who needs time
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    answered_by_way = models.CharField(max_length=10, blank=True)  # page, webhook, link, api
    exemption = models.CharField(max_length=1, choices=Exemption.choices, blank=True)
    sealed_note = models.BinaryField(null=True)
    reminders = models.IntegerField(default=0)
    told_at = models.DateTimeField(null=True)  # when it reached whom it is for, by webhook or letter
    attempts = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)  # null: nothing is to be sent
    problem = models.CharField(max_length=300, blank=True)  # of the last try
    link_digest = models.CharField(max_length=64, blank=True)
    link_expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "custodians_task"
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="task_to_be_sent"
            ),
            models.Index(fields=["state", "due_on"], name="task_by_state"),
            models.Index(fields=["link_digest"], condition=~Q(link_digest=""), name="task_by_link"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(system__isnull=False, recipient=None) | Q(system=None, recipient__isnull=False),
                name="task_for_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.request.reference} {'in' if self.system_id else 'to'} {self.whom}"

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("custodians:task", args=[self.public_id])

    @property
    def whom(self) -> System | Recipient:
        whom = self.system or self.recipient
        assert whom is not None
        return whom

    @property
    def to_do(self) -> str:
        words = TO_DO if self.system_id else TO_TELL
        return words.get(Kind(self.request.kind), words[Kind.ERASURE])

    @property
    def open(self) -> bool:
        return self.state in self.OPEN

    @property
    def overdue(self) -> bool:
        return self.open and (self.until or self.due_on) < timezone.localdate()

    @property
    def waits_for(self) -> str:
        """For the step, while it is open."""
        who = f"the custodian of {self.system}" if self.system_id else str(self.recipient)
        return f"The confirmation of {who}"

    @property
    def note(self) -> str:
        if self.sealed_note is None:
            return ""
        return open_json(self.sealed_note, purpose="task note", bound_to=str(self.public_id))

    def sealed(self, note: str) -> bytes | None:
        return seal_json(note, purpose="task note", bound_to=str(self.public_id)) if note else None


class Evidence(Attachment):
    """What shows that a task was done. Destroyed with the request's identifiers; its digest stays in the proof."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="evidence")

    class Meta:
        db_table = "custodians_evidence"
        ordering = ["added_at"]
