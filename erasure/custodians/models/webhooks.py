from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.models import System
from erasure.custodians.models.recipients import Recipient
from erasure.custodians.models.tasks import Task
from governance.keyring.sealing import open_json, seal_json


class Webhook(models.Model):
    """Where tasks of one system, or notices to one recipient, are sent; its secret is sealed and shown once."""

    system = models.OneToOneField(System, on_delete=models.CASCADE, null=True, related_name="webhook")
    recipient = models.OneToOneField(Recipient, on_delete=models.CASCADE, null=True, related_name="webhook")
    url = models.CharField(max_length=500)
    sealed_secret = models.BinaryField()
    set_at = models.DateTimeField(default=timezone.now)
    tested_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)  # of the last test

    class Meta:
        db_table = "custodians_webhook"
        constraints = [
            models.CheckConstraint(
                condition=Q(system__isnull=False, recipient=None) | Q(system=None, recipient__isnull=False),
                name="webhook_of_one",
            )
        ]

    def __str__(self) -> str:
        return f"Webhook of {self.owner}"

    def ledger_name(self) -> str:
        return str(self)

    @property
    def owner(self) -> System | Recipient:
        owner = self.system or self.recipient
        assert owner is not None
        return owner

    def _bound_to(self) -> str:
        return f"{self.owner._meta.label_lower}:{self.owner.pk}"

    def set_secret(self, secret: str) -> None:
        self.sealed_secret = seal_json(secret, purpose="webhook", bound_to=self._bound_to())

    @property
    def secret(self) -> str:
        """Raises CannotOpen."""
        return open_json(self.sealed_secret, purpose="webhook", bound_to=self._bound_to())


class Delivery(models.Model):
    """One try to send a task."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="deliveries")
    at = models.DateTimeField(default=timezone.now)
    status = models.IntegerField(null=True)  # what the receiver answered; null: nothing
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "custodians_delivery"
        ordering = ["-at", "-pk"]


class Callback(models.Model):
    """A signed answer that was taken; its id is taken once."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="callbacks")
    message_id = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=16)

    class Meta:
        db_table = "custodians_callback"
        constraints = [models.UniqueConstraint(fields=["task", "message_id"], name="callback_once")]
