"""Named keys with versions, keys of persons, and tokens: everything secret in them is wrapped or sealed."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from governance.console.models import Job, User
from retention.vault.material import Wrapped
from retention.vault.versions import LONGEST_DOMAIN, NAME

named = RegexValidator(NAME, "Use letters, digits and . _ : - and begin with a letter or digit.")


class Key(models.Model):
    """A key that rules name. What was made by an older version stays readable until that is destroyed."""

    name = models.CharField(max_length=80, unique=True, validators=[named])
    note = models.CharField(max_length=300, blank=True)
    internal = models.BooleanField(default=False)  # the vault's own: no rule may use it
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "vault_key"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("vault:key", args=[self.pk])


class KeyVersion(models.Model):
    """32 random bytes, wrapped; `kms` and `reference` say by which key of which service."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        RETIRED = "retired", "Retired"  # reads what it made, makes nothing new

    key = models.ForeignKey(Key, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    kms = models.CharField(max_length=40)
    reference = models.CharField(max_length=300)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "vault_key_version"
        ordering = ["key", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["key", "number"], name="one_version_of_a_number"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(state="active"), name="one_active_version_of_a_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key.name}/{self.number}"

    def as_wrapped(self) -> Wrapped:
        return Wrapped(self.key.name, self.number, self.kms, self.reference, bytes(self.wrapped))


class PersonKey(models.Model):
    """One person's own key under a named key. Deleting it makes unreadable, for ever, what was encrypted with it."""

    # Without constraints in the database, here and on tokens: nothing deletes keys, versions or domains, and to check
    # for each row that they are there would cost as much as all the rest of writing it.
    key = models.ForeignKey(
        Key, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    person = models.BinaryField(max_length=32)  # keyed hash of an identifier
    version = models.ForeignKey(
        KeyVersion, on_delete=models.PROTECT, related_name="person_keys", db_constraint=False
    )
    sealed = models.BinaryField()

    class Meta:
        db_table = "vault_person_key"
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="one_key_of_a_person")]


class TokenDomain(models.Model):
    """Within a domain a value has one token and a token one value, whatever system asks.

    Rules make domains of any column's name, and behind a slash of the pattern that tokens of one kind share:
    `card/9/16`.
    """

    name = models.CharField(max_length=LONGEST_DOMAIN, unique=True)
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "vault_token_domain"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name


class Token(models.Model):
    """A value and what stands for it. The value is sealed with the person's own key where one is known."""

    domain = models.ForeignKey(
        TokenDomain, on_delete=models.PROTECT, related_name="tokens", db_constraint=False, db_index=False
    )
    lookup = models.BinaryField(max_length=32)  # keyed hash of the value
    token = models.TextField()
    sealed = models.BinaryField()
    # Null: sealed with the key of the person.
    version = models.ForeignKey(
        KeyVersion, on_delete=models.PROTECT, null=True, related_name="tokens", db_constraint=False
    )
    person = models.BinaryField(max_length=32, null=True)

    class Meta:
        db_table = "vault_token"
        constraints = [
            models.UniqueConstraint(fields=["domain", "lookup"], name="one_token_of_a_value"),
            models.UniqueConstraint(fields=["domain", "token"], name="one_value_of_a_token"),
        ]
        indexes = [models.Index(fields=["person"], name="token_by_person", condition=Q(person__isnull=False))]


class TokenShare(models.Model):
    """A further person of the same value: who of them is shredded takes the token along."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="shares")
    person = models.BinaryField(max_length=32)

    class Meta:
        db_table = "vault_token_share"
        constraints = [models.UniqueConstraint(fields=["person", "token"], name="one_share_of_a_person")]


class Detokenization(models.Model):
    """Somebody asked values back: what the limit counts. The ledger has the reason too."""

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    domain = models.CharField(max_length=LONGEST_DOMAIN)  # or the column of a job
    asked = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "vault_detokenization"
        ordering = ["-at"]
        indexes = [models.Index(fields=["by", "at"], name="detokenization_by_user")]


class ShredRequest(models.Model):
    """Shredding one person: proposed by one officer, approved by another. No identifier is kept, not even sealed."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Awaiting approval"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        DONE = "done", "Shredded"

    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    category = models.CharField(max_length=60)
    persons = ArrayField(models.BinaryField(max_length=32))  # the keyed hashes the person may stand under
    subject = models.CharField(max_length=60)  # keyed reference, as in the ledger
    reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=300, blank=True)
    tokens = models.PositiveIntegerField(default=0)  # what went
    keys = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "vault_shred_request"
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"SHRED-{self.pk}"

    def ledger_name(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("vault:shred", args=[self.pk])
