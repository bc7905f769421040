"""Decisions that people took, remembered for like columns that come later."""

from django.db import models

from catalog.models.inventory import Column, categories, sensitivities
from governance.console.models import User


class Precedent(models.Model):
    """What was decided for a column of this name and kind, for which a scan had found `found`."""

    name = models.CharField(max_length=400)  # case folded
    kind = models.CharField(max_length=12)
    found = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=60, choices=categories)
    sensitivity = models.CharField(max_length=12, choices=sensitivities)
    column = models.ForeignKey(Column, on_delete=models.SET_NULL, null=True, related_name="precedents")
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_precedent"
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["name", "kind"], name="precedent_by_likeness")]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind}): {self.category}"
