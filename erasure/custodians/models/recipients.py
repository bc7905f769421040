from django.db import models
from django.urls import reverse
from django.utils import timezone

from catalog.models import DataSet
from governance.activities.models import ProcessingActivity


class Recipient(models.Model):
    """Somebody outside to whom personal data are disclosed, Art. 4(9): told when they are erased, Art. 19."""

    class Kind(models.TextChoices):
        PROCESSOR = "processor", "Processor, Art. 28"
        CONTROLLER = "controller", "Controller of their own"

    name = models.CharField(max_length=160, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    contact_email = models.EmailField("contact e-mail", blank=True)
    region = models.CharField(max_length=40, blank=True, help_text="Where they are: DE, US, EU.")
    activities = models.ManyToManyField(
        ProcessingActivity,
        blank=True,
        related_name="known_recipients",
        help_text="Those whose data they receive.",
    )
    data_sets = models.ManyToManyField(
        DataSet, blank=True, related_name="recipients", help_text="Further data sets they receive from."
    )
    added_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(
        null=True, blank=True
    )  # nothing is disclosed to them any more; what was told stays

    class Meta:
        db_table = "custodians_recipient"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("custodians:recipient", args=[self.pk])

    @property
    def state(self) -> str:
        return "retired" if self.ended_at else "active"
