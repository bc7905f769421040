"""Who may send requests by protocol, what they sent, and what they are still to be told.

Tokens are kept as hashes. Nothing here says who a person is: that stands in the request itself, sealed.
"""

import base64
import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from erasure.models import SubjectRequest
from governance.keyring.sealing import open_sealed, seal


class Business(models.Model):
    """How the controller is known in the network of the Data Rights Protocol: one row, or none until it takes part."""

    business_id = models.CharField(
        "business id",
        max_length=60,
        help_text="As agreed with the network, such as ACME_GMBH. Messages to another one are refused.",
    )
    voluntary_regime = models.CharField(
        "law for voluntary requests",
        max_length=40,
        default="EU-GDPR",
        help_text="Under which a request is handled that names no law.",
    )
    web_url = models.URLField("web site", blank=True)
    logo_url = models.URLField("logo", blank=True)
    technical_contact = models.EmailField(blank=True)
    business_contact = models.EmailField(blank=True)

    class Meta:
        db_table = "protocols_business"

    def __str__(self) -> str:
        return self.business_id

    def ledger_name(self) -> str:
        return self.business_id


class Sender(models.Model):
    """Somebody outside who sends requests by themselves, known by a token."""

    name = models.CharField(max_length=160)
    token_digest = models.CharField(max_length=64, unique=True, null=True)
    token_issued_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        return "retired" if self.ended_at else "active"


class Agent(Sender):
    """An authorized agent of the Data Rights Protocol: whoever signs with the key is the agent."""

    agent_id = models.CharField("agent id", max_length=60, unique=True)
    verify_key = models.CharField(
        "verify key", max_length=44, help_text="Ed25519, 32 bytes in base64, as in the directory of agents."
    )
    vouches = models.BooleanField(
        "its verification counts",
        default=False,
        help_text="You have read how the agent verifies identities: an e-mail address that it says is verified "
        "needs no check of your own.",
    )
    assurance_url = models.URLField(
        "how it verifies identities", blank=True, help_text="The document you have read."
    )
    contact_email = models.EmailField("contact", blank=True)

    class Meta:
        db_table = "protocols_agent"
        ordering = ["name", "pk"]

    def get_absolute_url(self) -> str:
        return reverse("protocols:agent", args=[self.pk])

    @property
    def key(self) -> bytes:
        return base64.b64decode(self.verify_key)


class Controller(Sender):
    """A controller for whom we are the processor, by OpenDSR: it has verified who asks."""

    controller_id = models.CharField("controller id", max_length=60, unique=True)
    contact_email = models.EmailField("contact", blank=True)

    class Meta:
        db_table = "protocols_controller"
        ordering = ["name", "pk"]

    def get_absolute_url(self) -> str:
        return reverse("protocols:controller", args=[self.pk])


class Received(models.Model):
    """One message that was taken: the request it made or joined, and who sent it.

    Without a request it was denied at once: the law that it names does not know the right.
    """

    class Denial(models.TextChoices):
        """The reasons of the Data Rights Protocol, 3.02."""

        SUSPECTED_FRAUD = "suspected_fraud", "Suspected fraud"
        INSUF_VERIFICATION = "insuf_verification", "Identity not verified"
        NO_MATCH = "no_match", "No data of this person"
        CLAIM_NOT_COVERED = "claim_not_covered", "Not covered by the law"
        OUTSIDE_JURISDICTION = "outside_jurisdiction", "Outside the jurisdiction"
        TOO_MANY_REQUESTS = "too_many_requests", "Too many requests"
        OTHER = "other", "Another reason"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, related_name="received")
    controller = models.ForeignKey(Controller, on_delete=models.PROTECT, null=True, related_name="received")
    request = models.ForeignKey(
        SubjectRequest, on_delete=models.CASCADE, null=True, related_name="received_by_protocol"
    )
    joined = models.BooleanField(default=False)  # the request was here already
    their_id = models.CharField(max_length=200, blank=True)  # what the sender calls it
    asked = models.CharField(max_length=30)  # the right, in the protocol's word
    regime = models.CharField(max_length=20)  # the law, in the protocol's word
    digest = models.BinaryField(max_length=32)  # keyed hash of what was sent: the same again is the same
    callbacks = ArrayField(models.CharField(max_length=500), default=list)
    received_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)
    denial = models.CharField(max_length=24, choices=Denial.choices, blank=True)
    told = models.CharField(max_length=60)  # the status the sender knows, or is being told
    settled = models.BooleanField(default=False)  # nothing changes any more

    class Meta:
        db_table = "protocols_received"
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(agent__isnull=False, controller=None) | Q(agent=None, controller__isnull=False),
                name="received_from_one",
            ),
            models.UniqueConstraint(
                fields=["controller", "their_id"],
                condition=Q(controller__isnull=False),
                name="subject_request_id_once",
            ),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(settled=False), name="received_unsettled")]

    def __str__(self) -> str:
        return f"{self.asked} from {self.sender}"

    def ledger_name(self) -> str:
        return str(self)

    @property
    def sender(self) -> Agent | Controller:
        sender = self.agent or self.controller
        assert sender is not None
        return sender

    @property
    def protocol(self) -> str:
        return "Data Rights Protocol" if self.agent_id else "OpenDSR"


class Message(models.Model):
    """A signed message that was taken: the same one is refused until it has expired by itself."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="messages")
    digest = models.BinaryField(max_length=32)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "protocols_message"
        constraints = [models.UniqueConstraint(fields=["agent", "digest"], name="message_once")]


class Notice(models.Model):
    """The newest status that one address is to be told; an older one that was not delivered gives way to it."""

    received = models.ForeignKey(Received, on_delete=models.CASCADE, related_name="notices")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    url = models.CharField(max_length=500)
    status = models.CharField(max_length=60)
    attempts = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, default=timezone.now)
    delivered_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "protocols_notice"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["received", "url"], name="notice_once")]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="notice_due")
        ]


class SigningKey(models.Model):
    """The RSA key that answers to OpenDSR are signed with, sealed, and the certificate over it: one row."""

    sealed = models.BinaryField()
    certificate = models.TextField()  # PEM; made by ourselves until an authority has issued one
    issued = models.BooleanField(default=False)  # by an authority
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "protocols_signing_key"

    def __str__(self) -> str:
        return "Key of OpenDSR"

    def ledger_name(self) -> str:
        return str(self)

    def set_private(self, pem: bytes) -> None:
        self.sealed = seal(pem, purpose="protocols", bound_to="opendsr key")

    @property
    def private(self) -> bytes:
        """In PEM. Raises CannotOpen."""
        return open_sealed(self.sealed, purpose="protocols", bound_to="opendsr key")
