import secrets
import uuid
from datetime import timedelta
from hashlib import sha256
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from audit.ledger.context import Actor, acting
from audit.ledger.recording import record
from governance.console import events
from governance.console.permissions import PERMISSIONS, Role


class UserManager(DjangoUserManager["User"]):
    def create_superuser(self, username: str, email: str | None = None, **fields: Any) -> "User":  # type: ignore[override]
        """`manage.py createsuperuser`: the first administrator, who adds everybody else in the browser."""
        with transaction.atomic(), acting(Actor("system", "command line")):
            user = super().create_superuser(username, email, **{"role": Role.ADMINISTRATOR, **fields})
            record(events.USER_ADDED, user, role=user.role)
        return user


class User(AbstractUser):
    """A member of staff. The ledger knows them by `public_id` alone."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.AUDITOR)

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        db_table = "console_user"
        ordering = ["username"]

    def may(self, permission: str) -> bool:
        return self.is_active and self.role in PERMISSIONS[permission]

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    def as_actor(self) -> Actor:
        return Actor("user", str(self.public_id), self.role)


class ApiToken(models.Model):
    """A key to the API: shown once, stored as a hash, limited to scopes (permissions) and in time."""

    PREFIX = "pgc_"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    scopes = ArrayField(models.CharField(max_length=40))
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "console_api_token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.hint

    @classmethod
    def issue(cls, user: User, *, name: str, scopes: list[str], days: int = 90) -> tuple["ApiToken", str]:
        """A new token and its secret, which cannot be shown again."""
        secret = cls.PREFIX + secrets.token_urlsafe(32)
        token = cls.objects.create(
            user=user,
            name=name,
            scopes=sorted(scopes),
            digest=cls.hash(secret),
            hint=secret[: len(cls.PREFIX) + 4] + "…",
            expires_at=timezone.now() + timedelta(days=days),
        )
        return token, secret

    @staticmethod
    def hash(secret: str) -> str:
        """Plain SHA-256 is enough for 256 random bits: there is nothing to guess."""
        return sha256(secret.encode()).hexdigest()

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at <= timezone.now() else "active"

    def may(self, permission: str) -> bool:
        return self.state == "active" and permission in self.scopes and self.user.may(permission)


class Job(models.Model):
    """Long work, as a row: what the broker loses or delivers twice changes nothing.

    `attempt` fences: whoever was taken for dead and comes back finds another number and stops.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    FINISHED = (State.DONE, State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    message = models.CharField(max_length=500, blank=True)
    cursor = models.JSONField(default=dict)
    attempt = models.IntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    started_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    actor = models.JSONField(default=dict)
    correlation = models.CharField(max_length=32)

    class Meta:
        db_table = "console_job"
        ordering = ["-queued_at"]
        indexes = [models.Index(fields=["state", "heartbeat_at"], name="job_by_state")]

    def __str__(self) -> str:
        return self.title

    def ledger_name(self) -> str:
        return self.kind

    @property
    def finished(self) -> bool:
        return self.state in self.FINISHED

    @property
    def percent(self) -> int | None:
        return min(100, 100 * self.done // self.total) if self.total else None

    def get_absolute_url(self) -> str:
        return reverse("console:job", args=[self.pk])
