"""What is written around a request: letters, their texts, notes, files; and what is left of it when it has gone.

Whatever may hold personal data is sealed, and destroyed some days after the request has ended.
"""

import uuid

from django.db import models
from django.utils import timezone

from erasure.models import SubjectRequest
from erasure.requests.attaching import Attachment
from governance.console.models import User
from governance.keyring.sealing import open_json, seal_json


class Letter(models.Model):
    """One letter to the person: written with what it tells of, sent as soon as the mail server takes it."""

    class State(models.TextChoices):
        QUEUED = "queued", "To be sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Could not be sent"

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="letters")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=30)
    language = models.CharField(max_length=8)
    sealed = models.BinaryField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, default=timezone.now)
    problem = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "requests_letter"
        ordering = ["made_at", "pk"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(state="queued"), name="letter_queued")
        ]

    def __str__(self) -> str:
        return f"letter {self.pk} of {self.request}"

    def ledger_name(self) -> str:
        return self.request.reference

    def write(self, content: dict[str, str]) -> None:
        """`to`, `subject`, `body`; `secret` and `code`, where the body holds one, nobody but the person may read."""
        self.sealed = seal_json(content, purpose="letter", bound_to=str(self.public_id))

    @property
    def content(self) -> dict[str, str]:
        """Empty once it has been destroyed. Raises CannotOpen under another key ring."""
        if self.sealed is None:
            return {}
        return open_json(self.sealed, purpose="letter", bound_to=str(self.public_id))


class LetterText(models.Model):
    """An officer's own text of a kind of letter in one language, in place of the one that the console brings."""

    kind = models.CharField(max_length=30)
    language = models.CharField(max_length=8)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    written_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "requests_letter_text"
        ordering = ["kind", "language"]
        constraints = [models.UniqueConstraint(fields=["kind", "language"], name="letter_text_once")]

    def __str__(self) -> str:
        return f"{self.kind} ({self.language})"

    def ledger_name(self) -> str:
        return str(self)


class Note(models.Model):
    """What officers tell each other about a request, or keep of what the person said. Never in the ledger."""

    class Kind(models.TextChoices):
        INTERNAL = "internal", "Note"
        FROM_PERSON = "from person", "From the person"

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="notes")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.INTERNAL)
    sealed = models.BinaryField()
    written_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "requests_note"
        ordering = ["written_at", "pk"]

    def __str__(self) -> str:
        return f"note {self.pk} of {self.request}"

    def write(self, text: str) -> None:
        self.sealed = seal_json(text, purpose="note", bound_to=str(self.public_id))

    @property
    def text(self) -> str:
        return open_json(self.sealed, purpose="note", bound_to=str(self.public_id))


class RequestFile(Attachment):
    """A file kept with a request."""

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="files")

    class Meta:
        db_table = "requests_file"
        ordering = ["added_at", "pk"]

    def __str__(self) -> str:
        return f"file {self.pk} of {self.request}"

    def ledger_name(self) -> str:
        return self.request.reference


class PastRequest(models.Model):
    """What is left of a request whose time is up: figures for statistics, and nothing that leads to a person."""

    kind = models.CharField(max_length=16)
    regime = models.CharField(max_length=40)
    channel = models.CharField(max_length=10)
    month = models.DateField()  # the first day of the month it was received in
    days = models.IntegerField()
    on_time = models.BooleanField()
    extended = models.BooleanField()
    rejected = models.BooleanField()

    class Meta:
        db_table = "requests_past"
        ordering = ["month", "kind", "regime"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.month:%B %Y}"


class Imported(models.Model):
    """Which request a line of a file became, by the sender's own reference: no line is taken over twice."""

    external = models.CharField(max_length=80, unique=True)
    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="imported")

    class Meta:
        db_table = "requests_imported"

    def __str__(self) -> str:
        return f"{self.external}: {self.request}"


class Import(models.Model):
    """A file of requests that was looked at and not yet taken over: sealed, and gone after a day."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sealed = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True)
    lines = models.IntegerField(default=0)

    class Meta:
        db_table = "requests_import"
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"import {self.sha256[:12]}"

    def ledger_name(self) -> str:
        return str(self)


class Representation(models.Model):
    """That a request was made by somebody else, in the person's name: who, what entitles them, what the person says.

    Who the agent is, is sealed: a natural person mostly.
    """

    class Authority(models.TextChoices):
        PERMISSION = "permission", "Signed permission"
        ATTORNEY = "attorney", "Power of attorney"

    class AnswerTo(models.TextChoices):
        PERSON = "person", "The person"
        AGENT = "agent", "The agent"

    request = models.OneToOneField(SubjectRequest, on_delete=models.CASCADE, related_name="representation")
    authority = models.CharField(max_length=10, choices=Authority.choices)
    answer_to = models.CharField(max_length=6, choices=AnswerTo.choices, default=AnswerTo.PERSON)
    sealed = models.BinaryField(null=True)
    made_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)  # by the person, or by an officer who read the authority
    confirmed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    refused_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "requests_representation"

    def __str__(self) -> str:
        return f"representation in {self.request}"

    def ledger_name(self) -> str:
        return self.request.reference

    def write(self, *, name: str, email: str, organisation: str) -> None:
        content = {"name": name, "email": email, "organisation": organisation}
        self.sealed = seal_json(content, purpose="agent", bound_to=str(self.request.public_id))

    @property
    def content(self) -> dict[str, str]:
        """`name`, `email`, `organisation`; all empty once they are destroyed."""
        if self.sealed is None:
            return {"name": "", "email": "", "organisation": ""}
        return open_json(self.sealed, purpose="agent", bound_to=str(self.request.public_id))

    @property
    def speaker(self) -> str:
        """Who asks, in a line."""
        content = self.content
        return ", ".join(part for part in (content["name"], content["organisation"]) if part)

    @property
    def answers_go_to(self) -> str:
        """The agent's address, where the person has said that they get the answer."""
        chosen = self.confirmed_at is not None and self.answer_to == self.AnswerTo.AGENT
        return self.content["email"] if chosen else ""


class Proof(Attachment):
    """The permission or power of attorney that an agent has sent."""

    representation = models.ForeignKey(Representation, on_delete=models.CASCADE, related_name="proofs")

    class Meta:
        db_table = "requests_proof"
        ordering = ["added_at", "pk"]

    def __str__(self) -> str:
        return f"proof {self.pk} of {self.representation}"
