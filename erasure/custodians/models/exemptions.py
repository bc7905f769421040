from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.models import DataSet
from erasure.models import SubjectRequest
from governance.console.models import User
from retention.models import Exemption


class RowExemption(models.Model):
    """Art. 17(3) for the rows of one person in one data set: they stay, with the values of `keep_columns`."""

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="exemptions")
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="+")
    exemption = models.CharField(max_length=1, choices=Exemption.choices)
    keep_columns = ArrayField(models.TextField())
    reason = models.CharField(max_length=250)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "custodians_row_exemption"
        ordering = ["made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "data_set"],
                condition=Q(withdrawn_at=None),
                name="one_exemption_per_data_set",
            )
        ]

    def __str__(self) -> str:
        return f"Exception for {self.data_set} in {self.request}"

    def ledger_name(self) -> str:
        return str(self)

    @property
    def said(self) -> str:
        """As plan, proof and letter say it."""
        return f"{self.get_exemption_display()}: {self.reason}"
