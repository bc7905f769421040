"""Assessments of data sets, and the hierarchies that people imported for them."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from catalog.models import DataSet
from governance.console.models import Job, User
from retention.anonymization import hierarchies
from retention.risk.distances import Distance
from retention.risk.lattice import Metric
from retention.risk.targets import Targets


class Hierarchy(models.Model):
    """A generalization hierarchy as a text in ARX' format: `value;level 1;…;*`, a line for each value."""

    name = models.CharField(max_length=80, unique=True)
    text = models.TextField()
    values = models.IntegerField()
    height = models.IntegerField()
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    imported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "risk_hierarchy"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("risk:hierarchy", args=[self.pk])

    def read(self) -> hierarchies.Hierarchy:
        return hierarchies.read_hierarchy(self.text, name=self.name)


class Assessment(models.Model):
    """How safe a data set was at one time: figures alone, never a value out of it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="assessments")
    quasi = ArrayField(models.TextField())
    sensitive = models.TextField(blank=True)
    k = models.IntegerField(null=True)
    l = models.IntegerField(null=True)  # noqa: E741  the name that the literature has
    t = models.FloatField(null=True)
    distance = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Distance])
    suppression = models.FloatField(default=0)
    metric = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Metric])
    hierarchies = models.JSONField(default=dict)  # by column, the name of one or a rule
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    problem = models.CharField(max_length=500, blank=True)
    rows = models.BigIntegerField(null=True)
    found_k = models.BigIntegerField(null=True)
    uniques = models.FloatField(null=True)
    met = models.BooleanField(null=True)
    measures = models.JSONField(null=True)
    suggestion = models.JSONField(null=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "risk_assessment"
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["data_set", "-made_at"], name="assessment_of_data_set")]

    def __str__(self) -> str:
        return f"Risk of {self.data_set}"

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("risk:assessment", args=[self.pk])

    @property
    def targets(self) -> Targets:
        return Targets(k=self.k, l=self.l, t=self.t, distance=Distance(self.distance))

    @property
    def verdict(self) -> str:
        if self.state != self.State.DONE:
            return self.state
        return {True: "target met", False: "target missed", None: "measured"}[self.met]

    def asked(self) -> dict[str, Any]:
        """The targets that were set, by name."""
        return {name: value for name in "klt" if (value := getattr(self, name)) is not None}
