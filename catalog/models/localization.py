"""Where categories of data may lie, and what allows a transfer elsewhere (Chapter V GDPR)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from catalog.models.inventory import System, categories
from governance.console.models import User


class LocalizationRule(models.Model):
    """Data of `category` and everything below it may lie in `regions`; the most specific rule counts."""

    category = models.CharField(
        max_length=60, choices=categories, blank=True, unique=True
    )  # empty: all personal data
    regions = ArrayField(models.CharField(max_length=40))
    note = models.CharField(max_length=500, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "catalog_localization_rule"
        ordering = ["category"]

    def __str__(self) -> str:
        return self.get_category_display() if self.category else "All personal data"

    def ledger_name(self) -> str:
        return str(self)


class Safeguard(models.Model):
    """What makes a transfer lawful. It covers transfers into `region`, or into one `system` only."""

    class Kind(models.TextChoices):
        ADEQUACY = "adequacy", "Adequacy decision, Art. 45"
        CLAUSES = "clauses", "Standard contractual clauses, Art. 46(2)(c)"
        BINDING_RULES = "binding_rules", "Binding corporate rules, Art. 47"
        CODE = "code", "Approved code of conduct, Art. 46(2)(e)"
        CERTIFICATION = "certification", "Approved certification, Art. 46(2)(f)"
        AUTHORISED = "authorised", "Authorised clauses or arrangement, Art. 46(3)"
        DEROGATION = "derogation", "Derogation, Art. 49"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    region = models.CharField(max_length=40, blank=True)
    system = models.ForeignKey(
        System, on_delete=models.CASCADE, null=True, blank=True, related_name="safeguards"
    )
    categories = ArrayField(models.CharField(max_length=60), default=list, blank=True)  # none: all
    reference = models.CharField(
        max_length=200, help_text="The decision, contract or rule, so that others find it."
    )
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_safeguard"
        ordering = ["region", "system__name", "-valid_from"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reference}"

    def ledger_name(self) -> str:
        return str(self)
