"""What an officer decides before a right is answered: what a package holds, what is corrected, restricted, objected to.

In clear are names of data sets, columns and activities, and reasons; what is the person's is sealed.
"""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.models import DataSet, categories
from erasure.models import Package, SubjectRequest
from governance.activities.models import ProcessingActivity
from governance.console.models import User
from governance.keyring.sealing import open_json, seal_json

PREVIEW, CORRECTION = "preview", "correction"


class Notice(models.Model):
    """What every package says of the controller, beyond the record of processing activities: one row."""

    authority = models.TextField(
        "supervisory authority",
        blank=True,
        help_text="Where to complain: name and address. Art. 15(1)(f).",
    )
    automated_decisions = models.TextField(
        blank=True,
        help_text="Decisions made by programs alone, profiling included: the logic, and what follows from them. "
        "Art. 15(1)(h), Art. 22.",
    )
    sources = models.TextField(
        blank=True, help_text="Where data come from that people did not give themselves. Art. 15(1)(g)."
    )

    class Meta:
        db_table = "answers_notice"

    def __str__(self) -> str:
        return "What packages say"

    def ledger_name(self) -> str:
        return str(self)


class Preview(models.Model):
    """What a package would hold, for an officer to look at. The package is made only once it is released."""

    request = models.OneToOneField(SubjectRequest, on_delete=models.CASCADE, related_name="preview")
    sealed_own = models.BinaryField(
        null=True
    )  # values known to be the person's own, until the package is made
    made_at = models.DateTimeField(default=timezone.now)
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "answers_preview"

    def set_own(self, values: list[str]) -> None:
        self.sealed_own = seal_json(values, purpose=PREVIEW, bound_to=str(self.request.public_id))

    @property
    def own(self) -> list[str]:
        if self.sealed_own is None:
            return []
        return open_json(self.sealed_own, purpose=PREVIEW, bound_to=str(self.request.public_id))


class Selection(models.Model):
    """One data set of a preview: whether it goes into the package, and what is withheld from it.

    `columns` is {name: {choice, why, others, position}}: why it was proposed, and in how many of the rows looked at
    another person stands. `left_out` are keyed digests of rows.
    """

    class Choice(models.TextChoices):
        GIVE = "give", "Give"
        OTHERS = "others", "Withhold what is not the person’s own"
        REDACT = "redact", "Withhold"

    preview = models.ForeignKey(Preview, on_delete=models.CASCADE, related_name="selections")
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="+")
    rows = models.BigIntegerField()
    looked_at = models.IntegerField(default=0)
    included = models.BooleanField(default=True)
    reason = models.CharField(max_length=300, blank=True)  # why it, or rows of it, are left out
    columns = models.JSONField(default=dict)
    left_out = models.JSONField(default=list)
    sealed_sample = models.BinaryField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "answers_selection"
        ordering = ["data_set__system__name", "data_set__name"]
        constraints = [
            models.UniqueConstraint(fields=["preview", "data_set"], name="selection_once_per_preview")
        ]

    def __str__(self) -> str:
        return f"{self.data_set} in the answer to {self.preview.request}"

    def set_sample(self, rows: list[dict[str, Any]]) -> None:
        bound_to = str(self.preview.request.public_id)
        self.sealed_sample = seal_json(rows, purpose=PREVIEW, bound_to=bound_to)

    @property
    def sample(self) -> list[dict[str, Any]]:
        """[{digest, cells}] of the first rows; empty once the package is made."""
        if self.sealed_sample is None:
            return []
        bound_to = str(self.preview.request.public_id)
        return open_json(self.sealed_sample, purpose=PREVIEW, bound_to=bound_to)

    @property
    def names(self) -> list[str]:
        """The columns, as they stand in the data set."""
        return sorted(self.columns, key=lambda name: self.columns[name]["position"])

    @property
    def withheld(self) -> list[str]:
        return sorted(name for name, column in self.columns.items() if column["choice"] != self.Choice.GIVE)


class Link(models.Model):
    """One address under which a package is downloaded once: by the person, or by the controller they name."""

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    controller = models.CharField(max_length=160, blank=True)  # Art. 20(2); empty: the person
    issued_at = models.DateTimeField(default=timezone.now)
    issued_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)  # the button was pressed
    begun_at = models.DateTimeField(null=True)  # a first byte was asked for, which the ledger knows of
    completed_at = models.DateTimeField(null=True)  # the last byte was handed out

    class Meta:
        db_table = "answers_link"
        ordering = ["-issued_at", "-pk"]

    @property
    def state(self) -> str:
        if self.completed_at:
            return "used"
        return "open" if self.expires_at > timezone.now() else "expired"


class Correction(models.Model):
    """One thing that is wrong, and what is right (Art. 16): sealed, both of them."""

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="corrections")
    category = models.CharField(max_length=60, choices=categories)
    sealed = models.BinaryField(null=True)
    stated_at = models.DateTimeField(default=timezone.now)
    stated_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "answers_correction"
        ordering = ["pk"]

    def set_values(self, *, wrong: str, right: str) -> None:
        values = {"wrong": wrong, "right": right}
        self.sealed = seal_json(values, purpose=CORRECTION, bound_to=str(self.request.public_id))

    @property
    def values(self) -> dict[str, str]:
        """{wrong, right}; both empty once they have been destroyed."""
        if self.sealed is None:
            return {"wrong": "", "right": ""}
        return open_json(self.sealed, purpose=CORRECTION, bound_to=str(self.request.public_id))


class Statement(models.Model):
    """A supplementary statement of the person (Art. 16, second sentence): kept with the request, sealed."""

    request = models.OneToOneField(SubjectRequest, on_delete=models.CASCADE, related_name="statement")
    sealed = models.BinaryField(null=True)
    noted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "answers_statement"

    def set_text(self, text: str) -> None:
        self.sealed = seal_json(text, purpose=CORRECTION, bound_to=f"{self.request.public_id}/statement")

    @property
    def text(self) -> str:
        if self.sealed is None:
            return ""
        return open_json(self.sealed, purpose=CORRECTION, bound_to=f"{self.request.public_id}/statement")


class Mark(models.Model):
    """The column of a data set that says that a row is restricted (Art. 18), and what it then holds."""

    data_set = models.OneToOneField(DataSet, on_delete=models.CASCADE, related_name="restriction_mark")
    column = models.TextField()
    value = models.CharField(max_length=80)
    otherwise = models.CharField(max_length=80, blank=True)  # what it holds once lifted; empty: null
    declared_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    declared_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "answers_mark"

    def __str__(self) -> str:
        return f"{self.data_set}: {self.column}"

    def ledger_name(self) -> str:
        return str(self)


class Lifting(models.Model):
    """The end of a restriction: the person is told first (Art. 18(3)), and only then it is lifted."""

    request = models.OneToOneField(SubjectRequest, on_delete=models.CASCADE, related_name="lifting")
    reason = models.CharField(max_length=300)
    on = models.DateField()  # the day named to the person
    told_at = models.DateTimeField()
    told_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    begun_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "answers_lifting"


class Objection(models.Model):
    """One purpose that the person objects to, and what was decided about it (Art. 21)."""

    class State(models.TextChoices):
        OPEN = "open", "To be decided"
        UPHELD = "upheld", "Upheld"
        OVERRIDDEN = "overridden", "Overridden by compelling grounds"

    MARKETING = "direct marketing"

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="objections")
    activity = models.ForeignKey(ProcessingActivity, on_delete=models.PROTECT, null=True, related_name="+")
    marketing = models.BooleanField(default=False)  # Art. 21(2) and (3): nothing outweighs it
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    reason = models.CharField(max_length=300, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "answers_objection"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "activity"], name="objection_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(activity__isnull=False) | Q(marketing=True), name="objection_has_a_purpose"
            ),
        ]

    def __str__(self) -> str:
        return self.purpose

    @property
    def purpose(self) -> str:
        """As it stands in the registry."""
        return self.activity.name if self.activity else self.MARKETING
