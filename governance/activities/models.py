"""The record of processing activities: what Article 30 GDPR asks a controller to write down.

What the catalog knows better than anybody who types (data categories, systems) is not a field here: the catalog
links its data sets to activities, and the report reads them from there.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse


class Organisation(models.Model):
    """The controller itself, Art. 30(1)(a): one row."""

    name = models.CharField(max_length=200)
    contact = models.TextField(help_text="Postal address, e-mail and telephone of the controller.")
    representative = models.TextField(blank=True, help_text="Art. 27 representative, where there is one.")
    officer_name = models.CharField("data protection officer", max_length=200, blank=True)
    officer_contact = models.TextField("contact of the officer", blank=True)
    joint_controllers = models.TextField(
        blank=True, help_text="Name and contact of each, where there are any."
    )
    country = models.CharField(
        max_length=2, default="DE", help_text="Two letters; decides which public holidays move a deadline."
    )

    class Meta:
        db_table = "activities_organisation"

    def __str__(self) -> str:
        return self.name


class LawfulBasis(models.TextChoices):
    """Art. 6(1) GDPR."""

    CONSENT = "consent", "Consent, Art. 6(1)(a)"
    CONTRACT = "contract", "Contract, Art. 6(1)(b)"
    LEGAL_OBLIGATION = "legal_obligation", "Legal obligation, Art. 6(1)(c)"
    VITAL_INTERESTS = "vital_interests", "Vital interests, Art. 6(1)(d)"
    PUBLIC_TASK = "public_task", "Public task, Art. 6(1)(e)"
    LEGITIMATE_INTERESTS = "legitimate_interests", "Legitimate interests, Art. 6(1)(f)"


class ProcessingActivity(models.Model):
    """One activity of the controller, with the fields of Art. 30(1)(b) to (g) and its lawful basis."""

    name = models.CharField(max_length=160, unique=True)
    purpose = models.TextField(help_text="Why the data are processed. Art. 30(1)(b).")
    lawful_basis = models.CharField(max_length=24, choices=LawfulBasis.choices)
    special_condition = models.CharField(
        "Art. 9 condition",
        max_length=200,
        blank=True,
        help_text="For special categories of data: the condition of Art. 9(2) relied on.",
    )
    subject_categories = ArrayField(
        models.CharField(max_length=80), help_text="Customers, employees, visitors … Art. 30(1)(c)."
    )
    recipients = ArrayField(
        models.CharField(max_length=160),
        blank=True,
        default=list,
        help_text="Who receives data. Art. 30(1)(d).",
    )
    transfers = models.TextField(
        blank=True, help_text="Third countries or international organisations. Art. 30(1)(e)."
    )
    safeguards = models.TextField(blank=True, help_text="The safeguards for these transfers. Art. 30(1)(e).")
    time_limits = models.TextField(
        "time limits for erasure", blank=True, help_text="Per category of data where possible. Art. 30(1)(f)."
    )
    security_measures = models.TextField(blank=True, help_text="In general terms. Art. 30(1)(g), Art. 32(1).")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "activities_activity"
        ordering = ["name"]
        verbose_name_plural = "processing activities"

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("activities:activity", args=[self.pk])


class ProcessorActivity(models.Model):
    """What is processed on behalf of one controller, with the fields of Art. 30(2)."""

    controller = models.CharField(max_length=200, help_text="On whose behalf. Art. 30(2)(a).")
    contact = models.TextField(
        "contact of the controller", help_text="Postal address, e-mail and telephone. Art. 30(2)(a)."
    )
    representative = models.TextField(
        "representative of the controller", blank=True, help_text="Where there is one. Art. 30(2)(a)."
    )
    officer = models.TextField(
        "data protection officer of the controller",
        blank=True,
        help_text="Name and contact, where there is one. Art. 30(2)(a).",
    )
    categories = ArrayField(
        models.CharField(max_length=160),
        help_text="What is carried out for them: hosting, payroll, support … Art. 30(2)(b).",
    )
    sub_processors = ArrayField(
        models.CharField(max_length=160), blank=True, default=list, help_text="Who is engaged. Art. 28(2)."
    )
    transfers = models.TextField(
        blank=True, help_text="Third countries or international organisations. Art. 30(2)(c)."
    )
    safeguards = models.TextField(blank=True, help_text="The safeguards for these transfers. Art. 30(2)(c).")
    security_measures = models.TextField(blank=True, help_text="In general terms. Art. 30(2)(d), Art. 32(1).")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "activities_on_behalf"
        ordering = ["controller", "pk"]
        verbose_name = "processing on behalf"
        verbose_name_plural = "processing on behalf"

    def __str__(self) -> str:
        return f"For {self.controller}"

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("activities:on_behalf", args=[self.pk])
