"""Runs that carry out what a retention policy asks for: each has a plan like any other that destroys."""

from django.db import models
from django.urls import reverse

from catalog.models import DataSet
from erasure.models import Plan
from governance.console.models import Job
from retention.policies.models import Policy


class Run(models.Model):
    """The rows of one data set that had lived longer than its policy allows, and what became of them."""

    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="expiry_run")
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="runs")
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="expiry_runs")
    before = models.DateTimeField()
    standing = models.BooleanField(default=False)  # approved by the policy's standing approval
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "expiry_run"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["data_set", "-id"], name="expiry_by_data_set")]

    def __str__(self) -> str:
        return str(self.plan)

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("expiry:run", args=[self.pk])

    @property
    def state(self) -> str:
        return self.plan.state

    @property
    def rows(self) -> int:
        """What the dry run counted; an aggregate counts the same rows as the step after it."""
        return max((step.rows_before for step in self.plan.steps.all()), default=0)
