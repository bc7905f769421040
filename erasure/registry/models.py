"""Persons whom nothing may bring back or use: known by keyed hashes of their identifiers, never by the identifiers."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Registration(models.Model):
    """One identifier of one person, and what follows from their request."""

    class Effect(models.TextChoices):
        ERASED = "erased", "Erased"  # must not be in a restored copy or a training set
        RESTRICTED = "restricted", "Restricted"  # stored, but not used: Art. 18
        OBJECTED = "objected", "Objected"  # not used for `purpose`: Art. 21
        OPTED_OUT = "opted out", "Opted out"  # not sold or shared

    effect = models.CharField(max_length=10, choices=Effect.choices)
    category = models.CharField(max_length=60)
    lookup = models.BinaryField(max_length=32)  # `governance.keyring.lookups.lookup_of(category, value)`
    purpose = models.CharField(max_length=160, blank=True)  # empty: all
    request = models.CharField(max_length=20)  # its reference, which outlives the request
    since = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "registry_registration"
        ordering = ["-since", "-pk"]
        indexes = [models.Index(fields=["lookup"], name="registration_by_lookup")]
        constraints = [
            models.UniqueConstraint(
                fields=["effect", "category", "lookup", "purpose"],
                condition=Q(lifted_at=None),
                name="registered_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.get_effect_display()}"
