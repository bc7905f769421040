"""Legal holds: rows that a law or a claim forbids to destroy, and what of them must stay."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from catalog.models import DataSet
from governance.console.models import User


class Exemption(models.TextChoices):
    """Art. 17(3) GDPR: when the right to erasure does not apply."""

    EXPRESSION = "a", "Freedom of expression and information, Art. 17(3)(a)"
    LEGAL_OBLIGATION = "b", "Legal obligation or public task, Art. 17(3)(b)"
    PUBLIC_HEALTH = "c", "Public health, Art. 17(3)(c)"
    ARCHIVING = "d", "Archiving, research or statistics, Art. 17(3)(d)"
    LEGAL_CLAIMS = "e", "Legal claims, Art. 17(3)(e)"


class HoldQuerySet(models.QuerySet["Hold"]):
    def active(self) -> "HoldQuerySet":
        today = timezone.localdate()
        return self.filter(released_at=None).filter(Q(until=None) | Q(until__gte=today))


class Hold(models.Model):
    """The rows of `data_set` stay. Only the values of `keep_columns` stay with them; other personal fields go."""

    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="holds")
    keep_columns = ArrayField(models.TextField(), help_text="What the reason requires to be kept.")
    exemption = models.CharField(max_length=1, choices=Exemption.choices)
    reason = models.CharField(max_length=300, help_text="The law or claim, and why it covers these rows.")
    until = models.DateField(
        null=True, blank=True, help_text="The last day; empty until somebody releases it."
    )
    placed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    placed_at = models.DateTimeField(auto_now_add=True)
    released_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        db_table = "retention_hold"
        ordering = ["data_set__name", "-placed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["data_set"], condition=Q(released_at=None), name="one_hold_in_force_per_data_set"
            )
        ]

    def __str__(self) -> str:
        return f"Hold on {self.data_set}"

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("retention:hold", args=[self.pk])

    @property
    def state(self) -> str:
        if self.released_at:
            return "released"
        return "expired" if self.until and self.until < timezone.localdate() else "active"
