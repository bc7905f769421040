"""How data sets without persons of their own are computed anew, once rows that they were made of are gone."""

import hashlib

from django.db import models
from django.urls import reverse
from django.utils import timezone

from catalog.models import DataSet
from governance.console.models import Job, User


class Recomputation(models.Model):
    """By figures over a `source` of any system, or by a `query` that the store itself runs.

    `columns` gives for each column of the data set a column of the source to group by, or a figure: `count(*)`,
    `sum(total)`. Nothing is run before somebody else has approved it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Awaiting approval"
        APPROVED = "approved", "Approved"

    data_set = models.OneToOneField(DataSet, on_delete=models.CASCADE, related_name="recomputation")
    source = models.ForeignKey(DataSet, on_delete=models.CASCADE, null=True, related_name="+")
    columns = models.JSONField(default=dict)
    query = models.TextField(blank=True)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    ran_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(null=True)  # that it had then
    problem = models.CharField(max_length=500, blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "recomputing_recomputation"
        ordering = ["data_set__system__name", "data_set__name"]

    def __str__(self) -> str:
        return str(self.data_set)

    def ledger_name(self) -> str:
        return str(self.data_set)

    def get_absolute_url(self) -> str:
        return reverse("recomputing:data_set", args=[self.data_set_id])

    @property
    def state(self) -> str:
        return self.State.APPROVED if self.approved_at else self.State.WAITING

    @property
    def lines(self) -> str:
        """`columns` as they are written; by name, since PostgreSQL keeps them in an order of its own."""
        return "\n".join(f"{name} = {figure}" for name, figure in sorted(self.columns.items()))

    @property
    def digest(self) -> str:
        """Of what it does, for approval: anything else has another one."""
        told = f"{self.source_id or ''}\n{self.lines}\n{self.query}"
        return hashlib.sha256(told.encode()).hexdigest()


class AnonymousAggregate(models.Model):
    """A steward's word that nobody can be told from a data set: every figure in it is about several persons."""

    data_set = models.OneToOneField(DataSet, on_delete=models.CASCADE, related_name="anonymous_aggregate")
    smallest_group = models.PositiveIntegerField()
    reason = models.CharField(max_length=300)
    confirmed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    confirmed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "recomputing_anonymous_aggregate"

    def __str__(self) -> str:
        return str(self.data_set)

    def ledger_name(self) -> str:
        return str(self.data_set)
