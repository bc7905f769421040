"""What was agreed about a data set: its classification, purpose, uses, retention and masking."""

from django.db import models
from django.urls import reverse

from catalog.models.inventory import DataSet
from governance.console.models import User


class Contract(models.Model):
    """One version of the contract of a data set. An active one retires its predecessor; none is changed or deleted."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        RETIRED = "retired", "Retired"

    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="contracts")
    version = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    document = models.JSONField()  # in the form of our own YAML
    format = models.CharField(max_length=12)  # what it was imported from: yaml, odcs, avro, protobuf, parquet
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "catalog_contract"
        ordering = ["data_set__system__name", "data_set__name", "-made_at"]
        constraints = [
            models.UniqueConstraint(fields=["data_set", "version"], name="contract_version_once"),
            models.UniqueConstraint(
                fields=["data_set"], condition=models.Q(state="active"), name="contract_active_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.data_set} {self.version}"

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("catalog:contract", args=[self.pk])
