"""What data exists: systems hold data sets, data sets hold columns, links join them.

A column's current verdict (category, sensitivity, state) is kept on the column; how it came about is in its
labels, which are only ever added to.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.connectors import registry
from catalog.connectors.base import Connector, ConnectorError
from catalog.connectors.opening import open_connector
from catalog.grams import Grams
from governance.activities.models import ProcessingActivity
from governance.console.models import Job, User
from governance.keyring.sealing import CannotOpen, open_json, seal_json

EXTERNAL = "external"  # a system that only lineage speaks of: nothing connects to it
VIEW = "view"  # a data set that shows the rows of others: read and drawn, never searched or changed by itself


def system_kinds() -> list[tuple[str, str]]:
    return [*registry.choices(), (EXTERNAL, "Known from lineage only")]


def sensitivities() -> list[tuple[str, str]]:
    return [(sensitivity.value, sensitivity.title) for sensitivity in Sensitivity]


def categories() -> list[tuple[str, str]]:
    return [(key, category.title) for key, category in CATEGORIES.items()]


class System(models.Model):
    """A store of data. Its secret settings are sealed and never shown again."""

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=40, choices=system_kinds)
    region = models.CharField(max_length=40, blank=True, help_text="Where the data lie: DE, us-east-1, EU.")
    settings = models.JSONField(default=dict)
    secrets = models.BinaryField(null=True)
    custodian = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="systems"
    )
    nightly = models.BooleanField(
        "scan every night", default=False, help_text="At two o'clock, one system after the other."
    )
    added_at = models.DateTimeField(auto_now_add=True)
    crawled_at = models.DateTimeField(null=True)
    scanned_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "catalog_system"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:system", args=[self.pk])

    @property
    def secret_fields(self) -> frozenset[str]:
        return registry.get(self.kind).secret_fields if self.connectable else frozenset()

    @property
    def state(self) -> str:
        if not self.connectable:
            return "from lineage"
        if self.problem:
            return "unreachable"
        return "reachable" if self.crawled_at else "never run"

    def set_settings(self, cleaned: dict[str, Any]) -> None:
        """Split a connector form's cleaned data into what may be shown and what is sealed. Needs a primary key."""
        secret_fields = self.secret_fields
        self.settings = {name: value for name, value in cleaned.items() if name not in secret_fields}
        secret = {name: value for name, value in cleaned.items() if name in secret_fields and value}
        self.secrets = seal_json(secret, purpose="system", bound_to=str(self.pk)) if secret else None

    def all_settings(self) -> dict[str, Any]:
        """Settings and secrets together, for the connector only."""
        return {**self.settings, **self.opened_secrets()}

    def opened_secrets(self) -> dict[str, Any]:
        """Raises CannotOpen where the key ring is not the one they were sealed with."""
        return open_json(bytes(self.secrets), purpose="system", bound_to=str(self.pk)) if self.secrets else {}

    @property
    def connectable(self) -> bool:
        return self.kind != EXTERNAL

    def connect(self) -> Connector:
        """A connector that reads this store; use it as a context manager. Raises ConnectorError."""
        if not self.connectable:
            raise ConnectorError(
                f"{self.name} is known from lineage only.", "Connect it as a system of its kind."
            )
        try:
            return open_connector(self.kind, self.all_settings())
        except CannotOpen as problem:
            raise ConnectorError(str(problem), "Or enter the secrets of the system again.") from problem
        except KeyError as missing:
            raise ConnectorError(str(missing.args[0]), "Install the package that brings it.") from missing


class DataSet(models.Model):
    """A table, a file. It stays in the catalog when it goes from the store, marked as gone."""

    # By system alone it is found through `data_set_once_in_system`.
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="data_sets", db_index=False)
    name = models.CharField(max_length=400)
    kind = models.CharField(max_length=20)
    primary_key = ArrayField(models.TextField(), default=list)
    row_estimate = models.BigIntegerField(null=True)
    problem = models.CharField(max_length=500, blank=True)
    activities = models.ManyToManyField(ProcessingActivity, blank=True, related_name="data_sets")
    first_seen_at = models.DateTimeField(auto_now_add=True)
    gone_at = models.DateTimeField(null=True)
    scanned_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_data_set"
        ordering = ["system__name", "name"]
        constraints = [models.UniqueConstraint(fields=["system", "name"], name="data_set_once_in_system")]
        indexes = [GinIndex(Grams(F("name")), name="data_set_by_part_of_name")]

    def __str__(self) -> str:
        return f"{self.system.name} / {self.name}"

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("catalog:data_set", args=[self.pk])


class Column(models.Model):
    """One column and its current verdict. Until a person has reviewed it, it counts as personal."""

    class State(models.TextChoices):
        UNREVIEWED = "unreviewed", "Unreviewed"
        CONFIRMED = "confirmed", "Confirmed"

    # By data set alone they are found through `column_once_in_data_set`, which has them in the order of their names.
    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="columns", db_index=False)
    name = models.CharField(max_length=400)
    position = models.IntegerField()
    data_type = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    nullable = models.BooleanField(default=True)
    max_length = models.IntegerField(null=True)
    unique = models.BooleanField(default=False)
    generated = models.BooleanField(default=False)
    category = models.CharField(max_length=60, blank=True, choices=categories)
    sensitivity = models.CharField(max_length=12, blank=True, choices=sensitivities)
    confidence = models.FloatField(default=0)
    contains = ArrayField(models.CharField(max_length=60), default=list)
    state = models.CharField(max_length=12, choices=State.choices, default=State.UNREVIEWED)
    reviewed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    reviewed_at = models.DateTimeField(null=True)
    questioned = models.BooleanField(default=False)  # a later scan disagrees with the person who decided
    sampled = models.IntegerField(null=True)  # values in the last sample, and how many different ones
    distinct = models.IntegerField(null=True)
    # A value inside another column's JSON, named by its path (`profile.email`, `visits[].ip`): scans find it there.
    nested_in = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, related_name="nested", db_index=False
    )
    first_seen_at = models.DateTimeField(auto_now_add=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_column"
        ordering = ["data_set__system__name", "data_set__name", "position"]
        constraints = [models.UniqueConstraint(fields=["data_set", "name"], name="column_once_in_data_set")]
        # Lineage adds columns by the thousand, and each index here costs all of them: one that others cover, or that
        # holds what most columns have not, does not pay.
        indexes = [
            models.Index(fields=["category"], name="column_by_category"),
            models.Index(fields=["state", "-confidence"], name="column_by_review"),
            models.Index(
                fields=["data_set", "position", "id"], condition=Q(gone_at=None), name="column_present"
            ),
            models.Index(fields=["nested_in"], condition=Q(nested_in__isnull=False), name="column_nested"),
            models.Index(
                fields=["reviewed_by"], condition=Q(reviewed_by__isnull=False), name="column_by_reviewer"
            ),
            GinIndex(Grams(F("name")), name="column_by_part_of_name"),
        ]

    def __str__(self) -> str:
        return f"{self.data_set} / {self.name}"

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("catalog:column", args=[self.pk])

    @property
    def personal(self) -> bool:
        """Whether the column counts as personal data: everything a person has not confirmed to be none."""
        return self.state != self.State.CONFIRMED or self.sensitivity != Sensitivity.NONE

    @property
    def review_state(self) -> str:
        return "questioned" if self.questioned else self.state

    @property
    def contained_titles(self) -> list[str]:
        return [CATEGORIES[key].title for key in self.contains if key in CATEGORIES]

    @property
    def confidence_percent(self) -> str:
        return f"{self.confidence:.0%}" if self.category else ""


class Label(models.Model):
    """An assertion about a column, made by a scan or a person, with its evidence. Only its state ever changes.

    With `contained`, values of the category occur inside longer text: the column is not of the category.
    """

    class Origin(models.TextChoices):
        SCAN = "scan", "Scan"
        PERSON = "person", "Person"
        LINEAGE = "lineage", "Lineage"
        CONTRACT = "contract", "Contract"
        FACET = "facet", "Tag of a producer"
        PRECEDENT = "precedent", "Earlier decision"

    class State(models.TextChoices):
        SUGGESTED = "suggested", "Suggested"
        CONFIRMED = "confirmed", "Confirmed"
        REJECTED = "rejected", "Rejected"
        SUPERSEDED = "superseded", "Superseded"

    column = models.ForeignKey(Column, on_delete=models.CASCADE, related_name="labels")
    origin = models.CharField(max_length=12, choices=Origin.choices)
    contained = models.BooleanField(default=False)
    category = models.CharField(max_length=60, choices=categories)
    sensitivity = models.CharField(max_length=12, choices=sensitivities)
    confidence = models.FloatField()
    evidence = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=State.choices)
    detector = models.CharField(max_length=20, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "catalog_label"
        ordering = ["-made_at", "-confidence"]

    def __str__(self) -> str:
        return f"{self.column}: {self.category}"


class Link(models.Model):
    """Rows of `source` point to rows of `target` with equal values in the named columns, and what that means.

    A search goes from a person's row to what is theirs (`owned`: the rows that point there; `owns`: the row pointed
    to) and to what is somebody else's and shown to them (`accessed`, `accesses` in the same directions), where it
    ends. Along a `reference` (a customer names their sales representative) it does not go. The meanings are those of
    OWNED_BY, OWNS, ACCESSED_BY and ACCESSES in K9db (OSDI 2023).
    """

    class Origin(models.TextChoices):
        FOREIGN_KEY = "foreign_key", "Foreign key"
        DECLARED = "declared", "Declared"

    class Follow(models.TextChoices):
        OWNED = "owned", "Belongs to the person"
        ACCESSED = "accessed", "Somebody else's, shown to the person"
        OWNS = "owns", "What it points to belongs to the person"
        ACCESSES = "accesses", "What it points to is somebody else's, shown to the person"
        REFERENCE = "reference", "Only refers to the person"

    SENTENCES = {
        Follow.OWNED: "belong to the person of",
        Follow.ACCESSED: "are somebody else's, and shown to the person of",
        Follow.OWNS: "point to what is their person's own in",
        Follow.ACCESSES: "point to what is somebody else's, and shown to their person, in",
        Follow.REFERENCE: "only refer to",
    }

    source = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="links_out")
    target = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="links_in")
    source_columns = ArrayField(models.TextField())
    target_columns = ArrayField(models.TextField())
    origin = models.CharField(max_length=12, choices=Origin.choices)
    follow = models.CharField(max_length=10, choices=Follow.choices, default=Follow.OWNED)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)  # from then on no scan changes `follow`
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_link"
        ordering = ["source__name", "target__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "target", "source_columns", "target_columns"], name="link_once"
            ),
            models.CheckConstraint(
                condition=Q(source_columns__len=F("target_columns__len")), name="link_columns_pair_up"
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.source.name} ({', '.join(self.source_columns)}) → "
            f"{self.target.name} ({', '.join(self.target_columns)})"
        )

    def ledger_name(self) -> str:
        return str(self)

    @property
    def says(self) -> str:
        """What stands between the source and the target in a sentence about the link."""
        return self.SENTENCES[self.Follow(self.follow)]


class Change(models.Model):
    """Drift: what a crawl found different from what the catalog knew."""

    class Sort(models.TextChoices):
        DATA_SET_ADDED = "data_set_added", "Data set added"
        DATA_SET_GONE = "data_set_gone", "Data set gone"
        DATA_SET_BACK = "data_set_back", "Data set back"
        COLUMN_ADDED = "column_added", "Column added"
        COLUMN_GONE = "column_gone", "Column gone"
        COLUMN_BACK = "column_back", "Column back"
        COLUMN_RENAMED = "column_renamed", "Column renamed"
        COLUMN_CHANGED = "column_changed", "Column changed"

    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="changes")
    column_name = models.CharField(max_length=400, blank=True)
    sort = models.CharField(max_length=16, choices=Sort.choices)
    detail = models.CharField(max_length=500, blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "catalog_change"
        ordering = ["-seen_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.data_set}: {self.sort}"
